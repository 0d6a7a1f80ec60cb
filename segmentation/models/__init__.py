"""The nightly run and what it publishes: facts, scores, clusters, changes and sizes."""

from segmentation.models.nights import (
    NightlyRun,
    NightlyShard,
    NightlyStage,
    ScoreCheck,
    ScoreDifference,
    StageName,
)
from segmentation.models.scores import (
    FactFields,
    MemberScore,
    PendingFacts,
    PendingRank,
    RankFields,
    ScoreChange,
    TouchedMember,
)
from segmentation.models.scoring import GroupName, RfmSettings
from segmentation.models.totals import CellTotal, ClusterModelRow, ClusterTotal, SegmentTotal

__all__ = [
    "CellTotal",
    "ClusterModelRow",
    "ClusterTotal",
    "FactFields",
    "GroupName",
    "MemberScore",
    "NightlyRun",
    "NightlyShard",
    "NightlyStage",
    "PendingFacts",
    "PendingRank",
    "RankFields",
    "RfmSettings",
    "ScoreChange",
    "ScoreCheck",
    "ScoreDifference",
    "SegmentTotal",
    "StageName",
    "TouchedMember",
]

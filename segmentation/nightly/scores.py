"""R, F and M over all members with a receipt in the window, and the segment each falls in."""

from typing import Any

from segmentation.analytics import rfm
from segmentation.models import NightlyRun
from segmentation.nightly.changes import differing, scores_write
from segmentation.nightly.facts import population
from segmentation.nightly.reading import days
from segmentation.nightly.stage import Outcome, Stage


def read(run: NightlyRun) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """Rows to write, and how many members have each score."""
    facts = population(run)
    scores = rfm.rfm_scores(facts.last_day, facts.receipts, facts.cents)
    columns = {"member_id": facts.member, **scores._asdict(), "segment": rfm.segment_of(scores.r, scores.f)}
    if len(facts.member):
        silence = days(run.as_of) - facts.last_day
        columns["value_class"] = rfm.value_class(silence, facts.receipts, facts.cents)
        codes = {"r": scores.r, "f": scores.f, "m": scores.m, "value_class::int4": columns["value_class"]}
        columns = differing(run, columns, {name: code.astype(int) for name, code in codes.items()})
    return columns, {score: rfm.score_shares(getattr(scores, score)).tolist() for score in "rfm"}


def write(run: NightlyRun, found: tuple[dict[str, Any], dict[str, list[int]]]) -> Outcome:
    columns, shares = found
    types = {"r": "int2", "f": "int2", "m": "int2", "segment": "text", "value_class": "text"}
    return Outcome(scores_write(run, columns, types), {"score_shares": shares})


STAGE = Stage(read, write)

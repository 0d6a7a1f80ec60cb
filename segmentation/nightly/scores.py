"""R, F and M over all members with a receipt in the window, and the segment each falls in."""

from typing import Any

from segmentation.analytics import rfm
from segmentation.models import NightlyRun
from segmentation.nightly.columns import pending_update
from segmentation.nightly.facts import days, population
from segmentation.nightly.stage import Outcome, Stage


def read(run: NightlyRun) -> dict[str, Any]:
    facts = population(run)
    scores = rfm.rfm_scores(facts.last_day, facts.receipts, facts.cents)
    columns = {"member_id": facts.member, **scores._asdict(), "segment": rfm.segment_of(scores.r, scores.f)}
    if len(facts.member):
        silence = days(run.as_of) - facts.last_day
        columns["value_class"] = rfm.value_class(silence, facts.receipts, facts.cents)
    return columns


def write(run: NightlyRun, columns: dict[str, Any]) -> Outcome:
    types = {"r": "int2", "f": "int2", "m": "int2", "segment": "text", "value_class": "text"}
    rows = pending_update(run.pk, columns, types) if len(columns["member_id"]) else 0
    shares = {score: rfm.score_shares(columns[score]).tolist() for score in "rfm"}
    return Outcome(rows, {"score_shares": shares})


STAGE = Stage(read, write)

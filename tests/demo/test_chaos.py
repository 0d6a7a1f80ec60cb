"""The short form of the chaos run: the real processes in a home of their own, each killed once."""

import random
import re
import subprocess
import sys

import pytest
from django.conf import settings

from demo.chaos.figures import differences
from demo.chaos.kills import KINDS, PROCESSES, deck
from demo.chaos.plan import Plan
from demo.chaos.run import draw
from demo.chaos.visitor import Answer

SIZES = ("--kills=5", "--stores=3", "--members=400", "--months=2", "--chapters=2")
PLAN = Plan("nowhere", "2026-03-05", stores=3, members=400, months=2, chapters=2, seed=1)


@pytest.mark.chaos
def test_it_ends_as_if_nothing_had_been_killed() -> None:
    command = [sys.executable, "manage.py", "chaos", *SIZES]
    ended = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=400)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "5 kills" in ended.stdout
    assert re.search(r"\d+ figures of [\d,]{4,} rows; not the same: 0\.", ended.stdout)


def test_it_kills_every_process_before_any_twice() -> None:
    kinds = deck(30, random.Random(1))
    assert set(kinds[:5]) == set(PROCESSES)
    assert set(kinds[:9]) == set(KINDS)
    assert min(kinds.count(kind) for kind in KINDS) >= 3


def test_it_draws_the_same_kills_from_the_same_seed() -> None:
    one, same, other = (draw(PLAN, 12, random.Random(seed)) for seed in (1, 1, 2))
    assert one == same != other
    assert [step for step, _kind in one] == sorted(step for step, _kind in one)


def test_it_tells_in_what_two_runs_do_not_agree() -> None:
    one = {"receipts": (2, "ab"), "changes": (1, "cd")}
    assert differences(one, one) == []
    assert differences(one, one | {"changes": (2, "ef")}) == ["changes: (1, 'cd') and (2, 'ef')"]
    assert differences(one, {"receipts": (2, "ab")}) == ["changes: (1, 'cd') and None"]


def test_it_excuses_a_page_only_while_something_it_needs_was_away() -> None:
    page = Answer("segments/", 500, asked_at=10.0, answered_at=10.5)
    assert page.overlaps([(9.0, 9.5)])
    assert page.overlaps([(10.2, 30.0)])
    assert not page.overlaps([(5.0, 8.5), (11.0, 12.0)])

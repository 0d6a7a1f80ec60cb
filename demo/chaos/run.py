"""A plan lived twice: with kills at random moments, and undisturbed. Both must end with the same figures.

The disturbed run comes first: imports that were rolled back used up ids of members, and the second run
leaves out the same ones, since ids decide who is held out of a campaign.
"""

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from statistics import median
from typing import IO

from django.conf import settings

from demo.chaos.figures import Figures, differences
from demo.chaos.kills import KINDS, Kill, deck, strike
from demo.chaos.machine import Machine
from demo.chaos.plan import ACCOUNTS, Plan, Step
from demo.chaos.visitor import Answer, Visitor

QUIET_PAUSE = 0.05
# Where a kill fell, by the kind of its step.
INSIDE = {"import": "in imports", "again": "in imports", "night": "in nights", "campaign": "in campaigns"}


class Broken(Exception):
    """The story did not come to its end."""


class Story:
    """The story as a process of its own, and how far it is."""

    def __init__(self, machine: Machine, plan: Plan, *, has_accounts: threading.Event) -> None:
        self._has_accounts = has_accounts
        self.step, self.name, self.is_over = -1, "", False
        self.is_done = False  # the step it is at
        self.first_members: dict[str, int] = {}
        self.took: dict[str, float] = {}
        command = [sys.executable, "-m", "demo.chaos", "story", plan.to_text()]
        self._log = machine.log.with_suffix(".story.log").open("w+")
        self._process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=machine.environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdout
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            told = json.loads(line)
            if "step" in told:
                self.step, self.name, self.is_done = told["step"], told["name"], False
            elif "done" in told:
                self.is_done = True
                self.took[self.name] = told["seconds"]
                if self.name == ACCOUNTS.name:
                    self._has_accounts.set()
                if told["first_member"]:
                    self.first_members[self.name] = told["first_member"]
            else:
                self.is_over = True

    @property
    def goes_on(self) -> bool:
        return self._process.poll() is None and not self.is_over

    def moment(self, step: int, name: str) -> str:
        """Where a kill falls that was drawn for this step."""
        return name if self.step == step and not self.is_done else f"after {name}"

    def begin(self, step: int) -> None:
        """Let a step begin as soon as the one before it is done."""
        while self.goes_on and self.step < step:
            time.sleep(QUIET_PAUSE)
        if self.goes_on and self._process.stdin:
            self._process.stdin.write("\n")
            self._process.stdin.flush()

    def finish(self) -> None:
        code = self._process.wait()
        self._reader.join()
        self._log.seek(0)
        said = self._log.read()
        self._log.close()
        if code or not self.is_over:
            raise Broken(f"The story ended in “{self.name}”:\n{said}")

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@dataclass
class Life:
    """One run: what is stored at its end, and what happened on the way."""

    figures: Figures
    seconds: float
    first_members: dict[str, int]
    answers: list[Answer]
    wrong: list[Answer]
    kills: list[Kill] = field(default_factory=list)


@dataclass
class Report:
    disturbed: Life
    calm: Life

    @property
    def differences(self) -> list[str]:
        return differences(self.disturbed.figures, self.calm.figures)

    @property
    def is_good(self) -> bool:
        return not (self.differences or self.disturbed.wrong or self.calm.wrong)

    def lines(self) -> list[str]:
        kills, calm = self.disturbed.kills, self.calm
        inside = Counter(INSIDE.get(kill.step.split()[0], "between") for kill in kills)
        told = ", ".join(f"{number} {where}" for where, number in sorted(inside.items()))
        found = [f"{len(kills)} kills ({told}):"]
        for kind, number in Counter(kill.kind for kill in kills).items():
            took = [kill.seconds for kill in kills if kill.kind == kind]
            found.append(
                f"  {kind:26}{number:>3}   back after {median(took):4.1f} s, {max(took):4.1f} s at most"
            )
        found.append(f"Story: {self.disturbed.seconds:.0f} s, undisturbed {calm.seconds:.0f} s.")
        rows = sum(number for number, _digest in calm.figures.values())
        found.append(f"{len(calm.figures)} figures of {rows:,} rows; not the same: {len(self.differences)}.")
        found += [f"  {line}" for line in self.differences]
        return found + self._pages()

    def _pages(self) -> list[str]:
        met = Counter(answer.status for answer in self.disturbed.answers)
        told = ", ".join(f"{status or 'no answer'}: {number}" for status, number in sorted(met.items()))
        wrong = self.disturbed.wrong + self.calm.wrong
        found = [f"Pages asked meanwhile: {told}; wrong while all they need was there: {len(wrong)}."]
        return found + [f"  /{answer.page} answered {answer.status}" for answer in wrong]


def chaos(
    plan: Plan, *, kills: int, seed: int, machine: Callable[[str], Machine], say: Callable[[str], None]
) -> Report:
    """Live the plan twice."""
    say(f"The chain lives with {kills} kills, seed {seed}.")
    disturbed = live(machine("chaos"), plan, kills=kills, rng=random.Random(seed), say=say)
    say("It lives once more, undisturbed.")
    same_ids = replace(plan, first_members=disturbed.first_members)
    return Report(disturbed, live(machine("calm"), same_ids, kills=0, rng=random.Random(seed), say=say))


def live(machine: Machine, plan: Plan, *, kills: int, rng: random.Random, say: Callable[[str], None]) -> Life:
    """One life of a plan on a machine of its own."""
    with machine.running(), Visitor(machine.address) as visitor:
        began, story = time.monotonic(), Story(machine, plan, has_accounts=visitor.has_account)
        try:
            happened = _kill_all(machine, story, plan.steps(), draw(plan, kills, rng), rng, say)
            story.finish()
            seconds = time.monotonic() - began
        finally:
            story.end()
        figures = _figures(machine)
    outages = [(kill.at, kill.over_at) for kill in happened if KINDS[kill.kind].excuses_pages]
    wrong = visitor.wrong(outages)
    return Life(figures, seconds, story.first_members, visitor.answers, wrong, happened)


def draw(plan: Plan, number: int, rng: random.Random) -> list[tuple[int, str]]:
    """For each kill the step it falls into and its kind; heavier steps are hit more often."""
    steps = plan.steps()
    chosen = rng.choices(range(len(steps)), [step.weight for step in steps], k=number)
    return list(zip(sorted(chosen), deck(number, rng), strict=True))


def _kill_all(
    machine: Machine,
    story: Story,
    steps: list[Step],
    drawn: list[tuple[int, str]],
    rng: random.Random,
    say: Callable[[str], None],
) -> list[Kill]:
    """Each after its step began; the next step begins when all of a step have happened."""
    happened = []
    for number, step in enumerate(steps):
        story.begin(number)
        for kind in [kind for at, kind in drawn if at == number]:
            time.sleep(rng.uniform(0, step.reach))
            happened.append(strike(kind, machine, rng, story.moment(number, step.name)))
            say(f"  {kind} in “{happened[-1].step}”, back after {happened[-1].seconds:.1f} s")
    return happened


def _figures(machine: Machine) -> Figures:
    command = [sys.executable, "-m", "demo.chaos", "figures"]
    told = subprocess.run(
        command, cwd=settings.BASE_DIR, env=machine.environment, capture_output=True, text=True, check=True
    )
    found: dict[str, list[int | str]] = json.loads(told.stdout)
    return {name: (int(number), str(digest)) for name, (number, digest) in found.items()}

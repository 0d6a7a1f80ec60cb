"""What happens in a run: which files, nights and campaigns, in which order."""

import json
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple, Self

from demo.exports import lines_sent, write_exports, write_retail_terminal, write_shop_system
from demo.simulator import Chain, simulate

# Files that stopped so long ago make beat queue no night of its own, which no two runs would share.
DAYS_AGO = 32
# A campaign's messages go out today, so it must still run.
CAMPAIGN_ENDS_IN_DAYS = 14


class Step(NamedTuple):
    """`kind` says what is done, `subject` with what; `weight` how likely a kill falls into it.

    A kill falls within `reach` seconds after the step began, or after the kill before it.
    """

    kind: str
    subject: str
    weight: int = 1
    reach: float = 0.6

    @property
    def name(self) -> str:
        return f"{self.kind} {self.subject}"


ACCOUNTS = Step("accounts", "of the chain")


@dataclass(frozen=True)
class Plan:
    """Equal plans make equal files and steps."""

    folder: str
    today: str
    stores: int
    members: int
    months: int
    chapters: int
    seed: int
    # The first id of the members a step adds, from the run before: see `run`.
    first_members: dict[str, int] = field(default_factory=dict)

    @classmethod
    def from_text(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @property
    def anchor(self) -> date:
        """The day after the last sales."""
        return date.fromisoformat(self.today) - timedelta(days=DAYS_AGO)

    @property
    def ends(self) -> list[date]:
        """The last day of each chapter, which are of one length."""
        days = 30 * self.months
        first = self.anchor - timedelta(days=days)
        return [first + timedelta(days=days * n // self.chapters - 1) for n in range(1, self.chapters + 1)]

    def path(self, name: str) -> Path:
        return Path(self.folder) / f"{name}.csv"

    def horizon(self, start: date) -> int:
        """Days from a campaign's start until some days after today."""
        return (date.fromisoformat(self.today) - start).days + CAMPAIGN_ENDS_IN_DAYS

    def steps(self) -> list[Step]:
        found = [Step("import", kind) for kind in ("stores", "products", "members")]
        found.append(ACCOUNTS)
        for number, end in enumerate(self.ends):
            found += [Step("import", f"sales_{number}_{till}", 3) for till in "ab"]
            found.append(Step("night", end.isoformat(), 4, reach=1.5))
            if number < self.chapters - 1:
                found.append(Step("campaign", (end + timedelta(days=1)).isoformat(), 3, reach=0.2))
        # Sent and made once more: nothing may be doubled.
        found += [Step("again", f"sales_{number}_a", 2) for number in range(self.chapters)]
        return [
            *found,
            Step("again", "members"),
            Step("night again", self.ends[-1].isoformat(), 4, reach=1.5),
        ]


def write_files(plan: Plan) -> None:
    """Every file that is imported, from a simulated chain."""
    chain = simulate(
        stores=plan.stores, members=plan.members, months=plan.months, anchor=plan.anchor, seed=plan.seed
    )
    write_exports(chain, Path(plan.folder), split=plan.anchor)
    _write_chapters(chain, plan)


def _write_chapters(chain: Chain, plan: Plan) -> None:
    lines = lines_sent(chain)
    older_stores = chain.stores.loc[chain.stores["till_system"] == "shop_system", "store_id"]
    older = lines["store_id"].isin(older_stores)
    day, begins = lines["business_day"].dt.date, date.min
    for number, end in enumerate(plan.ends):
        chapter = (day >= begins) & (day <= end)
        write_retail_terminal(plan.path(f"sales_{number}_a"), lines[chapter & ~older])
        write_shop_system(plan.path(f"sales_{number}_b"), lines[chapter & older])
        begins = end + timedelta(days=1)

"""What the page of a checked file shows."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from organization import selectors
from organization.imports.words import read_as
from organization.models import Import


def check_context(record: Import, *, money: Callable[[Decimal], str]) -> dict[str, Any]:
    report = json.loads(record.report or "{}")
    counts = report["counts"]
    return {
        "report": report,
        "tiles": _tiles(counts),
        "groups": report.get("groups", report["problems"]),
        "hidden": counts["quarantined"] - len(report["problems"]),
        "columns": selectors.columns_read(record),
        "read_as": read_as(record.reading),
        "stored": counts["added"] + counts["updated"],
        "amounts": _amounts(report["amounts"], money),
    }


def _tiles(counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"name": _("To be added"), "value": f"{counts['added']:,}", "note": _("rows not here before")},
        {
            "name": _("To be updated"),
            "value": f"{counts['updated']:,}",
            "note": _("rows that replace others"),
        },
        {"name": _("Unchanged"), "value": f"{counts['unchanged']:,}", "note": _("rows already here")},
        {"name": _("Ignored"), "value": f"{counts['ignored']:,}", "note": _("blank, total, void")},
        {
            "name": _("To fix"),
            "value": f"{counts['quarantined']:,}",
            "note": _("rows to be set aside"),
            "is_bad": bool(counts["quarantined"]),
        },
    ]


def _amounts(amounts: list[str | None], money: Callable[[Decimal], str]) -> list[tuple[str, str]]:
    names = (_("Amount read"), _("Amount to be stored"), _("Amount to fix"))
    return [
        (name, money(Decimal(amount)))
        for name, amount in zip(names, amounts, strict=True)
        if amount is not None
    ]

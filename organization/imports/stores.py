"""A file of stores: licence number, name, region path, time zone, closing hour."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organization import company
from organization.imports import columns as cells
from organization.imports.checking import MOST_ROWS, Preview, written_now
from organization.imports.columns import YES_NO, BadCell, Column
from organization.imports.journal import Journal, Latest, rests_note
from organization.imports.reading import Layout, Source
from organization.imports.rows import clean_rows
from organization.imports.tally import Tally
from organization.jobs import Progress
from organization.models import Import, Region, Store
from organization.services.audit import Audited, audit_many
from organization.services.stores import (
    change_of,
    region_ensure,
    region_path,
    root_region_name,
    store_state,
)

STORES = (
    Column("code", gettext_lazy("Code"), ("store_id", "门店ID", "门店编码"), True),
    Column("licence_number", gettext_lazy("Licence number"), ("license_code", "许可证号"), True),
    Column("name", gettext_lazy("Name"), ("cust_name", "门店名称"), True),
    Column("name_en", gettext_lazy("English name"), ("cust_name_en",)),
    Column("is_active", gettext_lazy("Active"), ("是否启用",), choices=YES_NO),
    Column("region", gettext_lazy("Region"), ("片区",)),
    Column("region_en", gettext_lazy("Region in English"), ()),
    Column("time_zone", gettext_lazy("Time zone"), ("时区",)),
    Column("closing_hour", gettext_lazy("Closing hour"), ("营业日结束时间",), holds="number", digits=0),
)

EXAMPLES = (
    {
        "code": "S0001", "licence_number": "990000000001", "name": gettext_lazy("Example store, riverside"),
        "is_active": "1", "region": gettext_lazy("Example company/East"), "time_zone": "Asia/Shanghai",
        "closing_hour": "0",
    },
    {
        "code": "S0002", "licence_number": "990000000002", "name": gettext_lazy("Example store, station"),
        "is_active": "1", "region": gettext_lazy("Example company/West"), "time_zone": "Asia/Shanghai",
        "closing_hour": "2",
    },
)  # fmt: skip


def _zone(cell: str) -> str:
    try:
        return ZoneInfo(cell).key
    except (KeyError, ValueError, OSError):
        raise BadCell(_("This is not a time zone such as Asia/Shanghai.")) from None


CLEANERS = {
    "code": cells.text(40),
    "licence_number": cells.text(40),
    "name": cells.text(80),
    "name_en": cells.text(80),
    "is_active": cells.flag,
    "region": region_path,
    "region_en": region_path,
    "time_zone": _zone,
    "closing_hour": cells.whole(0, 6),
}


@dataclass
class Changes:
    """What the audit trail is told when all rows are read."""

    created: list[Audited] = field(default_factory=list)
    updated: list[Audited] = field(default_factory=list)


class Regions:
    """Each region of a file is looked for once, however many stores lie in it."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], Region] = {}

    def of(self, names: list[str], names_en: list[str] | None) -> Region:
        key = tuple(names)
        if key not in self._found:
            self._found[key] = region_ensure(names=names, names_en=names_en)
        return self._found[key]


@dataclass(frozen=True)
class Work:
    """All that comes of the rows of one file."""

    tally: Tally
    journal: Journal
    regions: Regions
    changes: Changes


def merge_stores(record: Import, file: Source, layout: Layout, progress: Progress) -> Tally:
    """Import handler for stores; the licence number says which store a row is."""
    work = Work(Tally(), Journal(record), Regions(), Changes())
    latest, rests, regions = Latest(Store), Counter[int](), set(Region.objects.values_list("pk", flat=True))
    known = {store.licence_number: store for store in Store.unscoped.select_related("region")}
    codes = {store.code: store.licence_number for store in known.values()}
    for row, values in clean_rows(file, layout, CLEANERS, {"code", "licence_number", "name"}, work.tally):
        licence = values["licence_number"]
        if codes.setdefault(values["code"], licence) != licence:
            work.tally.refuse(row, "code", values["code"], _("Another store has this code."))
            continue
        unchanged = work.tally.unchanged
        known[licence] = _save(values, known.get(licence), work)
        if work.tally.unchanged > unchanged and (by := latest.of(known[licence])):
            rests[by] += 1
    for region in Region.objects.exclude(pk__in=regions):
        work.journal.made(region)
    work.journal.write()
    rests_note(record, rests)
    audit_many(actor=record.asked_by, code="store.created", events=work.changes.created)
    audit_many(actor=record.asked_by, code="store.updated", events=work.changes.updated)
    work.tally.made = {"stores": work.tally.added}
    return work.tally


def _save(values: dict[str, Any], store: Store | None, work: Work) -> Store:
    english, path = values.pop("region_en", None), values.pop("region", None)
    if path or store is None:
        values["region"] = work.regions.of(path or [root_region_name()], english)
    if store is None:
        work.tally.added += 1
        made: Store = Store.unscoped.create(**{"time_zone": company.current().time_zone, **values})
        work.journal.made(made)
        work.changes.created.append(Audited(on=made, data={"code": made.code}))
        return made
    changed = [name for name, value in values.items() if getattr(store, name) != value]
    if not changed:
        work.tally.unchanged += 1
        return store
    work.journal.changing(store)
    before = store_state(store)
    for name in changed:
        setattr(store, name, values[name])
    store.save(update_fields=changed)
    work.changes.updated.append(change_of(store, before, store_state(store)))
    work.tally.updated += 1
    return store


def preview_stores(record: Import) -> Preview:
    """Stores as they would be stored."""
    header = [_("Code"), _("Licence number"), _("Name"), _("Region"), _("Time zone"), _("Closing hour")]
    rows = [
        [
            store.code,
            store.licence_number,
            store.name,
            store.region.name,
            store.time_zone,
            str(store.closing_hour),
        ]
        for store in written_now(Store).select_related("region").order_by("pk")[:MOST_ROWS]
    ]
    return Preview(header, rows)


def stores_known(values: set[str]) -> set[str]:
    """Those of the values that are a code or a licence number of a store."""
    here = Store.unscoped.filter(Q(code__in=values) | Q(licence_number__in=values))
    return {value for pair in here.values_list("code", "licence_number") for value in pair}

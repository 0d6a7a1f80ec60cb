import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from organization.models import AuditEvent, ImportKind, Region, Staff, Store
from tests.organization.importing import counts, faults, take_in

HEADER = "store_id,license_code,cust_name,cust_name_en,is_active,region,region_en,time_zone,closing_hour\n"
ONE = "S1,991,南屏路店,Nanping Road,1,公司/东区,Company/East,Asia/Shanghai,2\n"

pytestmark = pytest.mark.django_db


def take(rows: str) -> dict[str, int]:
    return counts(take_in(ImportKind.STORES, HEADER + rows))


def test_it_makes_stores_with_their_regions() -> None:
    assert take(ONE + "S2,992,北关店,,,公司/东区/江北,,,\n") == {"read": 2, "added": 2}
    store = Store.unscoped.get(code="S1")
    assert (store.name_en, store.time_zone, store.closing_hour) == ("Nanping Road", "Asia/Shanghai", 2)
    region = Region.objects.get(name="江北")
    assert region.parent == store.region and region.path.startswith(store.region.path)
    assert Store.unscoped.all().get(code="S2").region == region


def test_it_changes_nothing_when_sent_again() -> None:
    take(ONE)
    before = Store.unscoped.values().get()
    assert take(ONE) == {"read": 1, "unchanged": 1}
    assert Store.unscoped.values().get() == before


def test_it_corrects_a_store_and_keeps_what_was_not_sent() -> None:
    take(ONE)
    assert take("S1,991,新南屏路店,,0,,,,\n") == {"read": 1, "updated": 1}
    store = Store.unscoped.get()
    assert (store.name, store.name_en, store.is_active, store.closing_hour) == (
        "新南屏路店",
        "Nanping Road",
        False,
        2,
    )


def test_it_lets_a_later_row_of_the_same_store_win() -> None:
    assert take(ONE + ONE.replace("南屏路店", "别名店")) == {"read": 2, "added": 1, "updated": 1}
    assert Store.unscoped.get().name == "别名店"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (",993,店,,,,,,", ("code", "This cell is empty.")),
        ("S3,993,店,,,,,Asia/Nowhere,", ("time_zone", "This is not a time zone such as Asia/Shanghai.")),
        ("S3,993,店,,,,,Asia,", ("time_zone", "This is not a time zone such as Asia/Shanghai.")),
        ("S3,993,店,,,,,../../etc/passwd,", ("time_zone", "This is not a time zone such as Asia/Shanghai.")),
        ("S3,993,店,,,,,,7", ("closing_hour", "This is not a whole number from 0 to 6.")),
        ("S1,993,店,,,,,,", ("code", "Another store has this code.")),
    ],
)
def test_it_sets_a_faulty_store_aside(row: str, fault: tuple[str, str]) -> None:
    record = take_in(ImportKind.STORES, HEADER + ONE + row + "\n")
    assert counts(record) == {"read": 2, "added": 1, "quarantined": 1}
    assert faults(record) == [(3, *fault)]
    assert Store.unscoped.count() == 1


def test_it_does_not_take_a_code_from_another_store() -> None:
    take(ONE + "S2,992,北关店,,,,,,\n")
    record = take_in(ImportKind.STORES, HEADER + "S1,992,北关店,,,,,,\n")
    assert faults(record) == [(2, "code", "Another store has this code.")]
    assert set(Store.unscoped.values_list("code", "licence_number")) == {("S1", "991"), ("S2", "992")}


def test_it_records_what_it_made_and_changed(admin: Staff) -> None:
    """Moving a store to another region gives other people its members: by file as by page it is recorded."""
    take_in(ImportKind.STORES, HEADER + ONE, by=admin)
    take_in(ImportKind.STORES, HEADER + ONE, by=admin)
    moved = ONE.replace("公司/东区,Company/East", "公司/西区,Company/West").replace("S1", "S9")
    take_in(ImportKind.STORES, HEADER + moved, by=admin)
    store = Store.unscoped.get()
    made, changed = AuditEvent.unscoped.filter(code__startswith="store.").order_by("pk")
    assert (made.code, made.actor, made.object_id, made.data) == (
        "store.created", admin, store.pk, {"code": "S1"},
    )  # fmt: skip
    assert (changed.code, changed.actor, changed.object_id) == ("store.updated", admin, store.pk)
    assert changed.before == {"code": "S1", "region": "东区"}
    assert changed.after == {"code": "S9", "region": "西区"}


def test_it_asks_no_more_for_ten_thousand_stores_than_for_two() -> None:
    def queries(count: int) -> int:
        rows = "".join(ONE.replace("S1,991", f"S{n},99{n}") for n in range(count))
        take(rows)
        with CaptureQueriesContext(connection) as asked:
            assert take(rows)["unchanged"] == count
        return len(asked)

    assert queries(2) == queries(12)

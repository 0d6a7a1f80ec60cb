"""Accounts by the thousand: made, moved and retired by a file."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from organization.models import AuditEvent, Import, ImportKind, Region, Role, Staff, Store
from organization.services import staff_create
from tests.conftest import make_store
from tests.organization.importing import counts, faults, take_in

MANY = 12_000
HEADER = "username,name,email,role,stores,regions,active\n"

pytestmark = pytest.mark.django_db


def take(rows: str, by: Staff | None = None) -> Import:
    return take_in(ImportKind.STAFF, HEADER + rows, by=by)


def scope(username: str) -> dict[str, Any]:
    staff = Staff.objects.get(username=username)
    return {
        "role": staff.role,
        "stores": sorted(staff.stores.values_list("code", flat=True)),
        "regions": sorted(staff.regions.values_list("name", flat=True)),
        "active": staff.is_active,
    }


def test_it_makes_accounts_with_their_scope(store: Store, other_store: Store) -> None:
    record = take(
        f"li,李店长,li@example.com,店长,0001;{other_store.licence_number},,\n"
        "wang,王,,营销,,测试公司/东区；Test Company/West,1\n"
        "zhao,赵,,approver,,测试公司,是\n"
        "qian,钱,,管理员,,,0\n"
    )
    assert counts(record) == {"read": 4, "added": 4}
    assert scope("li") == {"role": "manager", "stores": ["0001", "0002"], "regions": [], "active": True}
    assert scope("wang")["regions"] == sorted(["东区", "西区"])
    assert scope("zhao") == {"role": "approver", "stores": [], "regions": ["测试公司"], "active": True}
    assert scope("qian") == {"role": "admin", "stores": [], "regions": [], "active": False}
    assert not any(staff.has_usable_password() for staff in Staff.objects.all())


def test_it_reads_names_in_chinese(store: Store) -> None:
    content = "用户名,姓名,邮箱,角色,门店,片区,启用\nli,李,,店长,0001,,是\n"
    assert counts(take_in(ImportKind.STAFF, content)) == {"read": 1, "added": 1}


def test_it_moves_and_retires_accounts(
    manager: Staff, marketer: Staff, admin: Staff, other_store: Store
) -> None:
    record = take("Manager,,,,0002,,\nmarketer,,,,,,0\n", by=admin)
    assert counts(record) == {"read": 2, "updated": 2}
    assert scope("manager")["stores"] == ["0002"]
    assert scope("marketer") == {"role": "marketer", "stores": [], "regions": ["东区"], "active": False}
    events = AuditEvent.unscoped.filter(code="staff.updated").order_by("object_id")
    assert [(event.object_id, event.actor) for event in events] == [
        (manager.pk, admin),
        (marketer.pk, admin),
    ]
    assert (events[0].before, events[0].after) == ({"stores": ["0001"]}, {"stores": ["0002"]})
    assert (events[1].before, events[1].after) == ({"is_active": True}, {"is_active": False})


def test_it_drops_the_stores_of_who_becomes_a_marketer(manager: Staff, east: Region) -> None:
    assert counts(take("manager,,,marketer,,测试公司/东区,\n")) == {"read": 1, "updated": 1}
    assert scope("manager") == {"role": "marketer", "stores": [], "regions": ["东区"], "active": True}


def test_it_lets_a_later_row_of_the_same_account_win(store: Store, other_store: Store) -> None:
    assert counts(take("li,,,manager,0001,,\nLI,,,,0002,,\n")) == {"read": 2, "added": 1, "updated": 1}
    assert scope("li")["stores"] == ["0002"]
    assert AuditEvent.unscoped.filter(code__startswith="staff.").count() == 1


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("new,,,,0001,,", ("role", "A new account needs a role.")),
        (
            "new,,,clerk,0001,,",
            (
                "role",
                "This is none of the known values: "
                "manager, marketer, approver, admin, 店长, 营销, 营销人员, 审批.",
            ),
        ),
        (
            "new,,,manager,0001;77,,",
            ("stores", "One of these is neither the code nor the licence number of a store here."),
        ),
        (
            "new,,,marketer,,测试公司/南区,",
            ("regions", "One of these is not the path of a region here, such as Company/East."),
        ),
        ("new,,,manager,,,", ("stores", "A store manager needs at least one store.")),
        ("new,,,manager,0001,测试公司,", ("regions", "A store manager has stores, not regions.")),
        ("new,,,marketer,0001,,", ("stores", "A marketer or approver has regions, not stores.")),
        ("new,,,approver,,,", ("regions", "A marketer or approver needs at least one region.")),
        ("new,,,admin,0001,,", ("stores", "An admin sees everything, so no store and no region is named.")),
        ("a b,,,manager,0001,,", ("username", "A username is letters, digits and @ . + - _ only.")),
        ("new,,x@,manager,0001,,", ("email", "This is not an e-mail address.")),
        (",,,manager,0001,,", ("username", "This cell is empty.")),
    ],
)
def test_it_sets_a_faulty_row_aside(store: Store, row: str, fault: tuple[str, str]) -> None:
    record = take(f"good,,,manager,0001,,\n{row}\n")
    assert counts(record) == {"read": 2, "added": 1, "quarantined": 1}
    assert faults(record) == [(3, *fault)]


OWN = "You cannot take your own access away; another admin has to do it."
LAST = "This is the last active admin; make somebody else an admin first."


@pytest.mark.parametrize(
    ("row", "column"), [("admin,,,,,,0", "active"), ("admin,,,marketer,,测试公司/东区,", "role")]
)
def test_it_never_locks_out_who_sends_the_file(admin: Staff, east: Region, row: str, column: str) -> None:
    staff_create(username="second", password="pw", role=Role.ADMIN)
    assert faults(take(row + "\n", by=admin)) == [(2, column, OWN)]
    assert scope("admin")["active"] and scope("admin")["role"] == "admin"


def test_it_leaves_one_admin_who_can_log_in(admin: Staff) -> None:
    staff_create(username="second", password="pw", role=Role.ADMIN)
    record = take("third,,,admin,,,\nsecond,,,,,,0\nadmin,,,,,,0\n")
    assert faults(record) == [(4, "active", LAST)]
    assert scope("admin")["active"] and not scope("second")["active"]


def test_it_refuses_a_file_of_who_is_no_admin_any_more(admin: Staff, store: Store) -> None:
    from organization.jobs import JobError

    Staff.objects.filter(pk=admin.pk).update(is_active=False)
    with pytest.raises(JobError, match="Only an active admin"):
        take("new,,,manager,0001,,\n", by=admin)


def test_it_takes_a_whole_company_in_a_handful_of_queries(east: Region) -> None:
    for number in range(20):
        make_store(east, f"{number:04d}")
    rows = "".join(
        f"u{n:05d},员工{n},,manager,{n % 20:04d};{(n + 1) % 20:04d},,\n"
        if n % 10
        else f"u{n:05d},员工{n},,marketer,,测试公司/东区,\n"
        for n in range(MANY)
    )
    with CaptureQueriesContext(
        connection,
    ) as first:
        assert counts(take(rows)) == {"read": MANY, "added": MANY}
    chunks = MANY // 2_000
    assert len(first) < 40 + 25 * chunks
    assert AuditEvent.unscoped.filter(code="staff.created").count() == MANY
    with CaptureQueriesContext(connection) as again:
        assert counts(take(rows)) == {"read": MANY, "unchanged": MANY}
    assert len(again) < 40 + 5 * chunks
    retired = rows.replace(",,\n", ",,0\n").replace("东区,\n", "东区,0\n")
    with CaptureQueriesContext(connection) as third:
        assert counts(take(retired)) == {"read": MANY, "updated": MANY}
    assert len(third) < 40 + 12 * chunks
    assert not Staff.objects.filter(is_active=True).exists()

"""What no page and no file can do with accounts, two at once included."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from organization.models import Region, Role, Staff, Store
from organization.services import Refusal, staff_create, staff_deactivate, staff_invite, staff_update


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "with_stores", "with_regions", "field"),
    [
        ("manager", False, False, "stores"),
        ("manager", True, True, "regions"),
        ("marketer", False, False, "regions"),
        ("approver", True, True, "stores"),
        ("admin", True, False, "stores"),
        ("admin", False, True, "regions"),
        ("boss", False, False, "role"),
    ],
)
def test_it_refuses_impossible_combinations(
    admin: Staff, store: Store, east: Region, role: str, with_stores: bool, with_regions: bool, field: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        staff_invite(
            actor=admin,
            username="new",
            name="",
            email="",
            role=role,
            stores=[store] if with_stores else [],
            regions=[east] if with_regions else [],
        )
    assert refusal.value.field == field
    assert not Staff.objects.filter(username="new").exists()


@pytest.mark.django_db
def test_it_takes_orders_from_active_admins_only(admin: Staff, manager: Staff, marketer: Staff) -> None:
    with pytest.raises(Refusal, match="Only an active admin"):
        staff_deactivate(actor=manager, staff=marketer)
    Staff.objects.filter(pk=admin.pk).update(is_active=False)
    with pytest.raises(Refusal, match="Only an active admin"):
        staff_deactivate(actor=admin, staff=marketer)


@pytest.mark.django_db
def test_it_keeps_an_admin_who_can_log_in(admin: Staff, east: Region) -> None:
    """One who was only invited cannot stand in for the last."""
    other = staff_create(username="other", password="pw", role=Role.ADMIN)
    Staff.objects.filter(pk=admin.pk).update(password="!unusable")
    with pytest.raises(Refusal, match="last active admin"):
        staff_deactivate(actor=admin, staff=other)
    with pytest.raises(Refusal, match="last active admin"):
        staff_update(actor=admin, staff=other, name="", email="", role="marketer", stores=[], regions=[east])


@pytest.mark.django_db(transaction=True)
def test_it_leaves_one_of_two_admins_who_deactivate_each_other() -> None:
    first, second = (staff_create(username=name, password="pw", role=Role.ADMIN) for name in "ab")
    together, refused = threading.Barrier(2), []

    def act(actor: Staff, on: Staff) -> Callable[[], None]:
        def deactivate() -> None:
            together.wait(10)
            try:
                staff_deactivate(actor=actor, staff=on)
            except Refusal as refusal:
                refused.append(str(refusal))
            finally:
                connection.close()

        return deactivate

    threads = [threading.Thread(target=act(*pair)) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert refused == ["Only an active admin changes accounts."]
    assert Staff.objects.filter(role=Role.ADMIN, is_active=True).count() == 1

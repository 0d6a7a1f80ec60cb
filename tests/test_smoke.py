from organization.models import Staff, Store


def test_it_closes_stores_to_who_has_none(marketer: Staff, store: Store, other_store: Store) -> None:
    assert list(Store.objects.all().visible_to(marketer)) == [store]

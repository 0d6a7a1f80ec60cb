"""How many things of upper apps each store has; the app that owns them fills this in when it is ready."""

from collections.abc import Callable, Collection

from django.utils.functional import Promise

from organization.models import Staff

# Of these stores, as far as somebody may see: store id → number.
Counter = Callable[[Staff, Collection[int]], dict[int, int]]
_counters: list[tuple[Promise, Counter]] = []


def register(label: Promise, counter: Counter) -> None:
    _counters.append((label, counter))


def labels() -> list[str]:
    return [str(label) for label, _counter in _counters]


def of_stores(asker: Staff, stores: Collection[int]) -> dict[int, list[int]]:
    """For each store one number per label, in their order."""
    counted = [counter(asker, stores) for _label, counter in _counters]
    return {store: [numbers.get(store, 0) for numbers in counted] for store in stores}

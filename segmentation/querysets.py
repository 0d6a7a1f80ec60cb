from organization.querysets import ScopedQuerySet


class StoreTotalQuerySet(ScopedQuerySet):
    """Sizes per store and day."""

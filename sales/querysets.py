from organization.querysets import ScopedQuerySet


class StoreDayQuerySet(ScopedQuerySet):
    """Rows with a store and a business day."""

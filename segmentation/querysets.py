from organization.querysets import ScopedQuerySet


class MemberScoreQuerySet(ScopedQuerySet):
    """Scores are seen by who sees the member."""

    store_field = "member__home_store"


class StoreTotalQuerySet(ScopedQuerySet):
    """Sizes per store and day."""

"""Members who object to profiling: in no segment, no score, no cluster; sums of their sales stay."""

from django.db import connection

from segmentation.models import FactFields, MemberScore, RankFields, ScoreChange

# All that a night concludes about a member, beside counts, sums, days and where the member is at home.
FACTS = [
    field.attname
    for field in FactFields._meta.local_concrete_fields
    if field.null and field.attname not in ("first_day", "last_day", "home_store_id")
]
RANKS = [field.attname for field in RankFields._meta.local_concrete_fields]
# Of a row of a member called p.
NOT_OBJECTED = "NOT EXISTS (SELECT FROM members_profilingobjection o WHERE o.member_id = p.member_id)"
OBJECTED = "p.member_id IN (SELECT member_id FROM members_profilingobjection)"
CLEAR = f"""
    UPDATE segmentation_pendingfacts p SET {", ".join(f"{name} = NULL" for name in FACTS)}
    WHERE p.run_id = %(run)s AND {OBJECTED}"""
UNRANK = f"DELETE FROM segmentation_pendingrank p WHERE p.run_id = %(run)s AND {OBJECTED}"


def profile_clear(member_id: int) -> None:
    """Take a member out of the published night, and the past changes of scores with it."""
    MemberScore.unscoped.filter(member_id=member_id).update(**dict.fromkeys([*FACTS, *RANKS]))
    ScoreChange.unscoped.filter(member_id=member_id).delete()


def pending_clear(run_id: int) -> None:
    """Also who objected while the night was being made; call it under the lock of the scores."""
    with connection.cursor() as cursor:
        for statement in (CLEAR, UNRANK):
            cursor.execute(statement, {"run": run_id})

"""Members who object to profiling: in no segment, no score, no cluster; sums of their sales stay."""

from django.db import connection

from segmentation.models import MemberScore, ScoreFields, SegmentMove

# All that a night concludes about a member, beside counts, sums and days.
PROFILE = [
    field.attname
    for field in ScoreFields._meta.local_concrete_fields
    if field.null and field.attname not in ("first_day", "last_day")
]
# Of a row of pending scores called p.
NOT_OBJECTED = "NOT EXISTS (SELECT FROM members_profilingobjection o WHERE o.member_id = p.member_id)"
CLEAR = f"""
    UPDATE segmentation_pendingscore p SET {", ".join(f"{name} = NULL" for name in PROFILE)}
    WHERE p.run_id = %(run)s AND NOT {NOT_OBJECTED}"""


def profile_clear(member_id: int) -> None:
    """Take a member out of the published night, and the past moves between segments with it."""
    MemberScore.unscoped.filter(member_id=member_id).update(**dict.fromkeys(PROFILE))
    SegmentMove.unscoped.filter(member_id=member_id).delete()


def pending_clear(run_id: int) -> None:
    """Also who objected while the night was being made; call it under the lock of the scores."""
    with connection.cursor() as cursor:
        cursor.execute(CLEAR, {"run": run_id})

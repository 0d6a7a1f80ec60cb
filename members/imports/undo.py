"""Undo of a file of members, and of the members that a file of sales made.

What a member asked to end stays ended: withdrawals and self-exclusions are kept, also those that the
undone file itself recorded, and whoever has one stays on record for it.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection, models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from members.models import (
    AgeVerification,
    Consent,
    MemberBefore,
    MemberIdentity,
    MemberTag,
)
from members.selectors import tables_of_members
from organization.database import lock
from organization.imports.journal import same_rows_sentence
from organization.imports.undo import Undoer, Undone, scratch
from organization.jobs import Progress
from organization.models import Import

FIELDS = ("name", "sex", "birth_date", "row_digest")
# Who asked to be left alone must be known again, by whatever number a later file names the person.
ENDED = """
    EXISTS (SELECT FROM members_selfexclusion e WHERE e.member_id = t.member_id)
    OR EXISTS (SELECT FROM members_consent c WHERE c.member_id = t.member_id AND NOT c.granted)"""
# What an import adds beside a member, and which of it goes where the member stays.
ADDED: dict[type[models.Model], str] = {
    MemberIdentity: f"NOT (b.is_new OR {ENDED})",
    AgeVerification: "true",
    Consent: "t.granted",
    MemberTag: "t.removed_by_member_at IS NULL",
}
# Which rows keep a member that the import made; of tables not named here, every row does.
KEEPS: dict[type[models.Model], str] = {
    MemberBefore: "t.changed_by_id <> %(by)s",
    MemberIdentity: "false",
    AgeVerification: "t.added_by_id IS DISTINCT FROM %(by)s",
    Consent: "t.added_by_id IS DISTINCT FROM %(by)s",
    MemberTag: "t.added_by_id IS DISTINCT FROM %(by)s OR t.removed_by_member_at IS NOT NULL",
}
# Tables that are made anew from the others: their rows keep nobody, and go with a member.
_derived: list[type[models.Model]] = []
# Those that who publishes such rows locks first.
_guards: list[type[models.Model]] = []
# Tables with `imported_by`: whom a receipt of another import names cannot go.
_receipts: list[type[models.Model]] = []


def register_derived(*tables: type[models.Model], guard: type[models.Model] | None = None) -> None:
    """Name tables whose rows go with a member, and the one whose lock keeps new rows out meanwhile."""
    _derived.extend(table for table in tables if table not in _derived)
    _guards.extend([guard] if guard and guard not in _guards else [])


def derived_hold(mode: str = "ROW EXCLUSIVE") -> None:
    """Nothing derived of members is published until this transaction ends."""
    for table in _guards:
        lock(table, mode)


def register_receipts(*tables: type[models.Model]) -> None:
    _receipts.extend(table for table in tables if table not in _receipts)


def note_changed(record: Import, changed: list[int]) -> None:
    """Keep what members are before this import changes them; the first state of each counts."""
    names = ", ".join(FIELDS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO members_memberbefore (member_id, changed_by_id, is_new, {names})
                SELECT id, %s, false, {names} FROM members_member WHERE id = ANY(%s)
                    ON CONFLICT DO NOTHING""",
            [record.pk, changed],
        )


def note_made(record: Import, made: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO members_memberbefore (member_id, changed_by_id, is_new, sex)
               SELECT id, %s, true, 0 FROM unnest(%s::bigint[]) AS made (id)""",
            [record.pk, made],
        )


def imports_behind(members: list[int]) -> dict[int, int]:
    """How many of these members each import wrote last."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT changed_by_id, count(*) FROM (
                   SELECT DISTINCT ON (member_id) member_id, changed_by_id FROM members_memberbefore
                    WHERE member_id = ANY(%s) ORDER BY member_id, id DESC) latest
                GROUP BY changed_by_id""",
            [members],
        )
        return dict(cursor.fetchall())


def members_changed_later(record: Import) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT i.file_name, count(*)
                 FROM members_memberbefore mine
                 JOIN members_memberbefore later ON later.member_id = mine.member_id
                  AND later.id > mine.id AND later.changed_by_id <> mine.changed_by_id
                 JOIN organization_import i ON i.id = later.changed_by_id
                WHERE mine.changed_by_id = %s GROUP BY i.id ORDER BY i.id""",
            [record.pk],
        )
        for file, n in cursor.fetchall():
            yield same_rows_sentence(file, n)


def members_with_receipts(record: Import) -> Iterator[str]:
    """Later files of sales that name members this import made."""
    found = " UNION ALL ".join(
        f"SELECT imported_by_id, member_id FROM {table._meta.db_table}" for table in _receipts
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT i.file_name, count(DISTINCT r.member_id) FROM members_memberbefore b
                  JOIN ({found}) r ON r.member_id = b.member_id
                  JOIN organization_import i ON i.id = r.imported_by_id
                 WHERE b.changed_by_id = %s AND b.is_new GROUP BY i.id ORDER BY i.id""",
            [record.pk],
        )
        for file, n in cursor.fetchall():
            sentence = ngettext(
                "Receipts of %(file)s belong to %(n)s member this import added. Undo that import first.",
                "Receipts of %(file)s belong to %(n)s members this import added. Undo that import first.",
                n,
            )
            yield sentence % {"file": file, "n": f"{n:,}"}


def undo_members(record: Import, progress: Progress) -> Undone:
    progress.say(_("Putting members back"))
    # First, as it keeps nights from being published, which change members where scores are locked.
    counts = made_members_go(record)
    names = ", ".join(FIELDS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE members_member m SET ({names}) = ROW({", ".join(f"b.{name}" for name in FIELDS)})
                  FROM members_memberbefore b
                 WHERE b.changed_by_id = %s AND NOT b.is_new AND m.id = b.member_id""",
            [record.pk],
        )
        restored = cursor.rowcount
    return Undone({"members_restored": restored, **counts})


def made_members_go(record: Import) -> dict[str, int]:
    """Members the import made go, with all it added to any; who is named elsewhere stays, without it.

    Leaves the ids of those who stay in the temporary table `made_kept`.
    """
    with connection.cursor() as cursor:
        _made_lock(cursor, record)
        for table, field in tables_of_members():
            if table not in _derived:
                _keep(cursor, record, table, field)
        cursor.execute("DELETE FROM made_gone USING made_kept WHERE made_gone.id = made_kept.id")
        _gone_delete(cursor)
        for table, goes in ADDED.items():
            cursor.execute(
                f"""DELETE FROM {table._meta.db_table} t USING members_memberbefore b
                     WHERE b.changed_by_id = %s AND t.member_id = b.member_id
                       AND t.added_by_id = b.changed_by_id AND {goes}""",
                [record.pk],
            )
        cursor.execute(
            """UPDATE members_member m SET name = NULL, sex = 0, birth_date = NULL, row_digest = NULL
                 FROM made_kept k WHERE k.id = m.id"""
        )
        kept = cursor.rowcount
        cursor.execute("SELECT count(*) FROM made_gone")
        return {"members_gone": cursor.fetchone()[0], "members_kept": kept}


def _made_lock(cursor: Any, record: Import) -> None:
    """Whom the import made, held so that nothing new comes to name them; no night is published meanwhile."""
    made = MemberBefore.unscoped.filter(changed_by=record, is_new=True)
    if made.exists():
        derived_hold("SHARE ROW EXCLUSIVE")
    scratch(cursor, "made_kept", "SELECT 0::bigint AS id WHERE false")
    scratch(
        cursor,
        "made_gone",
        """SELECT m.id FROM members_member m
            WHERE m.id IN (SELECT member_id FROM members_memberbefore WHERE changed_by_id = %s AND is_new)
            ORDER BY m.id FOR UPDATE""",
        [record.pk],
    )


def _keep(cursor: Any, record: Import, table: type[models.Model], field: str) -> None:
    cursor.execute(
        f"""INSERT INTO made_kept SELECT g.id FROM made_gone g WHERE EXISTS (
                SELECT FROM {table._meta.db_table} t
                 WHERE t.{field} = g.id AND ({KEEPS.get(table, "true")}))
               AND NOT EXISTS (SELECT FROM made_kept k WHERE k.id = g.id)""",
        {"by": record.pk},
    )


def _gone_delete(cursor: Any) -> None:
    cursor.execute("ANALYZE made_gone")
    tables: list[type[models.Model]] = [*_derived, *ADDED, MemberBefore]
    for table in tables:
        cursor.execute(f"DELETE FROM {table._meta.db_table} t USING made_gone g WHERE t.member_id = g.id")
    cursor.execute("DELETE FROM members_member m USING made_gone g WHERE m.id = g.id")


members_undoer = Undoer(
    undo_members,
    (
        gettext_lazy(
            "Members this import added go. Of the others name, sex, date of birth, numbers, consents, tags"
            " and proofs of age are as they were before."
        ),
        gettext_lazy(
            "What ends something stays: a withdrawn consent and a wish to be left alone, also where this"
            " very file said so. Whoever has one on record keeps the numbers of this file, so that the next"
            " file does not take the person for somebody new."
        ),
        gettext_lazy(
            "Members it added of whom such a wish, a campaign or a note of staff is on record stay, with"
            " their numbers and nothing else of this file."
        ),
        gettext_lazy("Erased members stay erased."),
    ),
)

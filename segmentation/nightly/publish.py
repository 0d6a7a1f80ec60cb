"""The flip: one transaction after which every page shows the new night, and nothing before it."""

from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from sales.models import ReceiptsChange
from segmentation.models import (
    ClusterModelRow,
    FactFields,
    NightlyRun,
    NightlyStage,
    PendingFacts,
    PendingRank,
    RankFields,
    StageName,
    TouchedMember,
)
from segmentation.nightly.changes import write_noted
from segmentation.nightly.objections import pending_clear
from segmentation.nightly.stage import Outcome, Stage
from segmentation.nightly.totals import totals_write

FACTS = [field.attname for field in FactFields._meta.local_concrete_fields]
RANKS = [field.attname for field in RankFields._meta.local_concrete_fields]
PUBLISHED = ("published_at", "imports_until", "score_shares", "seen", "members_scored")


def _row(alias: str, columns: list[str]) -> str:
    return ", ".join(f"{alias}.{column}" for column in columns)


# Beside members with new facts those whose facts stand and whose scores do not, because those of others
# changed; and those whose published facts do not stand, as they have no receipts any more.
FOUND = f"""
    SELECT 'facts' AS has, p.member_id AS id, {_row("p", FACTS)}, {_row("n", RANKS)}
    FROM segmentation_pendingfacts p
    LEFT JOIN segmentation_pendingrank n ON n.run_id = p.run_id AND n.member_id = p.member_id
    WHERE p.run_id = %(run)s
    UNION ALL
    SELECT 'scores', n.member_id, {", ".join(["NULL"] * len(FACTS))}, {_row("n", RANKS)}
    FROM segmentation_pendingrank n WHERE n.run_id = %(run)s AND NOT EXISTS (
        SELECT FROM segmentation_pendingfacts p WHERE p.run_id = n.run_id AND p.member_id = n.member_id)
    UNION ALL
    SELECT 'no receipts', t.member_id, {", ".join(["NULL"] * len(FACTS + RANKS))}
    FROM segmentation_touchedmember t WHERE t.run_id = %(run)s AND NOT EXISTS (
        SELECT FROM segmentation_pendingfacts p WHERE p.run_id = t.run_id AND p.member_id = t.member_id)"""
PUBLISH = f"""
    MERGE INTO segmentation_memberscore s USING ({FOUND}) x ON s.member_id = x.id
    WHEN MATCHED AND x.has = 'no receipts' THEN DELETE
    -- Cleared since the scores were read, by an objection that may be taken back by now: for the next night.
    WHEN MATCHED AND x.has = 'scores' AND s.r IS NULL THEN DO NOTHING
    WHEN MATCHED AND x.has = 'scores' THEN UPDATE SET ({", ".join(RANKS)}) = ROW({_row("x", RANKS)})
    -- Only rows that differ are written: most members' facts and scores are those of the night before.
    WHEN MATCHED AND ROW({_row("s", FACTS + RANKS)}) IS DISTINCT FROM ROW({_row("x", FACTS + RANKS)}) THEN
        UPDATE SET ({", ".join(FACTS + RANKS)}) = ROW({_row("x", FACTS + RANKS)})
    WHEN NOT MATCHED BY TARGET AND x.has = 'facts'
        -- Not erased, nor gone with an import that was undone, since the facts were read. Asked for each
        -- of the few who are new; EXISTS would be answered by a table of all members.
        AND (SELECT true FROM members_member m WHERE m.id = x.id) THEN
        INSERT (member_id, {", ".join(FACTS + RANKS)}) VALUES (x.id, {_row("x", FACTS + RANKS)})"""
# Found apart from the update: only what reads is shared out among processes.
MOVED = """
    CREATE TEMP TABLE night_moved ON COMMIT DROP AS
    SELECT m.id, p.home_store_id AS home
    FROM segmentation_touchedmember t JOIN members_member m ON m.id = t.member_id
    LEFT JOIN segmentation_pendingfacts p ON p.run_id = t.run_id AND p.member_id = t.member_id
    WHERE t.run_id = %(run)s AND m.home_store_id <> coalesce(p.home_store_id, m.enrolment_store_id)"""
HOMES = """
    UPDATE members_member m SET home_store_id = coalesce(a.home, m.enrolment_store_id)
    FROM night_moved a WHERE m.id = a.id"""
# By statistics of an empty table it would be walked through for each row that is added to it.
AS_ONE = "SET LOCAL enable_nestloop = off"
# A few in a hundred rows, all in memory by now, are found sooner by the index than by a table of all.
ONE_BY_ONE = "SET LOCAL random_page_cost = 0.5"


def read(run: NightlyRun) -> None:
    """Nothing: publishing writes what the other stages found."""


def write(run: NightlyRun, nothing: None) -> Outcome:
    pending_clear(run.pk)
    with connection.cursor() as cursor:
        cursor.execute(AS_ONE if run.touched is None else ONE_BY_ONE)
        changed = write_noted(run, PUBLISH)
        cursor.execute(MOVED, {"run": run.pk})
        cursor.execute(HOMES)
    run.members_scored = totals_write(run)
    _cluster_model_write(run)
    _run_write(run)
    _clear(run)
    return Outcome(changed)


STAGE = Stage(read, write)


def _clear(run: NightlyRun) -> None:
    """Nothing waits any more, so another night that stopped half-way, if tried again, begins again.

    Emptied tables take no room; one that somebody reads is cleared by row.
    """
    published = NightlyStage.objects.filter(name=StageName.PUBLISH, status=NightlyStage.Status.DONE)
    NightlyStage.objects.exclude(run=run).exclude(run__in=published.values("run")).delete()
    tables = [model._meta.db_table for model in (PendingFacts, PendingRank, TouchedMember)]
    with connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute("SET LOCAL lock_timeout = '1500ms'")  # By then autovacuum gives way.
                cursor.execute(f"TRUNCATE {', '.join(tables)}")
                cursor.execute("SET LOCAL lock_timeout = DEFAULT")
        except OperationalError:
            for table in tables:
                cursor.execute(f"DELETE FROM {table}")


def _run_write(run: NightlyRun) -> None:
    found = dict(run.stages.values_list("name", "result"))
    run.published_at = timezone.now()
    run.imports_until = datetime.fromisoformat(found[StageName.TOTALS]["imports_until"])
    run.score_shares = found[StageName.SCORES]["score_shares"]
    run.seen = found[StageName.FACTS]["seen"]
    ReceiptsChange.objects.filter(pk__in=run.seen.pop("changes")).delete()
    run.save(update_fields=[*PUBLISHED, "settings", "window_days"])


def _cluster_model_write(run: NightlyRun) -> None:
    found = run.stages.get(name=StageName.SCORES).result.get("cluster_model")
    rows = ClusterModelRow.objects.filter(run__published_at__isnull=False).select_for_update()
    last = rows.filter(run__as_of__lte=run.as_of).order_by("-run__as_of").first()
    ClusterModelRow.objects.filter(run=run).delete()
    if found:
        continues = found.pop("continues")
        ClusterModelRow.objects.create(run=run, names=_names(run, last, continues), **found)


def _names(run: NightlyRun, last: ClusterModelRow | None, continues: list[int | None]) -> dict[str, str]:
    """Names a marketer wrote stay with the cluster that continues theirs."""
    if last is None:
        return {}
    if last.run_id == run.pk:  # The same night made again: its clusters are the same ones.
        return dict(last.names)
    old = {str(new): last.names.get(str(label)) for new, label in enumerate(continues)}
    return {label: name for label, name in old.items() if name}

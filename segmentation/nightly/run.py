"""The job of kind "nightly": stage after stage, each done once however often the worker dies."""

from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from datetime import date
from importlib import import_module

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from organization.database import beside, lock, snapshot
from organization.jobs import JobError, Progress
from organization.models import Job
from segmentation.models import MemberScore, NightlyRun, NightlyStage, RfmSettings, StageName
from segmentation.nightly.columns import plan_for_night
from segmentation.nightly.hooks import run_hooks
from segmentation.nightly.stage import Outcome, Stage

KIND = "nightly"
MODULES = {
    StageName.FACTS: "facts",
    StageName.SCORES: "scores",
    StageName.TOTALS: "totals",
    StageName.PUBLISH: "publish",
}

Next = Callable[[Job], Job | None]


def nightly(job: Job, progress: Progress, *, queue_next: Next) -> None:
    as_of = date.fromisoformat(job.payload["as_of"])
    run = _run_of(job, as_of)
    progress.step(0, len(StageName))
    # Sums of store days come from receipts, not from facts or scores. The facts of a night asked for as
    # full keep both processors busy, so then they are made beside the scores only.
    totals = beside(lambda: _carry_out(run, StageName.TOTALS, progress))
    with ExitStack() as stack:
        if not run.is_full:
            stack.enter_context(totals)
        _carry_out(run, StageName.FACTS, progress)
        progress.step(1, len(StageName))
        if run.is_full:
            stack.enter_context(totals)
        _carry_out(run, StageName.SCORES, progress)
    progress.step(3, len(StageName))
    _carry_out(run, StageName.PUBLISH, progress)
    progress.say(_("Published."))
    try:
        run_hooks(as_of)
    finally:
        queue_next(job)


def latest_published() -> NightlyRun | None:
    published = NightlyRun.objects.filter(published_at__isnull=False).select_related("settings")
    return published.order_by("-as_of").first()


def refuse_if_older(as_of: date) -> None:
    """Scores are one set for all pages, so time only goes forward."""
    latest = latest_published()
    if latest and as_of < latest.as_of:
        message = _("The night of %(latest)s is published already; an earlier one cannot replace it.")
        raise JobError(message % {"latest": latest.as_of})


@transaction.atomic
def _run_of(job: Job, as_of: date) -> NightlyRun:
    """This job's run; another job's run of the same date is begun again."""
    refuse_if_older(as_of)
    run, _made = NightlyRun.objects.get_or_create(as_of=as_of)
    if run.job_id != job.pk:
        run.stages.all().delete()
        run.job = job
        run.is_full = bool(job.payload.get("full"))
        run.started_at = timezone.now()
        run.save(update_fields=["job", "is_full", "started_at"])
    # Not saved before it is published: until then pages show the night, and its settings, of before.
    run.settings = _settings_of(run)
    run.window_days = run.scoring.window_days
    return run


def _settings_of(run: NightlyRun) -> RfmSettings | None:
    """Those that its facts were read with, or the ones in force."""
    facts = run.stages.filter(name=StageName.FACTS, status=NightlyStage.Status.DONE).first()
    if facts and "settings" in facts.result:
        return RfmSettings.objects.filter(pk=facts.result["settings"]).first()
    return RfmSettings.objects.order_by("-pk").first()


def _carry_out(run: NightlyRun, name: StageName, progress: Progress) -> None:
    stage, _made = NightlyStage.objects.get_or_create(
        run=run, name=name, defaults={"status": NightlyStage.Status.STARTED, "started_at": timezone.now()}
    )
    if stage.status == NightlyStage.Status.DONE:
        return
    progress.say(str(name.label))
    work = _work_of(name)
    with snapshot() if work.reads_snapshot else nullcontext():
        if work.reads_snapshot:
            plan_for_night()
        found = work.read(run)
    with transaction.atomic(durable=True):
        plan_for_night()
        if name == StageName.PUBLISH:
            lock(MemberScore)
            refuse_if_older(run.as_of)
        outcome = work.write(run, found)
        _mark_done(stage, outcome)
        progress.confirm(more_to_come=name != StageName.PUBLISH)


def _mark_done(stage: NightlyStage, outcome: Outcome) -> None:
    stage.status = NightlyStage.Status.DONE
    stage.finished_at = timezone.now()
    stage.rows, stage.result = outcome.rows, outcome.result
    stage.save()


def _work_of(name: StageName) -> Stage:
    # Imported when needed: scikit-learn takes a second that pages need not wait for.
    stage: Stage = import_module(f"segmentation.nightly.{MODULES[name]}").STAGE
    return stage

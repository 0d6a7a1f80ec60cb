"""The page on which an admin says how members are scored, and sees what that would change."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dashboards.segments import scoring_words as words
from dashboards.segments.scoring_forms import GroupNamesForm, ScoringForm
from organization.access import roles, staff_of
from organization.jobs import JobError
from organization.models import Role
from segmentation import selectors, services
from segmentation.models import RfmSettings
from segmentation.names import NAMES
from segmentation.nightly.preview import TooManyReceipts, fifths, preview
from segmentation.services import ScoringFields

VERSIONS_SHOWN = 10


@require_http_methods(["GET", "POST"])
@roles(Role.ADMIN)
def scoring(request: HttpRequest) -> HttpResponse:
    now = selectors.scoring_now()
    if request.method == "POST":
        return _save(request, now)
    shown = _asked(request, now)
    return _page(request, ScoringForm.of(shown, version=now.pk), foretold=_foretold(shown))


@require_POST
@roles(Role.ADMIN)
def scoring_preview(request: HttpRequest) -> HttpResponse:
    """What the form as it stands would change; nothing is written."""
    form, now = ScoringForm(request.POST), selectors.scoring_now()
    foretold = _foretold(RfmSettings(**form.values(now))) if form.is_valid() else {"faulty": form}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "segmentation/scoring_preview.html", {"foretold": foretold})
    return _page(request, form, foretold=foretold)


@require_POST
@roles(Role.ADMIN)
def scoring_names(request: HttpRequest) -> HttpResponse:
    names = GroupNamesForm(request.POST if "reset" not in request.POST else {}, names=NAMES.get())
    if not names.is_valid():
        now = selectors.scoring_now()
        return _page(
            request, ScoringForm.of(now, version=now.pk), foretold=_foretold(now), names=names, status=422
        )
    if services.group_names_save(actor=staff_of(request), names=names.values()):
        messages.success(request, _("Saved. Every page uses these names within seconds."))
    return redirect("scoring")


@require_POST
@roles(Role.ADMIN)
def scoring_night(request: HttpRequest) -> HttpResponse:
    """Make the last published night again, by the settings in force."""
    run = selectors.published_run()
    as_of = run.as_of if run else _yesterday()
    try:
        services.night_start(as_of=as_of, asked_by=staff_of(request))
    except JobError as refusal:
        messages.warning(request, str(refusal))
    return redirect("nights")


def _yesterday() -> date:
    return timezone.localdate() - timedelta(days=1)


def _asked(request: HttpRequest, now: RfmSettings) -> RfmSettings:
    """The settings in force, or those that a link fills in, unsaved: the defaults, or today's fifths."""
    run = selectors.published_run()
    if "defaults" in request.GET:
        return RfmSettings()
    if "fifths" in request.GET and run:
        fields = {name: getattr(now, name) for name in ScoringFields.__annotations__}
        fields |= {"mode": RfmSettings.Mode.FIXED, "breaks": now.breaks | fifths(run)}
        return RfmSettings(**fields | {"window_days": run.window_days})  # Of which they are the fifths.
    return now


def _save(request: HttpRequest, now: RfmSettings) -> HttpResponse:
    form = ScoringForm(request.POST)
    if not form.is_valid():
        return _page(request, form, foretold={"faulty": form}, status=422)
    fields = form.values(now)
    try:
        saved = services.scoring_save(
            actor=staff_of(request), fields=fields, based_on=form.cleaned_data["version"]
        )
    except services.Outdated:
        form.add_error(None, _outdated(now))
        return _page(request, form, foretold=_foretold(RfmSettings(**fields)), status=422)
    if saved is None:
        messages.warning(request, _("Nothing was changed, so nothing was saved."))
    else:
        messages.success(request, _("Saved. The next night scores by this, at 03:30."))
    return redirect("scoring")


def _outdated(now: RfmSettings) -> str:
    said = _("%(person)s has saved other settings meanwhile. Load the page again and make your change there.")
    return said % {"person": now.changed_by or "–"}


def _foretold(settings: RfmSettings) -> dict[str, Any]:
    """What the preview says of settings; those the published night was made with change nothing."""
    run = selectors.published_run()
    said = {"empty_segments": words.empty_segments(settings.grid), "run": run}
    if run is None or _fields(settings) == _fields(run.scoring):
        return said
    try:
        found = preview(settings)
    except TooManyReceipts:
        return said | {"is_too_much": True}
    return said | (words.foretold(found, settings) if found else {})


def _fields(settings: RfmSettings) -> dict[str, Any]:
    """What decides scores and segments."""
    fields = {name: getattr(settings, name) for name in ScoringFields.__annotations__}
    if settings.mode != RfmSettings.Mode.FIXED:
        fields.pop("breaks")
    if settings.mode != RfmSettings.Mode.PEERS:
        fields.pop("peers")
    return fields


def _page(
    request: HttpRequest,
    form: ScoringForm,
    *,
    foretold: dict[str, Any],
    names: GroupNamesForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now, run = selectors.scoring_now(), selectors.published_run()
    waits = run is not None and _fields(now) != _fields(run.scoring)
    context = {
        "title": _("Scoring"),
        "form": form,
        "names": names or GroupNamesForm(names=NAMES.get()),
        "foretold": foretold,
        "has_fifths": run is not None and run.scoring.mode == RfmSettings.Mode.QUANTILE,
        "waits_since": date_format(run.as_of, "DATE_FORMAT") if run and waits else "",
        "versions": [words.version(each) for each in selectors.scoring_versions()[:VERSIONS_SHOWN]],
    }
    return render(request, "segmentation/scoring.html", context, status=status)

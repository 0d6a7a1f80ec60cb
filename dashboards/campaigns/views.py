"""Campaign pages: the list, a draft, its start, what came of it, and what the gateway sent."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns import selectors, services
from campaigns.forms import CampaignForm, PlanForm
from campaigns.models import Campaign
from campaigns.policy.content import message_body, offer_findings
from campaigns.policy.rules import BY_CODE
from dashboards.campaigns.presenter import draft_context, plan_context, result_context, rows_of
from organization.access import asked, roles, staff_of
from organization.export import csv_response
from organization.models import Role, Staff

PER_PAGE = 25
everybody = roles(Role.MANAGER, Role.MARKETER, Role.APPROVER, Role.ADMIN)
marketers = roles(Role.MARKETER)


@require_safe
@everybody
def campaign_list(request: HttpRequest) -> HttpResponse:
    staff = staff_of(request)
    found = _found(request, staff)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("Campaigns"),
        "page": page,
        "rows": rows_of(list(page), staff),
        "search": request.GET.get("q", ""),
        "status": request.GET.get("status", ""),
        "statuses": Campaign.Status.choices,
        "sort": request.GET.get("sort", "-starts_on"),
        "any": page.paginator.count or Campaign.objects.visible_to(staff).exists(),
    }
    return render(request, "campaigns/list.html", context)


@require_safe
@everybody
def campaigns_csv(request: HttpRequest) -> HttpResponseBase:
    header = [_("Name"), _("Segment"), _("Channel"), _("Status"), _("From"), _("To"), _("Members")]
    fields = ("name", "segment", "channel", "status", "starts_on", "ends_on", "reached")
    return csv_response(
        name="campaigns.csv", header=header, rows=_found(request, staff_of(request)).values_list(*fields)
    )


@require_http_methods(["GET", "POST"])
@marketers
def campaign_new(request: HttpRequest) -> HttpResponse:
    form = CampaignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        campaign = services.campaign_create(actor=staff_of(request), **form.fields_for_service())
        return redirect("campaign", campaign.pk)
    return _form_page(request, form, title=_("New campaign"))


@require_http_methods(["GET", "POST"])
@marketers
def campaign_edit(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = _own_draft(request, pk)
    form = CampaignForm(request.POST) if request.method == "POST" else CampaignForm.of(campaign)
    if form.is_valid() and _update(request, campaign, form):
        return redirect("campaign", pk)
    return _form_page(request, form, title=campaign.name, campaign=campaign)


@require_POST
@marketers
def campaign_preview(request: HttpRequest) -> HttpResponse:
    """Who a form, as it is filled in now, would reach."""
    form = PlanForm(request.POST)
    offer = request.POST.get("offer", "")
    context: dict[str, Any] = {"findings": offer_findings(offer)}
    if form.is_valid():
        context |= plan_context(staff_of(request), timezone.localdate(), **form.cleaned_data)
        context["body"] = message_body(offer=offer, channel=form.cleaned_data["channel"]) if offer else ""
    return render(request, "campaigns/_plan.html", context)


@require_safe
@everybody
def campaign_detail(request: HttpRequest, pk: int) -> HttpResponse:
    staff = staff_of(request)
    campaign = _visible(staff, pk)
    if campaign.status == Campaign.Status.DRAFT:
        context = draft_context(campaign, staff, timezone.localdate())
        return render(request, "campaigns/draft.html", context)
    context = result_context(selectors.reading(campaign=campaign, staff=staff))
    return render(request, "campaigns/result.html", context)


@require_POST
@marketers
def campaign_start(request: HttpRequest, pk: int) -> HttpResponse:
    staff = staff_of(request)
    campaign = _visible(staff, pk)
    if campaign.created_by_id != staff.pk:
        raise Http404
    try:
        services.campaign_start(campaign=campaign, actor=staff, as_of=timezone.localdate())
    except services.CampaignError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The campaign has started; its messages are on their way."))
    return redirect("campaign", pk)


@require_safe
@everybody
def arms_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    staff = staff_of(request)
    campaign = _visible(staff, pk)
    header = ["store", "arm", "members", "buyers", "spend", "spend_squared", "spend_before"]
    header += ["spend_before_squared", "product", "attributed"]
    rows = selectors.arm_rows(campaign=campaign, staff=staff)
    return csv_response(name=f"campaign-{pk}-arms.csv", header=header, rows=_arm_cells(rows))


@require_safe
@everybody
def message_list(request: HttpRequest) -> HttpResponse:
    staff = staff_of(request)
    chosen = request.GET.get("campaign", "")
    campaign = int(chosen) if chosen.isdecimal() and len(chosen) < 10 else None
    found = selectors.message_list(staff=staff, campaign=campaign)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    sending = Campaign.objects.visible_to(staff).exclude(status=Campaign.Status.DRAFT)
    context = {
        "title": _("Messages"),
        "page": page,
        "rows": [(message, BY_CODE.get(message.reason)) for message in page],
        "campaigns": sending.filter(holdout_share__gt=0),
        "chosen": campaign,
    }
    return render(request, "campaigns/messages.html", context)


def _found(request: HttpRequest, staff: Staff) -> Any:
    wanted = asked(request, "q", "status", "sort")
    return selectors.campaign_list(staff=staff, search=wanted.pop("q").strip(), **wanted)


def _visible(staff: Staff, pk: int) -> Campaign:
    campaign: Campaign = get_object_or_404(Campaign.objects.visible_to(staff), pk=pk)
    return campaign


def _own_draft(request: HttpRequest, pk: int) -> Campaign:
    """A draft of the person's own; one that has started has nothing left to edit."""
    staff = staff_of(request)
    drafts = Campaign.objects.visible_to(staff).filter(created_by=staff, status=Campaign.Status.DRAFT)
    draft: Campaign = get_object_or_404(drafts, pk=pk)
    return draft


def _update(request: HttpRequest, campaign: Campaign, form: CampaignForm) -> bool:
    try:
        services.campaign_update(campaign=campaign, actor=staff_of(request), **form.fields_for_service())
    except services.CampaignError as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _form_page(
    request: HttpRequest, form: CampaignForm, *, title: str, campaign: Campaign | None = None
) -> HttpResponse:
    context = {"title": title, "form": form, "campaign": campaign}
    return render(request, "campaigns/form.html", context, status=422 if form.errors else 200)


def _arm_cells(rows: Any) -> Iterator[list[Any]]:
    """Money in the company's currency; a row without a store is for all receipts."""
    for row in rows:
        before = [row.sum_x / 100, row.sum_xx / 10_000, row.sum_xy / 10_000]
        arm = "treated" if row.treated else "held out"
        store = row.store.code if row.store else ""
        spent = [row.sum_y / 100, row.sum_yy / 10_000]
        yield [store, arm, row.n, row.buyers, *spent, *before, row.attributed / 100]

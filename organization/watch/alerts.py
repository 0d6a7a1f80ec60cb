"""An alert begins with its cause and ends with it; admins hear of each once a day at most."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from organization.models import Alert, Role, Staff
from organization.watch.standing import Problem, State, state

logger = logging.getLogger(__name__)
MAILED_AGAIN_AFTER = timedelta(days=1)


def check() -> State:
    """Begin and end alerts; called by the tick and by every worker, since either may be gone."""
    found = state()
    if found.database:
        _begin(found.problems)
        keys = [problem.key for problem in found.problems]
        Alert.unscoped.filter(until=None).exclude(key__in=keys).update(until=timezone.now())
    return found


def _begin(problems: list[Problem]) -> None:
    begun = [problem for problem in problems if _is_new(problem)]
    for problem in begun:
        with override("en"):
            logger.error("%s", problem)
    mailed = [problem for problem in begun if _may_be_mailed(problem)]
    if mailed:
        _mail(mailed)


def _is_new(problem: Problem) -> bool:
    """The unique constraint lets only one of several who look at the same moment begin an alert."""
    _alert, made = Alert.unscoped.get_or_create(
        key=problem.key, until=None, defaults={"values": problem.values}
    )
    return made


@transaction.atomic
def _may_be_mailed(problem: Problem) -> bool:
    now = timezone.now()
    mailed = Alert.unscoped.filter(key=problem.key, mailed_at__gt=now - MAILED_AGAIN_AFTER)
    if mailed.exists():
        return False
    return bool(Alert.unscoped.filter(key=problem.key, until=None).update(mailed_at=now))


def _mail(problems: list[Problem]) -> None:
    admins = Staff.objects.filter(role=Role.ADMIN, is_active=True).exclude(email="")
    addresses = list(admins.values_list("email", flat=True))
    with override(settings.LANGUAGE_CODE):
        subject = _("Huiyan needs you: %(first)s") % {"first": problems[0]}
        text = "\n".join(f"{problem} {problem.remedy}".strip() for problem in problems)
        text += "\n\n" + _("The page “Health” shows how things stand now.")
    # One letter each: nobody is told the others' addresses.
    for address in addresses:
        try:
            send_mail(subject, text, None, [address])
        except Exception as fault:  # Whatever a mail server does, the work goes on.
            logger.warning("An alert could not be mailed: %s.", type(fault).__name__)

"""What the own page says, in words for people who know nothing of how we work."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organization import company
from segmentation.models import MemberScore, RfmSettings

# Of five scores, the lower two and the upper two.
LOW, HIGH = 2, 4


def sender() -> str:
    """Who keeps the data and writes, as members know the company."""
    return str(company.current().sender_name)


def visits(score: MemberScore, scoring: RfmSettings) -> str:
    """What the scores R and F say."""
    words = {"when": _level(score.r, WHEN), "often": _level(score.f, OFTEN)}
    if scoring.mode == RfmSettings.Mode.FIXED:
        return _("You were last here %(when)s, and you come %(often)s.") % words
    return _("Compared with other members you were last here %(when)s, and you come %(often)s.") % words


def _level(score: int | None, words: tuple[Promise, Promise, Promise]) -> str:
    return str(words[0 if (score or 0) >= HIGH else 2 if (score or 0) <= LOW else 1])


WHEN = (gettext_lazy("a short time ago"), gettext_lazy("some time ago"), gettext_lazy("a long time ago"))
OFTEN = (gettext_lazy("often"), gettext_lazy("now and then"), gettext_lazy("seldom"))

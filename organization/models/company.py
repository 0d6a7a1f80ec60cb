"""The company this deployment serves."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

ADULT, OLDEST_LIMIT = 18, 99


class Company(models.Model):
    """Exactly one row, or none before the set-up; read it through organization/company.py."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(_("Name of the company"), max_length=80, blank=True)
    sender_name = models.CharField(
        _("Sender's name"),
        max_length=30,
        help_text=_("Signs every message: the registered name members know."),
    )
    time_zone = models.CharField(_("Time zone"), max_length=40)
    language = models.CharField(_("Language"), max_length=10, choices=settings.LANGUAGES)
    currency_sign = models.CharField(_("Currency sign"), max_length=4)
    # No market lets minors buy; some ask for more years.
    minimum_age = models.PositiveSmallIntegerField(
        _("Minimum age"), validators=[MinValueValidator(ADULT), MaxValueValidator(OLDEST_LIMIT)]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="company_is_one"),
            models.CheckConstraint(
                condition=Q(minimum_age__gte=ADULT, minimum_age__lte=OLDEST_LIMIT), name="company_adults_only"
            ),
        ]

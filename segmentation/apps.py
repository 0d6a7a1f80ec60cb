from functools import partial

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SegmentationConfig(AppConfig):
    name = "segmentation"
    verbose_name = _("Nights")

    def ready(self) -> None:
        from organization.jobs import register
        from segmentation.nightly.run import KIND, nightly
        from segmentation.services import night_queue_next

        register(KIND, partial(nightly, queue_next=night_queue_next))

from functools import partial

from django.apps import AppConfig


class SegmentationConfig(AppConfig):
    name = "segmentation"

    def ready(self) -> None:
        from organization.jobs import register
        from segmentation.nightly.run import KIND, nightly
        from segmentation.services import night_queue_next

        register(KIND, partial(nightly, queue_next=night_queue_next))

from celery import shared_task

from segmentation import services


@shared_task
def nightly() -> None:
    """Make last night, or the first of those that were missed."""
    services.night_queue_next()

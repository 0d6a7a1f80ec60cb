from celery import shared_task

from segmentation import services


@shared_task
def nightly() -> None:
    """Make last night, or the first of those that were missed; rings every quarter of an hour."""
    services.night_queue_daily()

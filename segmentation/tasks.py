from celery import shared_task

from segmentation import services


@shared_task
def nightly() -> None:
    """Make last night, or the first of those that were missed; rings every quarter of an hour."""
    services.night_queue_daily()


@shared_task
def check_scores() -> None:
    """Compare a sample of published scores with all receipts, once a week; rings every day."""
    services.score_check_queue_weekly()


@shared_task
def night_help(run_id: int) -> None:
    """Take a share of a night that another process makes; nothing if it is done or gone by now."""
    services.night_help(run_id)

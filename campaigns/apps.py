from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns.results import results_refresh
        from segmentation.nightly.hooks import after_publish

        after_publish(results_refresh)

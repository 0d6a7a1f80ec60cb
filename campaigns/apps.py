from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns.delivery.pending import messages_pending
        from campaigns.models import Assignment, Message, Redemption
        from campaigns.results import results_refresh
        from members.erasure import keep_without_person
        from organization import metrics
        from segmentation.nightly.hooks import after_publish

        after_publish(results_refresh)
        metrics.register(messages_pending)
        # Results are sums over the groups as they were drawn.
        keep_without_person(Assignment)
        keep_without_person(Message, body="")
        keep_without_person(Redemption, coupon="")

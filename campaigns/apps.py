from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns.delivery.pending import messages_pending
        from campaigns.models import Assignment, Message, Redemption
        from campaigns.redeemed import vouchers_redeemed
        from campaigns.results import results_refresh
        from members.erasure import keep_without_person
        from organization import metrics
        from organization.imports import undo
        from organization.models import ImportKind
        from segmentation.nightly.hooks import after_publish

        after_publish(results_refresh)
        metrics.register(messages_pending)
        undo.refuse_where(ImportKind.SALES, vouchers_redeemed)
        # Results are sums over the groups as they were drawn.
        keep_without_person(Assignment)
        keep_without_person(Message, body="")
        keep_without_person(Redemption, coupon="")

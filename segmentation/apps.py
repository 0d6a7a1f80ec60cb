from functools import partial

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SegmentationConfig(AppConfig):
    name = "segmentation"
    verbose_name = _("Nights")

    def ready(self) -> None:
        from members.hooks import on_profiling_end
        from members.imports.undo import register_derived
        from organization import health, metrics
        from organization.jobs import register
        from organization.watch.lines import register_line
        from organization.watch.standing import register_problems
        from segmentation.models import (
            MemberScore,
            PendingFacts,
            PendingRank,
            ScoreChange,
            ScoreDifference,
            TouchedMember,
        )
        from segmentation.nightly.objections import profile_clear
        from segmentation.nightly.run import KIND, nightly
        from segmentation.nightly.selfcheck import score_check
        from segmentation.services import CHECK_KIND, night_queue_next
        from segmentation.watch import last_night, night_metrics, night_overdue, scores_wrong

        on_profiling_end(profile_clear)
        register_derived(
            *(MemberScore, ScoreChange, ScoreDifference, PendingFacts, PendingRank, TouchedMember),
            guard=MemberScore,
        )
        register(KIND, partial(nightly, queue_next=night_queue_next))
        register(CHECK_KIND, score_check)
        register_problems(scores_wrong)
        health.register("night", night_overdue, matters=False)
        metrics.register(night_metrics)
        register_line(last_night)

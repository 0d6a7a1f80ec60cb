from django.urls import path

from dashboards.segments import members, movers, moves, nights, scoring, views

urlpatterns = [
    path("segments/", views.segments, name="segments"),
    path("segments/members/", members.members, name="segment_members"),
    path("segments/members.csv", members.members_csv, name="segment_members_csv"),
    path("segments/moves/", moves.segment_moves, name="segment_moves"),
    path("segments/moves/members/", movers.segment_movers, name="segment_movers"),
    path("segments/moves/members.csv", movers.segment_movers_csv, name="segment_movers_csv"),
    path("segments/clusters/<int:label>/name/", views.cluster_rename, name="cluster_rename"),
    path("scoring/", scoring.scoring, name="scoring"),
    path("scoring/preview/", scoring.scoring_preview, name="scoring_preview"),
    path("scoring/names/", scoring.scoring_names, name="scoring_names"),
    path("scoring/night/", scoring.scoring_night, name="scoring_night"),
    path("nights/", nights.nights, name="nights"),
    path("nights/check/", nights.night_check, name="night_check"),
    path("nights/jobs/<int:job_id>/", nights.night_progress, name="night_progress"),
    path("nights/jobs/<int:job_id>/retry/", nights.night_retry, name="night_retry"),
]

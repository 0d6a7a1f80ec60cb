from django.urls import path

from dashboards.campaigns import views

urlpatterns = [
    path("campaigns/", views.campaign_list, name="campaigns"),
    path("campaigns.csv", views.campaigns_csv, name="campaigns_csv"),
    path("campaigns/new/", views.campaign_new, name="campaign_new"),
    path("campaigns/preview/", views.campaign_preview, name="campaign_preview"),
    path("campaigns/<int:pk>/", views.campaign_detail, name="campaign"),
    path("campaigns/<int:pk>/edit/", views.campaign_edit, name="campaign_edit"),
    path("campaigns/<int:pk>/start/", views.campaign_start, name="campaign_start"),
    path("campaigns/<int:pk>/arms.csv", views.arms_csv, name="campaign_arms"),
    path("messages/", views.message_list, name="messages"),
]

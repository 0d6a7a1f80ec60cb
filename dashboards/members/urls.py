from django.urls import path

from dashboards.members import erasures, history, own, views

urlpatterns = [
    path("members/erased/", erasures.erasures, name="member_erasures"),
    path("members/<int:pk>/", views.member, name="member"),
    path("members/<int:pk>/history/", history.member_history, name="member_history"),
    path("members/changes/<int:pk>/", history.member_change, name="member_change"),
    path("members/<int:pk>/reveal/", views.member_reveal, name="member_reveal"),
    path("members/<int:pk>/export/", views.member_export, name="member_export"),
    path("members/<int:pk>/link/", own.member_link, name="member_link"),
    path("members/<int:pk>/links/revoke/", own.member_links_revoke, name="member_links_revoke"),
    path("members/<int:pk>/tags/", own.member_tag_add, name="member_tag_add"),
    path("members/<int:pk>/tags/remove/", own.member_tag_remove, name="member_tag_remove"),
    path("members/<int:pk>/erase/", erasures.member_erase, name="member_erase"),
]

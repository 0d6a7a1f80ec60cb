from django.urls import path

from dashboards.members import erasures, views

urlpatterns = [
    path("members/erased/", erasures.erasures, name="member_erasures"),
    path("members/<int:pk>/", views.member, name="member"),
    path("members/<int:pk>/reveal/", views.member_reveal, name="member_reveal"),
    path("members/<int:pk>/export/", views.member_export, name="member_export"),
    path("members/<int:pk>/erase/", erasures.member_erase, name="member_erase"),
]

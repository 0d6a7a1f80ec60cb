from django.urls import path

from dashboards.members import views

urlpatterns = [
    path("members/<int:pk>/", views.member, name="member"),
    path("members/<int:pk>/reveal/", views.member_reveal, name="member_reveal"),
    path("members/<int:pk>/export/", views.member_export, name="member_export"),
]

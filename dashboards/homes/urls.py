from django.urls import path

from dashboards.homes import views

urlpatterns = [
    path("", views.home, name="home"),
    path("first-steps/night/", views.first_night, name="first_night"),
]

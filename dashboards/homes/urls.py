from django.urls import path

from dashboards.homes import views

urlpatterns = [path("", views.home, name="home")]

from django.urls import path

from dashboards.own import views

urlpatterns = [
    path("me/<str:token>/", views.own, name="own"),
    path("me/<str:token>/language/", views.own_language, name="own_language"),
    path("me/<str:token>/download/", views.own_download, name="own_download"),
    path("me/<str:token>/<path:name>/", views.own_deed, name="own_deed"),
]

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from demo.accounts import demo_logins

log_in = LoginView.as_view(
    template_name="registration/login.html",
    extra_context={"demo_logins": demo_logins, "can_send_mail": bool(settings.EMAIL_URL)},
)

urlpatterns = [
    path("login/", log_in, name="login"),
    path("login/", log_in, name="account_login"),  # What django-allauth calls it.
    path("language/", login_not_required(set_language), name="set_language"),
    path("admin/", admin.site.urls),
    path("", include("dashboards.homes.urls")),
    path("", include("organization.urls")),
    path("", include("organization.account.urls")),
    path("", include("dashboards.campaigns.urls")),
    path("", include("dashboards.members.urls")),
    path("", include("dashboards.segments.urls")),
]

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from django.views.i18n import set_language

from demo.accounts import demo_logins

log_in = LoginView.as_view(redirect_authenticated_user=True, extra_context={"demo_logins": demo_logins})
log_out = login_not_required(LogoutView.as_view())

urlpatterns = [
    path("login/", log_in, name="login"),
    path("logout/", log_out, name="logout"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("", include("dashboards.homes.urls")),
    path("", include("organization.urls")),
    path("", include("dashboards.campaigns.urls")),
    path("", include("dashboards.members.urls")),
    path("", include("dashboards.segments.urls")),
    path("", include("dashboards.own.urls")),
]

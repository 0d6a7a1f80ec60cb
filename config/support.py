"""Django's admin, to look at only: for admins, through our own log-in."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from organization.look_only import LookOnlyAdmin
from organization.models import Staff

# Log-in, log-out and passwords have one door, ours; the rest is for forms we do not have.
NOT_OFFERED = {
    "logout",
    "password_change",
    "password_change_done",
    "autocomplete",
    "view_on_site",
}


class SupportSite(AdminSite):
    site_title = _("Huiyan support")
    site_header = _("Huiyan support")
    index_title = _("What is stored")
    final_catch_all_view = False
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, Staff) and request.user.sees_everything

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only what is read-only: libraries would offer accounts, secrets and sessions for editing."""
        if admin_class is not None and issubclass(admin_class, LookOnlyAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inside = super().admin_view(view, cacheable)

        @wraps(inside)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_permission(request):
                raise PermissionDenied
            if "%00" in request.GET.urlencode():  # No column holds a zero byte.
                raise Http404
            answer: HttpResponse = inside(request, *args, **kwargs)
            return answer

        return checked

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Our own log-in, with its second factor and its throttling."""
        back = request.GET.get("next", reverse("admin:index"))
        if not request.user.is_authenticated:
            return redirect_to_login(back)
        if not self.has_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:index"))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [url for url in super().get_urls() if getattr(url, "name", None) not in NOT_OFFERED]

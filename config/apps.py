from django.contrib.admin.apps import AdminConfig


class SupportConfig(AdminConfig):
    """Django's admin with our rules on who may enter."""

    default_site = "config.support.SupportSite"

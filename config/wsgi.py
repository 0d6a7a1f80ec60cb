import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_wsgi_application()

from config.charsets import utf8_only  # noqa: E402
from organization.checks import refuse_wrong_keys  # noqa: E402

refuse_wrong_keys()
application = utf8_only(django_application)

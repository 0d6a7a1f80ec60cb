"""Log-in, second factor and sessions: what differs from django-allauth, which does the rest."""

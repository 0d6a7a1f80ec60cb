"""What a password must be beyond Django's own checks."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import ngettext


class LengthValidator(MinimumLengthValidator):
    """Django's, with a sentence that is there in every language: its own is translated to English only."""

    def get_error_message(self) -> str:
        text = ngettext(
            "This password is too short: it needs at least %(n)s character.",
            "This password is too short: it needs at least %(n)s characters.",
            self.min_length,
        )
        return text % {"n": self.min_length}

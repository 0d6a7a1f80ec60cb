"""One form for each identity, so that the same card or phone is found however it was typed."""

import re

from django.utils.translation import gettext as _

from organization.imports.columns import BadCell


def clean_card(text: str) -> str:
    text = text.replace(" ", "").upper()
    if not 1 <= len(text) <= 40:
        raise BadCell(_("A card number has 1 to 40 characters."))
    return text


def clean_phone(text: str) -> str:
    """Digits only; the country code of mainland China is dropped."""
    if len(text) == 11 and text[0] == "1" and text.isascii() and text.isdigit():
        return text  # As almost all are written: nothing would be taken off.
    if "*" in text:
        raise BadCell(_("This phone number is masked. Send it whole or leave the cell empty."))
    digits = re.sub(r"[\s\-().]", "", text)
    digits = re.sub(r"^(\+|00)86", "", digits).lstrip("+")
    if not digits.isdigit() or not digits.isascii() or not 6 <= len(digits) <= 15:
        raise BadCell(_("This is not a phone number."))
    return digits


def clean_wechat(text: str) -> str:
    if not re.fullmatch(r"[\w\-]{4,64}", text, re.ASCII):
        raise BadCell(_("This is not a WeChat id."))
    return text

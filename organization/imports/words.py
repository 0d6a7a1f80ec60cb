"""How a file was read, in words."""

from typing import Any

from django.utils.translation import gettext as _

FORMATS = {"csv": "CSV", "json": "JSON", "jsonl": "JSON Lines", "parquet": "Parquet", "xlsx": "XLSX"}


def read_as(reading: dict[str, Any]) -> str:
    """Such as "CSV in UTF-8, cells parted by semicolons"."""
    name = FORMATS.get(reading.get("format", "csv"), "")
    encoding = reading.get("encoding", "").upper()
    is_text = name in ("CSV", "JSON", "JSON Lines") and encoding
    words = [_("%(format)s in %(encoding)s") % {"format": name, "encoding": encoding} if is_text else name]
    delimiters = {
        "\t": _("cells parted by tabs"),
        ";": _("cells parted by semicolons"),
        "|": _("cells parted by bars"),
    }
    words.append(delimiters.get(reading.get("delimiter", ""), ""))
    words.append(_("cells in single quotation marks") if reading.get("quote") == "'" else "")
    if sheet := reading.get("sheet"):
        words.append(_("sheet %(sheet)s") % {"sheet": sheet})
    if member := reading.get("member"):
        words.append(_("unpacked from a ZIP archive (%(name)s)") % {"name": member})
    elif reading.get("wrapper") == "gzip":
        words.append(_("unpacked with gzip"))
    return _(", ").join(word for word in words if word)


def written_as(form: dict[str, Any]) -> str:
    """How a column writes its numbers or dates; "" where there is nothing to say."""
    seen = form.get("seen", [])
    thousands = " ".join(form.get("thousands", "").replace(" ", "␣"))
    order = form.get("order", "")
    notes = {
        "full_width": _("full-width digits"),
        "currency": _("currency signs"),
        "parentheses": _("negatives in parentheses"),
        "trailing_minus": _("minus behind the number"),
        "year_first": "2026-03-05",
        "compact": "20260305",
        "chinese": "2026年3月5日",
        "day_dot": "05.03.2026",
        "year_last": _("day/month/year") if order == "dmy" else _("month/day/year"),
        "serial": _("serial numbers of Excel"),
    }
    words = [
        _("decimal comma") if form.get("decimal") == "," else "",
        _("thousands parted by %(mark)s") % {"mark": thousands} if thousands else "",
        *(notes[name] for name in seen),
    ]
    return _(", ").join(word for word in words if word)

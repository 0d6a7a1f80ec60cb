"""How a file was read, in words."""

from typing import Any

from django.utils.translation import gettext as _

FORMATS = {"csv": "CSV", "jsonl": "JSON Lines", "parquet": "Parquet", "xlsx": "XLSX"}


def read_as(reading: dict[str, Any]) -> str:
    """Such as "CSV in UTF-8, cells parted by semicolons"."""
    name = FORMATS.get(reading.get("format", "csv"), "")
    encoding = reading.get("encoding", "").upper()
    is_text = name in ("CSV", "JSON Lines") and encoding
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

"""Only UTF-8 is read. Names of other character sets end in faults, some before Django has a request."""

from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
PLAIN = [("Content-Type", "text/plain; charset=utf-8")]


def utf8_only(application: Application) -> Application:
    """What claims to be written in another character set is refused unread."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if _is_utf8(environ.get("CONTENT_TYPE", "")):
            return application(environ, start_response)
        start_response("400 Bad Request", PLAIN)
        return [b"Requests must be written in UTF-8.\n"]

    return answer


def _is_utf8(content_type: str) -> bool:
    try:
        _type, parameters = parse_header_parameters(content_type)
    except ValueError:
        return False
    return str(parameters.get("charset", "utf-8")).lower() == "utf-8"

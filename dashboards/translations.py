"""The catalogue of translations: what the sources say, what is translated, what is wrong with it.

Written here because gettext's programs are not on every machine; Babel reads and writes the files.
"""

import ast
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

LANGUAGE = "zh_Hans"
KINDS = ("*.py", "*.html", "*.txt")
NOT_READ = {"tests", "locale", "docs", "static", "migrations"}
# Written by hand: a header with dates and versions would change for nothing.
HEADER = """msgid ""
msgstr ""
"Language: zh_Hans\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
PLACEHOLDER = re.compile(r"%\(\w+\)[.\d]*[sdf]|\{\w*\}")
TAG = re.compile(r"</?\w+")
# Where each function of django.utils.translation takes context, text and plural.
ARGUMENTS: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
}
KEYWORDS = dict.fromkeys(["_", *ARGUMENTS])  # None: all arguments, in their order.


class Text(NamedTuple):
    """A text of the sources; `plural` is empty where it has none."""

    context: str
    text: str
    plural: str = ""


def source_texts(root: Path) -> dict[Text, set[str]]:
    """Every text to translate, with the files it stands in."""
    found: dict[Text, set[str]] = {}
    for path in _sources(root):
        read = _of_python if path.suffix == ".py" else _of_template
        for text in read(path.read_text(encoding="utf-8")):
            found.setdefault(text, set()).add(str(path.relative_to(root)))
    return found


def po_path(root: Path) -> Path:
    return root / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def load(root: Path) -> Catalog:
    if not po_path(root).exists():
        return Catalog(locale=LANGUAGE)
    with po_path(root).open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def merged(texts: Mapping[Text, set[str]], old: Catalog) -> Catalog:
    """A catalogue of exactly these texts, with the translations there are."""
    new = Catalog(locale=LANGUAGE)
    for text, files in texts.items():
        known = old.get(text.text, context=text.context or None)
        entry = new.add(
            (text.text, text.plural) if text.plural else text.text,
            locations=[(file, 0) for file in sorted(files)],
            context=text.context or None,
        )
        if known and _forms(known):
            entry.string = tuple(_forms(known)) if text.plural else _forms(known)[0]
    return new


def save(root: Path, catalogue: Catalog) -> None:
    po_path(root).parent.mkdir(parents=True, exist_ok=True)
    with po_path(root).open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, catalogue, width=100, omit_header=True, sort_output=True, include_lineno=False)


def compile_catalogue(root: Path) -> Path:
    """Write the binary form Django reads."""
    target = po_path(root).with_suffix(".mo")
    binary = io.BytesIO()
    write_mo(binary, load(root))
    target.write_bytes(binary.getvalue())
    return target


def problems(texts: Mapping[Text, set[str]], catalogue: Catalog) -> list[str]:
    """What is untranslated, unsure, or lost a placeholder or a tag; one sentence each."""
    found = []
    for text, files in sorted(texts.items()):
        entry = catalogue.get(text.text, context=text.context or None)
        wrong = _wrong_with(text, entry)
        if wrong:
            found.append(f"{wrong}: {text.text!r} ({min(files)})")
    return found


def _wrong_with(text: Text, entry: Entry | None) -> str:
    if entry is None or not _forms(entry):
        return "not translated"
    if entry.fuzzy:
        return "marked as unsure"
    # Chinese has one form, so it must do for the plural.
    asked = text.plural or text.text
    for form in _forms(entry):
        for pattern in (PLACEHOLDER, TAG):
            if sorted(pattern.findall(form)) != sorted(pattern.findall(asked)):
                return f"placeholders or tags differ in {form!r}"
    return ""


def _forms(entry: Entry) -> list[str]:
    """The translations of an entry; empty unless all are there."""
    forms = [entry.string] if isinstance(entry.string, str) else list(entry.string or ())
    return [form for form in forms if form] if all(forms) else []


def _sources(root: Path) -> Iterator[Path]:
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in NOT_READ:
            paths = sorted(path for kind in KINDS for path in folder.rglob(kind))
            yield from (path for path in paths if not NOT_READ & set(path.parts[len(root.parts) :]))


def _of_template(source: str) -> Iterator[Text]:
    # Django turns a template into calls amid filler; its indentation is none a tokenizer accepts.
    lines = (line.strip() for line in templatize(source).splitlines())
    made = io.BytesIO("\n".join(lines).encode())
    for _line, function, found, _comments in extract_python(made, KEYWORDS, (), {"encoding": "utf-8"}):
        yield _text(
            "gettext" if function == "_" else str(function), [found] if isinstance(found, str) else found
        )


def _of_python(source: str) -> Iterator[Text]:
    tree = ast.parse(source)
    functions = {
        name.asname or name.name: name.name.removesuffix("_lazy").removesuffix("_noop")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            function = functions.get(node.func.id, "")
            arguments = [getattr(argument, "value", None) for argument in node.args]
            if function in ARGUMENTS and isinstance(arguments[ARGUMENTS[function][1]], str):
                yield _text(function, arguments)


def _text(function: str, arguments: Sequence[object]) -> Text:
    context, text, plural = ARGUMENTS[function]
    return Text(
        str(arguments[context]) if context is not None else "",
        str(arguments[text]),
        str(arguments[plural]) if plural is not None else "",
    )

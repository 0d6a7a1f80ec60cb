"""Every text a person may read has a Chinese translation that keeps its placeholders."""

from collections.abc import Iterator
from datetime import date

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings
from django.utils import translation

from dashboards import translations
from dashboards.homes.words import full_day, hours
from dashboards.translations import Text


@pytest.fixture
def chinese() -> Iterator[None]:
    translations.compile_catalogue(settings.BASE_DIR)
    with translation.override("zh-hans"):
        yield


def catalogue(text: Text, string: str) -> Catalog:
    made = translations.merged({text: {"a.py"}}, Catalog(locale="zh_Hans"))
    entry = made.get(text.text, context=text.context or None)
    assert entry is not None
    entry.string = (string,) if text.plural else string
    return made


def test_it_is_all_translated() -> None:
    texts = translations.source_texts(settings.BASE_DIR)
    assert len(texts) > 500
    assert translations.problems(texts, translations.load(settings.BASE_DIR)) == []


def test_it_keeps_no_text_that_is_gone() -> None:
    texts = translations.source_texts(settings.BASE_DIR)
    kept = {(entry.context, entry.id) for entry in translations.load(settings.BASE_DIR) if entry.id}
    asked = {(text.context or None, (text.text, text.plural) if text.plural else text.text) for text in texts}
    assert kept == asked


@pytest.mark.parametrize(
    ("text", "string"),
    [
        (Text("", "%(n)s members"), "会员"),
        (Text("", "%(n)s members"), "%(m)s 名会员"),
        (Text("", "%(n)s member", "%(n)s members"), "名会员"),
        (Text("", "Type <b>%(name)s</b>"), "输入 %(name)s"),
        (Text("", "Cost, {sign}"), "成本"),
        (Text("", "Members"), ""),
    ],
)
def test_it_finds_what_a_translation_lost(text: Text, string: str) -> None:
    assert len(translations.problems({text: {"a.py"}}, catalogue(text, string))) == 1


def test_it_accepts_a_whole_translation() -> None:
    text = Text("", "%(n)s member", "%(n)s members")
    assert translations.problems({text: {"a.py"}}, catalogue(text, "%(n)s 名会员")) == []


def test_it_keeps_translations_and_drops_texts_that_are_gone() -> None:
    old = catalogue(Text("day", "Friday"), "周五")
    new = translations.merged({Text("day", "Friday"): {"a.py"}, Text("", "New"): {"a.py"}}, old)
    friday = new.get("Friday", context="day")
    assert friday is not None and friday.string == "周五"
    again = translations.merged({Text("", "New"): {"a.py"}}, new)
    assert again.get("Friday", context="day") is None


def test_it_reads_templates_and_python() -> None:
    template = """
      {% load i18n %}{% translate "One" context "c" %}{{ _("Two") }}
      {% blocktranslate trimmed count n=n %}
        {{ n }} row
      {% plural %}
        {{ n }} rows
      {% endblocktranslate %}"""
    assert list(translations._of_template(template)) == [
        Text("c", "One"),
        Text("", "Two"),
        Text("", "%(n)s row", "%(n)s rows"),
    ]
    source = """
from django.utils.translation import gettext_lazy as _t, ngettext
_t("a" "b")
ngettext("c", "d", 2)"""
    assert list(translations._of_python(source)) == [Text("", "ab"), Text("", "c", "d")]


def test_it_writes_days_as_chinese_does(chinese: None) -> None:
    assert full_day(date(2026, 11, 20)) == "2026年11月20日 周五"
    assert hours([18, 19, 23, 24]) == "18:00–20:00、23:00–01:00"


def test_it_writes_days_as_english_does() -> None:
    with translation.override("en"):
        assert full_day(date(2026, 11, 20)) == "Friday 20 November 2026"

from typing import Any

import pytest

from campaigns.policy.content import lint, message_body, offer_findings
from sales.models import Brand, Product

NAMES = ("云岭", "云岭(硬经典)", "Red Crane")


def words(text: str, **more: Any) -> list[str]:
    return [finding.word for finding in lint(text, **more)]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("香烟九折", "香烟"),
        ("香　烟 九折", "香烟"),
        ("香·烟九折", "香烟"),
        ("香煙優惠", "香煙"),
        ("买一条烟送打火机", "烟"),
        ("電子煙新品", "電子煙"),
        ("Buy CIGARETTES today", "cigar"),
        ("ｃｉｇａｒｅｔｔｅ deals", "cigar"),
        ("c i g a r s", "cigar"),
        ("a new e cig", "e-cig"),
        ("Vape shop", "vape"),
        ("v.a.p.e", "vape"),
        ("🚬 半价", "🚬"),
        ("买烟 火速来", "烟"),
        ("香\u200b烟", "香烟"),
        ("火因九折", "火因"),
        ("爆珠新品", "爆珠"),
        ("сіgаrs today", "cigar"),  # Cyrillic letters
        ("c\u0336i\u0336g\u0336a\u0336r", "cigar"),
        ("cigárs", "cigar"),
        ("🅲🅸🅶🅰🆁 shop", "cigar"),
        ("🇨🇮🇬🇦🇷", "cigar"),
        ("c1g4rs", "cigar"),
        ("t0b@cco", "tobacco"),
        ("2cigars for 1", "cigar"),
        ("vape4u", "vape"),
        ("xiāng yān", "xiangyan"),
        ("cigs", "cigs"),
    ],
)
def test_it_finds_tobacco_however_it_is_written(text: str, word: str) -> None:
    assert word in words(text)


@pytest.mark.parametrize(
    "text",
    [
        "本周到店饮料第二件半价",
        "烟台苹果新到",
        "春节烟花祝福",
        "烟熏三文鱼九折",
        "Smoked salmon sandwich",
        "满100元减10元，4.5折起，第2件$5 @ 1号店",
        "Cigna, Xiang, décor and place cards",
        "Nova pens, half price",
        "",
    ],
)
def test_it_lets_other_goods_pass(text: str) -> None:
    assert words(text, names=NAMES) == []


def test_it_finds_each_word_once_and_the_longest_only() -> None:
    assert words("香烟, 香烟!") == ["香烟"]


@pytest.mark.parametrize("text", ["云 岭新品", "ＲＥＤ　ｃｒａｎｅ", "red-crane"])
def test_it_finds_names_of_the_catalogue(text: str) -> None:
    assert len(words(text, names=NAMES)) == 1


def test_it_does_not_find_a_name_inside_another_word() -> None:
    assert words("Shared cranes", names=NAMES) == []


def test_it_exempts_the_sender_only() -> None:
    assert words("江城烟酒祝您节日快乐", sender="江城烟酒") == []
    assert words("江城烟酒香烟九折", sender="江城烟酒") == ["香烟"]


def test_it_says_which_word_which_rule_and_what_is_allowed() -> None:
    sentence = lint("香烟九折")[0].sentence
    assert "香烟" in sentence
    assert "article 22" in sentence
    assert "drinks" in sentence


@pytest.mark.django_db
def test_it_takes_only_tobacco_names_from_the_catalogue() -> None:
    brand = Brand.objects.create(name="松鹤")
    Product.objects.create(code="1", name="松鹤(细支)", brand=brand, is_tobacco=True)
    Product.objects.create(code="2", name="酸梅汤", is_tobacco=False)
    assert [finding.word for finding in offer_findings("松鹤，酸梅汤半价")] == ["松鹤"]


@pytest.mark.parametrize(
    ("offer", "channel", "end"),
    [
        ("饮料半价", "sms", "拒收请回复R"),
        ("Half-price drinks", "sms", "拒收请回复R"),
        ("Half-price drinks", "email", "unsubscribe"),
        ("饮料半价", "email", "退订请回复本邮件"),
    ],
)
def test_it_signs_every_message_and_shows_the_way_out(
    offer: str, channel: str, end: str, settings: Any
) -> None:
    settings.SENDER_NAME = "江城便利"
    body = message_body(offer=offer, channel=channel)
    assert body.startswith("【江城便利】")
    assert offer in body
    assert body.endswith(end)

"""What a message may say: no tobacco, a sender, a way out."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns.policy.rules import TOBACCO_CONTENT
from members.models import Channel
from organization import company
from sales.models import Product

# Longest first, so that the sentence names the whole word.
CHINESE_WORDS = (
    "加热不燃烧",
    "电子烟",
    "電子煙",
    "尼古丁",
    "香烟",
    "香煙",
    "卷烟",
    "捲煙",
    "烟草",
    "煙草",
    "烟丝",
    "烟弹",
    "烟具",
    "雪茄",
    "吸烟",
    "抽烟",
    "雾化弹",
    "爆珠",
    "火因",  # 烟 written as its two halves
)
CHINESE_SIGNS = ("烟", "煙", "菸", "🚬", "🚭")
# Words with 烟 that are not about tobacco: fireworks, a city and its apples, smoked food.
HARMLESS = ("烟花", "烟火", "烟台", "烟熏", "煙花", "煙火", "煙熏")
LATIN_STEMS = ("cigar", "tobacco", "nicotine", "e-cig", "vaping")  # and however they go on
LATIN_WORDS = ("smoke", "smokes", "smoker", "smokers", "smoking", "vape", "vapes", "snus", "hookah", "shisha",
               "cig", "cigs", "xiangyan", "juanyan", "yancao", "dianziyan", "xuejia")  # fmt: skip
# Letters of other scripts, and letters in boxes and flags, that are read as Latin ones.
LOOK_ALIKES = str.maketrans(
    "авсеіјкмнорԛѕтухѵᴀᴄᴇɡɢıɪᴋɴᴏʀᴛᴠοαικνρτυχγε", "abceijkmhopqstuxvaceggiiknortvoaikvptuxye"
) | {first + place: chr(97 + place) for first in (0x1F150, 0x1F170, 0x1F1E6) for place in range(26)}
DIGITS_AS_LETTERS = str.maketrans("013457@$", "oieastas")

OPT_OUT = {
    Channel.SMS: "拒收请回复R",
    Channel.WECHAT: "退订请回复R",
    Channel.EMAIL: "退订请回复本邮件",
}
OPT_OUT_EN = {
    Channel.SMS: "Reply R to stop / 拒收请回复R",
    Channel.WECHAT: "Reply R to stop",
    Channel.EMAIL: "Reply to this e-mail to unsubscribe",
}
# With fewer letters a name would be found inside everyday words.
SHORTEST_NAME = 2


@dataclass(frozen=True)
class Finding:
    word: str

    @property
    def sentence(self) -> str:
        return _(
            "“%(word)s” names tobacco: %(source)s. %(rule)s "
            "Allowed are offers of drinks, snacks and services, greetings and surveys without it."
        ) % {"word": self.word, "source": TOBACCO_CONTENT.source, "rule": TOBACCO_CONTENT.sentence}


def offer_findings(offer: str) -> list[Finding]:
    """What the offer may not say; empty if it may go out."""
    return lint(offer, names=tobacco_names(), sender=company.current().sender_name)


def tobacco_names() -> set[str]:
    """Brand and product names of the tobacco products in the catalogue."""
    pairs = Product.objects.filter(is_tobacco=True).values_list("name", "brand__name").distinct()
    return {name for pair in pairs for name in pair if name}


def lint(text: str, *, names: Iterable[str] = (), sender: str = "") -> list[Finding]:
    """Words of tobacco in a text, each once; the registered sender's name is exempt.

    Case, full or half width, accents, look-alikes, and spaces or signs between the letters make
    no difference.
    """
    parts = text.split(sender) if sender else [text]
    known = list(names)
    found = dict.fromkeys(word for part in parts for word in _words_in(part, known))
    return [Finding(word) for word in found]


def message_body(*, offer: str, channel: str) -> str:
    """The text as it goes out: signed by the sender, with a way out at its end."""
    ways = OPT_OUT if _is_chinese(offer) else OPT_OUT_EN
    return f"【{company.current().sender_name}】{offer.strip()} {ways[Channel(channel)]}"


def _words_in(text: str, names: list[str]) -> Iterator[str]:
    plain = _plain(text)
    joined = _joined(plain)
    yield from _chinese_words(plain, joined)
    spellings = (plain, plain.translate(DIGITS_AS_LETTERS))
    for word in (*LATIN_STEMS, *LATIN_WORDS):
        pattern = _latin(word, whole=word in LATIN_WORDS, beside="a-z")
        if any(pattern.search(spelling) for spelling in spellings):
            yield word
    for name in names:
        if _names(_joined(_plain(name)), plain=plain, joined=joined):
            yield name


def _chinese_words(plain: str, joined: str) -> Iterator[str]:
    """Each word that is left when the longer ones are taken out; then signs outside any word.

    A harmless word counts only where it is written without a gap: 买烟 火速 is not about fireworks.
    """
    for word in CHINESE_WORDS:
        if word in joined:
            yield word
            joined = joined.replace(word, " ")
            plain = re.sub(r"[\W_]*".join(word), " ", plain)
    for word in HARMLESS:
        plain = plain.replace(word, " ")
    yield from (sign for sign in CHINESE_SIGNS if sign in plain)


def _names(name: str, *, plain: str, joined: str) -> bool:
    if len(name) < SHORTEST_NAME or name not in joined:
        return False
    return _is_chinese(name) or bool(_latin(name, whole=True).search(plain))


def _latin(word: str, *, whole: bool, beside: str = "a-z0-9") -> re.Pattern[str]:
    """The word at the start of a word of the text, however its letters are spaced.

    `beside`: what would make it part of another word.
    """
    letters = r"[\W_]*".join(re.escape(letter) for letter in word if letter.isalnum())
    return re.compile(rf"(?<![{beside}]){letters}{f'(?![{beside}])' if whole else ''}")


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in letters if unicodedata.category(letter) not in ("Mn", "Cf"))
    return bare.translate(LOOK_ALIKES)


def _joined(plain: str) -> str:
    return re.sub(r"[\W_]+", "", plain)


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)

"""What of a file may be shown: values of persons are masked wherever they stand."""

import re

from organization.models import ImportKind

# Words in a title below which values are personal.
_PERSONAL_TITLE = re.compile(
    r"name|phone|mobile|tel|wechat|weixin|openid|mail|card|member|customer|birth|address|loyalty"
    r"|姓名|昵称|手机|电话|微信|邮箱|卡号|会员|客户|顾客|生日|出生|地址|身份证",
    re.IGNORECASE,
)
_NOT_A_PERSON = re.compile(
    r"product|goods|item|store|shop|outlet|brand|商品|品名|门店|店|品牌", re.IGNORECASE
)
_LONG_NUMBER = re.compile(r"(?<!\d)\d{15,}(?!\d)")
# The hundred commonest family names: in a file without titles a short text that begins so may be a person.
_CHINESE_NAME = re.compile(
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟"
    "姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严欧莫孔向常汤]"
    "[\u4e00-\u9fff]{1,2}"
)
# Values of these columns are personal and are masked on a page.
PERSONAL = {"phone", "card", "wechat", "name", "email"}
# Where a row lacks a cell, its values stand in the wrong columns.
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


def cell_shown(kind: str, title: str, value: str) -> str:
    """A cell of a file whose columns nobody has named yet; `title` is "" where there is none."""
    is_person = bool(_PERSONAL_TITLE.search(title)) and not _NOT_A_PERSON.search(title)
    looks_so = bool(_LONG_NUMBER.search(value)) or "@" in value
    is_name = not title and bool(_CHINESE_NAME.fullmatch(value.strip()))
    hides = is_person or looks_so or is_name or is_personal(kind, "", value)
    return masked(value) if hides else value


def problem_shown(kind: str, column: str, value: str) -> str:
    return masked(value) if is_personal(kind, column, value) else value


def is_personal(kind: str, column: str, value: str) -> bool:
    """By its column; or by its look: a mobile number, in a file of members anything like a name."""
    is_name = kind == ImportKind.MEMBERS and not value.isascii()
    names_a_thing = column == "name" and kind in (ImportKind.STORES, ImportKind.PRODUCTS)
    return (column in PERSONAL and not names_a_thing) or is_name or bool(_MOBILE.search(value))


def masked(value: str) -> str:
    """Enough of a phone or card number to find it again in the file, nothing of a name."""
    if not value:
        return ""
    shows = len(value) >= 10 and value.isascii()
    return f"{value[:3]}••••{value[-2:]}" if shows else "••••"

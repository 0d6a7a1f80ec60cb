"""The columns of a file of members, and how each cell becomes a value."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.imports.identities import clean_card, clean_phone, clean_wechat
from members.models import Sex
from members.tags import clean_tags
from organization.imports import columns as cells
from organization.imports.columns import YES_NO, BadCell, Column

MEMBERS = (
    Column("card", gettext_lazy("Card number"), ("card_no", "consumersid", "会员卡号", "卡号")),
    Column("phone", gettext_lazy("Phone"), ("mobile", "mobilephone", "手机", "手机号码", "会员手机")),
    Column("wechat", gettext_lazy("WeChat id"), ("wechat_id", "微信号", "openid")),
    Column("name", gettext_lazy("Name of the person"), ("nickName", "姓名", "昵称")),
    Column(
        "sex",
        gettext_lazy("Sex"),
        ("性别",),
        choices=(("1", gettext_lazy("male")), ("2", gettext_lazy("female")), ("0", gettext_lazy("unknown"))),
    ),
    Column(
        "birth_date",
        gettext_lazy("Date of birth"),
        ("dateOfBirth", "birthday", "出生日期", "生日"),
        holds="day",
    ),
    Column(
        "store",
        gettext_lazy("Enrolment store"),
        ("tobaccoLicense", "license_code", "许可证号", "门店编码", "开卡门店"),
        True,
    ),
    Column("enrolled_on", gettext_lazy("Enrolled on"), ("enrol_date", "开卡日期", "入会日期"), holds="day"),
    Column("age_method", gettext_lazy("How age was verified"), ("年龄核验方式",)),
    Column("age_verified_at", gettext_lazy("When age was verified"), ("年龄核验时间",), holds="moment"),
    Column("age_clerk", gettext_lazy("Who verified age"), ("年龄核验人",)),
    Column("consent_sms", gettext_lazy("Consent to SMS"), ("短信营销同意",), choices=YES_NO),
    Column("consent_wechat", gettext_lazy("Consent to WeChat"), ("微信营销同意",), choices=YES_NO),
    Column("consent_email", gettext_lazy("Consent to e-mail"), ("邮件营销同意",), choices=YES_NO),
    Column("self_excluded", gettext_lazy("Self-excluded"), ("退出营销",), choices=YES_NO),
    Column("tags", gettext_lazy("Tags"), ("tag", "标签", "会员标签")),
)
# Nobody: they allow no message, and no phone begins with 10.
EXAMPLES = (
    {
        "card": "80000001", "phone": "10000000001", "name": gettext_lazy("Example member one"), "sex": "1",
        "birth_date": "1980-05-17", "store": "990000000001", "enrolled_on": "2026-01-15",
        "age_method": gettext_lazy("identity card"), "age_verified_at": "2026-01-15 10:30:00",
        "age_clerk": "E01", "consent_sms": "0", "consent_wechat": "0", "consent_email": "0",
        "self_excluded": "0",
    },
    {
        "card": "80000002", "phone": "10000000002", "name": gettext_lazy("Example member two"), "sex": "2",
        "birth_date": "1991-11-02", "store": "990000000002", "enrolled_on": "2026-02-01", "consent_sms": "0",
        "consent_wechat": "0", "consent_email": "0", "self_excluded": "1",
    },
)  # fmt: skip
SEXES = {
    "0": Sex.UNKNOWN, "1": Sex.MALE, "2": Sex.FEMALE, "男": Sex.MALE, "女": Sex.FEMALE, "未知": Sex.UNKNOWN,
    "m": Sex.MALE, "f": Sex.FEMALE,
}  # fmt: skip


# What systems write where nobody has looked.
NOT_VERIFIED = ("0", "no", "n", "none", "false", "unverified", "not verified", "否", "无", "未核验", "未验证")


def _method(cell: str) -> str:
    return "" if cell.lower() in NOT_VERIFIED else cells.text(40)(cell)


# The value of each wish that ends something; the other value begins or allows it.
ENDED_BY = {"self_excluded": True, "consent_sms": False, "consent_wechat": False, "consent_email": False}


def cleaners(*, find_store: Callable[[str], int], today: date) -> dict[str, Callable[[str], Any]]:
    """One cleaner per column; `today` bounds days of birth, enrolment and verification."""

    def birth_date(cell: str) -> date:
        day = cells.day(cell)
        if not date(today.year - 120, 1, 1) <= day <= today:
            raise BadCell(_("Nobody alive was born on this day."))
        return day

    def past_day(cell: str) -> date:
        day = cells.day(cell)
        if not date(1990, 1, 1) <= day <= today:
            raise BadCell(_("This day lies in the future or before 1990."))
        return day

    def past_moment(cell: str) -> datetime:
        moment = cells.moment(cell)
        if not date(1990, 1, 1) <= moment.date() <= today:
            raise BadCell(_("This day lies in the future or before 1990."))
        return moment

    return {
        "card": clean_card,
        "phone": clean_phone,
        "wechat": clean_wechat,
        "name": cells.text(40),
        "sex": cells.choice(SEXES),
        "birth_date": birth_date,
        "store": find_store,
        "enrolled_on": past_day,
        "age_method": _method,
        "age_verified_at": past_moment,
        "age_clerk": cells.text(40),
        "consent_sms": cells.flag,
        "consent_wechat": cells.flag,
        "consent_email": cells.flag,
        "self_excluded": cells.flag,
        "tags": clean_tags,
    }


def endings(values: dict[str, Any]) -> dict[str, Any]:
    """Of clean values those that end something: a request to be left alone, a withdrawn consent."""
    return {name: value for name, value in ENDED_BY.items() if values.get(name) is value}


def endings_of_refused(row: dict[str, str], cleaners: dict[str, Callable[[str], Any]]) -> dict[str, Any]:
    """Of a refused row: whose it is and what it ends; empty if it ends nothing.

    A request to be left alone must not wait until somebody has mended the birth date beside it.
    """
    values = {}
    for name in ("card", "phone", "wechat", *ENDED_BY):
        with suppress(KeyError, BadCell):
            values[name] = cleaners[name](row[name])
    ends = endings(values)
    identities = {name: values[name] for name in ("card", "phone", "wechat") if name in values}
    return identities | ends if ends else {}

"""The columns of a file of accounts, and what their cells mean."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from organization.imports import columns as cells
from organization.imports.columns import YES_NO, BadCell, Column
from organization.models import Region, Role, Staff, Store

STAFF = (
    Column(
        "username", gettext_lazy("Username"), ("user", "login", "account", "用户名", "账号", "工号"), True
    ),
    Column(
        "name",
        pgettext_lazy("of a person", "Name"),
        ("display_name", "full_name", "姓名", "员工姓名", "名称"),
    ),
    Column(
        "email", gettext_lazy("E-mail address"), ("email_address", "mail", "邮箱", "电子邮箱", "电子邮件")
    ),
    Column("role", gettext_lazy("Role"), ("角色", "岗位"), choices=tuple(Role.choices)),
    Column("stores", gettext_lazy("Stores"), ("store", "门店", "门店编码", "许可证号")),
    Column("regions", gettext_lazy("Regions"), ("region", "片区", "区域")),
    Column(
        "active",
        pgettext_lazy("of an account", "Active"),
        ("is_active", "启用", "是否启用", "在职"),
        choices=YES_NO,
    ),
)
EXAMPLES = (
    {
        "username": "example.manager", "name": gettext_lazy("Example manager"), "role": "manager",
        "stores": "S0001", "active": "1",
    },
    {
        "username": "example.marketer", "name": gettext_lazy("Example marketer"), "role": "marketer",
        "regions": gettext_lazy("Example company/East"), "active": "1",
    },
)  # fmt: skip
ROLES = {
    **{role.value: role.value for role in Role},
    "店长": Role.MANAGER.value,
    "营销": Role.MARKETER.value,
    "营销人员": Role.MARKETER.value,
    "审批": Role.APPROVER.value,
    "审批人": Role.APPROVER.value,
    "管理员": Role.ADMIN.value,
}
_is_username = UnicodeUsernameValidator()
_is_email = EmailValidator()


def cleaners() -> dict[str, Callable[[str], Any]]:
    """Stores and regions become sets of ids, looked up in what is here now."""
    return {
        "username": _username,
        "name": cells.text(150),
        "email": _email,
        "role": cells.choice(ROLES),
        "stores": _ids(
            _stores(), _("One of these is neither the code nor the licence number of a store here.")
        ),
        "regions": _ids(
            _regions(), _("One of these is not the path of a region here, such as Company/East.")
        ),
        "active": cells.choice(cells.FLAGS | {"在职": True, "离职": False, "启用": True, "停用": False}),
    }


def _username(cell: str) -> str:
    name = str(Staff.normalize_username(cell))
    try:
        _is_username(name)
    except ValidationError:
        raise BadCell(_("A username is letters, digits and @ . + - _ only.")) from None
    return cells.text(150)(name)


def _email(cell: str) -> str:
    try:
        _is_email(cell)
    except ValidationError:
        raise BadCell(_("This is not an e-mail address.")) from None
    return cells.text(254)(cell)


def _ids(known: dict[str, int], sentence: str) -> Callable[[str], frozenset[int]]:
    def clean(cell: str) -> frozenset[int]:
        names = [name for part in cell.replace("；", ";").split(";") if (name := _plain(part))]
        if not all(name in known for name in names):
            raise BadCell(sentence)
        return frozenset(known[name] for name in names)

    return clean


def _plain(path: str) -> str:
    return "/".join(part.strip() for part in path.split("/") if part.strip())


def _stores() -> dict[str, int]:
    """By licence number and by code; where one store's code is another's number, the code counts."""
    numbers = dict(Store.unscoped.values_list("licence_number", "pk"))
    return numbers | dict(Store.unscoped.values_list("code", "pk"))


def _regions() -> dict[str, int]:
    """By path of names from the root, in Chinese and in English."""
    regions = {region.pk: region for region in Region.objects.all()}
    known: dict[str, int] = {}
    for names in (lambda region: region.name_en or region.name, lambda region: region.name):
        for region in regions.values():
            above = [regions[int(pk)] for pk in region.path.strip("/").split("/")]
            known["/".join(map(names, above))] = region.pk
    return known

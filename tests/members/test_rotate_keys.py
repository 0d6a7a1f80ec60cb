"""A new field key beside the old one, then alone: everything readable and found, nobody doubled."""

from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from pytest_django import Settings

from config.embedded import database_url
from members.models import Member, MemberIdentity
from organization import crypto, rotation
from organization.imports.runner import LOCK
from organization.models import Import, ImportKind, QuarantinedRow, Secret, Staff, Store
from organization.sealing import SealedFile
from sales.models import Receipt
from tests.organization.importing import counts, take_in
from tests.organization.undoing import undo
from tests.sales.importing import line, make_products, take

NEW = "5a" * 32
HEADER = "card_no,mobile,wechat_id,nickName,license_code,sex\n"
FILE = HEADER + "".join(f"C{n},1390000{n:04},wx_{n:04},姓名{n},0001,1\n" for n in range(7))
BAD = HEADER + "C99,13900009999,wx_9999,姓名,0001,9\n"


@pytest.fixture(autouse=True)
def _taken_in(store: Store) -> None:
    make_products()
    take_in(ImportKind.MEMBERS, FILE)
    take_in(ImportKind.MEMBERS, BAD)
    take(sold())


def sold() -> list[dict[str, object]]:
    """Two known members, one by card and one by phone, and one never seen before."""
    return [line("R1", consumersid="C1"), line("R2", mobilephone="13900000002"), line("R3", consumersid="X")]


def both_keys(settings: Settings) -> None:
    settings.OLD_FIELD_KEYS, settings.FIELD_KEY = [settings.FIELD_KEY], NEW


def rotate(**options: Any) -> str:
    out = StringIO()
    call_command("rotate_keys", stdout=out, **options)
    return out.getvalue()


def people() -> list[tuple[int, str | None, list[str]]]:
    return [
        (member.pk, member.name, sorted(member.identities.values_list("value", flat=True)))
        for member in Member.unscoped.order_by("pk")
    ]


def test_it_finds_everybody_while_both_keys_are_there(settings: Settings) -> None:
    before = people()
    both_keys(settings)
    assert counts(take_in(ImportKind.MEMBERS, FILE)) == {"read": 7, "unchanged": 7}
    changed = FILE.replace("姓名", "改名")
    assert counts(take_in(ImportKind.MEMBERS, changed)) == {"read": 7, "updated": 7}
    assert counts(take(sold())) == {"read": 3, "unchanged": 3}
    again = take([line("R4", consumersid="C1"), line("R5", mobilephone="13900000002")])
    assert again.made["members"] == 0
    owners = dict(Receipt.unscoped.values_list("number", "member"))
    assert (owners["R4"], owners["R5"]) == (owners["R1"], owners["R2"])
    assert [identities for _pk, _name, identities in people()] == [each[2] for each in before]


def test_an_import_from_before_can_be_undone_when_the_old_key_is_gone(settings: Settings) -> None:
    before = people()
    changed = take_in(ImportKind.MEMBERS, FILE.replace("姓名", "改名"))
    both_keys(settings)
    rotate()
    settings.OLD_FIELD_KEYS = []
    undo(changed)
    assert people() == before


def test_it_adds_an_identity_of_the_new_key_to_a_member_of_the_old(settings: Settings) -> None:
    both_keys(settings)
    take_in(ImportKind.MEMBERS, "card_no,mobile,license_code\nX,13911110000,0001\n")
    stranger = Receipt.unscoped.get(number="R3").member
    assert stranger is not None
    assert sorted(stranger.identities.values_list("kind", flat=True)) == ["card", "phone"]


def test_it_seals_everything_anew_and_then_needs_no_old_key(settings: Settings) -> None:
    before, receipts = people(), list(Receipt.unscoped.order_by("pk").values_list("pk", "content", "member"))
    both_keys(settings)
    assert "members.MemberIdentity: 22 values still need an old key" in rotate(check=True)
    said = rotate()
    assert "uploads: 3 sealed anew" in said
    assert "OLD_FIELD_KEYS may be emptied" in said
    settings.OLD_FIELD_KEYS = []
    assert people() == before
    assert crypto.keys_fit()
    for identity in MemberIdentity.unscoped.all():
        assert bytes(identity.lookup) == crypto.lookup(identity.kind, identity.value)
    assert QuarantinedRow.unscoped.get().value == "9"
    for path in Import.unscoped.values_list("path", flat=True):
        assert SealedFile(Path(path)).open().read()
    assert counts(take_in(ImportKind.MEMBERS, FILE)) == {"read": 7, "unchanged": 7}
    assert counts(take(sold())) == {"read": 3, "unchanged": 3}
    assert people() == before
    assert list(Receipt.unscoped.order_by("pk").values_list("pk", "content", "member")) == receipts


def test_it_goes_on_where_it_was_killed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = people()
    both_keys(settings)
    monkeypatch.setattr(rotation, "BATCH", 2)
    write, written = rotation._write, []

    def killed_in_the_third_batch(*args: Any) -> None:
        write(*args)
        written.append(args)
        if len(written) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(rotation, "_write", killed_in_the_third_batch)
    with pytest.raises(KeyboardInterrupt):
        rotate()
    left = sum(rotation.values_under_old_keys().values())
    assert left > 0
    assert counts(take_in(ImportKind.MEMBERS, FILE)) == {"read": 7, "unchanged": 7}
    monkeypatch.setattr(rotation, "_write", write)
    rotate()
    settings.OLD_FIELD_KEYS = []
    assert people() == before
    assert counts(take(sold())) == {"read": 3, "unchanged": 3}


def test_it_does_nothing_the_second_time(settings: Settings) -> None:
    both_keys(settings)
    rotate()
    values = dict(MemberIdentity.unscoped.values_list("pk", "lookup"))
    said = rotate()
    assert "rows sealed anew" not in said
    assert "uploads: 0 sealed anew" in said
    assert dict(MemberIdentity.unscoped.values_list("pk", "lookup")) == values


def test_it_seals_second_factors_anew(settings: Settings, admin: Staff) -> None:
    adapter = get_adapter()
    data = {"secret": adapter.encrypt("S1"), "codes": [adapter.encrypt("C1")], "used_mask": 3}
    factor = Authenticator.objects.create(user=admin, type=Authenticator.Type.TOTP, data=data)
    both_keys(settings)
    assert "second factors: 2 values still need an old key" in rotate(check=True)
    rotate()
    settings.OLD_FIELD_KEYS = []
    factor.refresh_from_db()
    assert adapter.decrypt(factor.data["secret"]) == "S1"
    assert adapter.decrypt(factor.data["codes"][0]) == "C1"
    assert factor.data["used_mask"] == 3


def test_it_rotates_what_others_register(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def of_another_app(write: bool) -> int:
        asked.append(write)
        return 0 if asked.count(True) else 5

    monkeypatch.setattr(crypto, "rotations", {})
    monkeypatch.setattr(rotation, "rotations", crypto.rotations)
    crypto.register_rotation("second factors", of_another_app)
    both_keys(settings)
    assert "second factors: 5 values still need an old key" in rotate(check=True)
    rotate()
    assert asked == [False, True, False]


def test_it_covers_every_model_with_a_sealed_field() -> None:
    labels = [model._meta.label for model in crypto.models_with_sealed_fields()]
    assert {"members.Member", "members.MemberIdentity", "organization.QuarantinedRow"} <= set(labels)
    assert labels[-1] == "organization.Secret"


def test_it_says_in_one_sentence_that_the_key_is_wrong(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert crypto.keys_fit()
    settings.FIELD_KEY = NEW
    assert not crypto.keys_fit()
    with pytest.raises(SystemExit):
        rotate()
    assert capsys.readouterr().err.startswith("FIELD_KEY is not the key this database was sealed with.")
    with pytest.raises(CommandError, match="FIELD_KEY is not the key"):
        call_command("check", databases=["default"])


@pytest.mark.parametrize("key", ["", "00", "g" * 64, "a" * 63])
def test_it_says_that_a_key_is_none(settings: Settings, key: str) -> None:
    settings.OLD_FIELD_KEYS = [key]
    with pytest.raises(CommandError, match="must be 64 hexadecimal digits"):
        call_command("check")


def test_it_fits_where_nothing_was_sealed_yet(settings: Settings) -> None:
    Secret.unscoped.all().delete()
    settings.FIELD_KEY = NEW
    assert crypto.keys_fit()


@pytest.mark.django_db(transaction=True)
def test_it_takes_back_no_change_made_meanwhile(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who changes a name while its batch is sealed anew waits for it, instead of being overwritten."""
    both_keys(settings)
    write, refused = rotation._write, []

    def change_meanwhile(*args: Any) -> None:
        with psycopg2.connect(database_url(str(connection.settings_dict["NAME"]))) as other:
            with other.cursor() as cursor, pytest.raises(psycopg2.errors.LockNotAvailable):
                cursor.execute("SET lock_timeout = '200ms'; UPDATE members_member SET name = NULL")
            refused.append(args)
        other.close()
        write(*args)

    monkeypatch.setattr(rotation, "_write", change_meanwhile)
    rotation._rotate_model(Member, lambda said: None)
    assert refused


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_an_import_that_looks_members_up(settings: Settings) -> None:
    """Else a file would look for an identity where it no longer stands, and make the member twice."""
    both_keys(settings)
    with (
        psycopg2.connect(database_url(str(connection.settings_dict["NAME"]))) as importing,
        importing.cursor() as other,
    ):
        other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        with pytest.raises(OperationalError):
            rotation._rotate_model(MemberIdentity, lambda said: None)
    importing.close()
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")
    rotation._rotate_model(MemberIdentity, lambda said: None)
    assert rotation.values_under_old_keys()["members.MemberIdentity"] == 0

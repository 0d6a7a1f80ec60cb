"""Files at rest: nothing plain on the disk, read from any place, every change to them noticed."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from organization import crypto
from organization.jobs import JobError
from organization.sealing import BLOCK, HEAD, TAG, SealedFile, SealedWriter, reseal

OTHER = "ab" * 32


def sealed(path: Path, plain: bytes, *, step: int = 700_001) -> SealedFile:
    with SealedWriter(path) as writer:
        for start in range(0, len(plain), step):
            writer.write(plain[start : start + step])
    return SealedFile(path)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_it_reads_what_was_written(tmp_path: Path, size: int) -> None:
    plain = os.urandom(size)
    file = sealed(tmp_path / "a", plain)
    assert file.size == size
    with file.open() as handle:
        assert handle.read() == plain
        handle.seek(-min(64, size), os.SEEK_END)
        assert handle.read() == plain[size - min(64, size) :]
        handle.seek(size // 2)
        assert handle.read(5) == plain[size // 2 : size // 2 + 5]
        assert handle.tell() == min(size, size // 2 + 5)


def test_it_leaves_nothing_plain_and_shows_it_to_nobody(tmp_path: Path) -> None:
    path = sealed(tmp_path / "in" / "a", b"19987654321\n" * 200_000).path
    assert b"19987654321" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_it_deletes_what_was_not_finished(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), SealedWriter(tmp_path / "a") as writer:
        writer.write(b"x")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def _cut(content: bytes) -> bytes:
    return content[: HEAD + BLOCK + TAG]


def _cut_within(content: bytes) -> bytes:
    return content[:-1]


def _swapped(content: bytes) -> bytes:
    block = BLOCK + TAG
    first, second = content[HEAD : HEAD + block], content[HEAD + block : HEAD + 2 * block]
    return content[:HEAD] + second + first + content[HEAD + 2 * block :]


def _left_out(content: bytes) -> bytes:
    return content[:HEAD] + content[HEAD + BLOCK + TAG :]


def _flipped(content: bytes) -> bytes:
    return content[: HEAD + 7] + bytes([content[HEAD + 7] ^ 1]) + content[HEAD + 8 :]


def _plain(content: bytes) -> bytes:
    return b"card_no,mobile\nC1,19987654321\n"


@pytest.mark.parametrize("harm", [_cut, _cut_within, _swapped, _left_out, _flipped, _plain])
def test_it_notices_every_change(tmp_path: Path, harm: object) -> None:
    file = sealed(tmp_path / "a", os.urandom(3 * BLOCK + 5))
    file.path.write_bytes(harm(file.path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(JobError, match="changed or cut off"), file.open() as handle:
        handle.read()


@pytest.mark.parametrize("harm", [_cut, _cut_within])
def test_it_notices_a_lost_end_before_the_first_byte(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    """Who reads the first rows only must not take half a file for a whole one."""
    file = sealed(tmp_path / "a", b"x" * (3 * BLOCK))
    file.path.write_bytes(harm(file.path.read_bytes()))
    with pytest.raises(JobError, match="changed or cut off"):
        file.open()


def test_it_moves_a_file_to_a_new_key(tmp_path: Path, settings: Settings) -> None:
    file = sealed(tmp_path / "a", b"plain" * BLOCK)
    assert not reseal(file.path, write=True)
    settings.OLD_FIELD_KEYS, settings.FIELD_KEY = [settings.FIELD_KEY], OTHER
    assert reseal(file.path, write=False)
    assert reseal(file.path, write=True)
    assert not reseal(file.path, write=True)
    settings.OLD_FIELD_KEYS = []
    assert file.open().read() == b"plain" * BLOCK


def test_it_seals_a_file_from_before_files_were_sealed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"19987654321" * BLOCK)
    assert reseal(path, write=False)
    assert reseal(path, write=True)
    assert not reseal(path, write=True)
    assert b"19987654321" not in path.read_bytes()
    assert SealedFile(path).open().read() == b"19987654321" * BLOCK
    assert list(tmp_path.iterdir()) == [path]


def test_it_says_when_the_key_of_a_file_is_missing(tmp_path: Path, settings: Settings) -> None:
    file = sealed(tmp_path / "a", b"plain")
    settings.FIELD_KEY = OTHER
    with pytest.raises(JobError, match="its key is missing"):
        file.open()


def test_it_reads_values_of_the_first_version(settings: Settings) -> None:
    nonce = os.urandom(12)
    first = b"\x01" + nonce + crypto.ring()[0].cipher.encrypt(nonce, "欧阳".encode(), None)
    assert crypto.decrypt(first) == "欧阳"
    settings.OLD_FIELD_KEYS, settings.FIELD_KEY = [settings.FIELD_KEY], OTHER
    assert crypto.decrypt(first) == "欧阳"
    settings.OLD_FIELD_KEYS = []
    with pytest.raises(crypto.WrongKey):
        crypto.decrypt(first)


def test_its_keys_are_those_of_every_version_before(settings: Settings) -> None:
    """Made anew in another way, no member would be found and no name could be read."""
    settings.FIELD_KEY = OTHER
    key = crypto.ring()[0]
    assert crypto.lookup("phone", "13900000001").hex() == "f6c8d2e341f412228cdccf062cf953bb"
    assert key.id.hex() == "7a2d5dbe"
    sealed_then = bytes.fromhex("83f2f733d0f5d8585a0d64a3547357ce5dcd3d3b7351")
    assert crypto.decrypt(crypto.VERSION + key.id + bytes(12) + sealed_then) == "欧阳"


def test_it_seals_equal_values_differently_and_finds_each_kind_apart() -> None:
    """Who reads the table must not see which two members have one name; nor a card that is a phone."""
    assert len({crypto.encrypt("王") for _time in range(50)}) == 50
    assert crypto.lookup("card", "13900000001") == crypto.lookup("card", "13900000001")
    assert crypto.lookup("card", "13900000001") != crypto.lookup("phone", "13900000001")

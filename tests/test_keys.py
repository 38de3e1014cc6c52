"""The master key and the signing key: made once, kept private, rotated, refused when unsafe."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from edgeverify import keys as keys_module
from edgeverify.errors import KeyUnusableError, StateError
from edgeverify.keys import (
    MasterKey,
    key_id,
    load_master_key,
    load_signing_keys,
    public_pem,
    rotate_signing_keys,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


def master(
    folder: Path,
    setting: str = "",
    *,
    credentials: Path | None = None,
    may_create: bool = True,
) -> MasterKey:
    return load_master_key(
        setting,
        config_folder=folder,
        default=folder / "master.key",
        environ={} if credentials is None else {"CREDENTIALS_DIRECTORY": str(credentials)},
        may_create=may_create,
    )


def key_file(path: Path, content: bytes = bytes(range(32)), mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_the_master_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = master(tmp_path)
    assert len(first.secret) == 32
    assert master(tmp_path).secret == first.secret
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["master.key"]


def test_no_new_master_key_is_made_where_references_wait_for_the_old_one(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusableError, match=r"the master key is absent: .*master\.key"):
        master(tmp_path, may_create=False)
    assert not list(tmp_path.iterdir())


def test_a_systemd_credential_wins_over_a_made_key(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    # systemd shows 0440 where it grants the service's user through an access control list
    key_file(folder / "master-key", b"c" * 32, 0o440)
    assert master(tmp_path, credentials=folder).secret == b"c" * 32
    assert not (tmp_path / "master.key").exists()


def _kept_for_systemd(tmp_path: Path, name: str) -> Path:
    """A credential where the drop-ins take it from, as a command outside the service sees it."""
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    (folder / name).write_bytes(b"e" * 32)
    (folder / name).chmod(0o600)
    return folder / name


@pytest.mark.parametrize("setting", ["", "master-key"])
def test_a_command_outside_the_service_finds_the_credential(tmp_path: Path, setting: str) -> None:
    path = _kept_for_systemd(tmp_path, "master-key")
    found = master(tmp_path, setting)
    assert (found.secret, found.source) == (b"e" * 32, str(path))


@contextmanager
def _somebody_else() -> Iterator[None]:
    """Let root's tests be a user, root no more, who may not look into root's folders."""
    is_root = os.getuid() == 0
    if is_root:
        os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        if is_root:
            os.setresuid(0, 0, 0)


@pytest.fixture
def closed() -> Iterator[Path]:
    """A config folder whose credentials are for root alone, beside a state for everybody."""
    with TemporaryDirectory() as name:  # not below pytest's own, which is closed as a whole
        folder = Path(name)
        folder.chmod(0o755)
        _kept_for_systemd(folder, "master-key")
        (folder / "state").mkdir()
        (folder / "state").chmod(0o777)
        if os.getuid() != 0:
            (folder / "credentials").chmod(0)
        yield folder
        (folder / "credentials").chmod(0o700)


def test_a_service_that_may_not_look_into_roots_folder_makes_its_own_key(closed: Path) -> None:
    """The installed folder of credentials is closed to it, whether anything is in it or not."""
    key = closed / "state/key"
    with _somebody_else():
        found = load_master_key("", config_folder=closed, default=key, environ={}, may_create=True)
    assert found.source == str(key)


def test_who_may_not_read_a_credential_that_the_config_names_is_told_to_use_sudo(
    closed: Path,
) -> None:
    key = closed / "state/key"
    with _somebody_else(), pytest.raises(KeyUnusableError) as refused:
        load_master_key(
            "master-key", config_folder=closed, default=key, environ={}, may_create=True
        )
    assert "with sudo" in refused.value.advice


def test_root_that_works_as_the_states_owner_reads_it_as_root(closed: Path) -> None:
    if os.getuid() != 0:
        (closed / "credentials").chmod(0o700)
    else:
        os.seteuid(65534)
    try:
        found = load_master_key(
            "master-key",
            config_folder=closed,
            default=closed / "none",
            environ={},
            may_create=False,
        )
        assert os.geteuid() == (65534 if os.getuid() == 0 else os.getuid())
    finally:
        os.seteuid(os.getuid())
    assert found.secret == b"e" * 32


def test_until_the_service_took_a_new_credential_over_the_key_in_the_state_counts(
    tmp_path: Path,
) -> None:
    made = master(tmp_path)
    _kept_for_systemd(tmp_path, "master-key")
    assert master(tmp_path).secret == made.secret


def test_a_credential_may_have_any_name_that_the_config_states(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    key_file(folder / "door7", b"d" * 32)
    assert master(tmp_path, "door7", credentials=folder).secret == b"d" * 32


def test_a_key_file_is_relative_to_the_config(tmp_path: Path) -> None:
    key_file(tmp_path / "door.key", b"f" * 32)
    assert master(tmp_path, "door.key").secret == b"f" * 32


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o660, 0o620])
def test_a_key_that_others_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    key_file(tmp_path / "door.key", mode=mode)
    with pytest.raises(KeyUnusableError, match=f"readable by others: .* has mode {mode:04o}") as e:
        master(tmp_path, "door.key")
    assert e.value.advice == f"Run: chmod 600 {tmp_path / 'door.key'}"


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_is_exactly_32_bytes(tmp_path: Path, length: int) -> None:
    key_file(tmp_path / "door.key", bytes(length))
    with pytest.raises(KeyUnusableError, match=f"must be 32 raw bytes, and .* has {length}"):
        master(tmp_path, "door.key")


def test_a_key_behind_a_link_or_in_a_folder_is_refused(tmp_path: Path) -> None:
    key_file(tmp_path / "real.key")
    (tmp_path / "link.key").symlink_to(tmp_path / "real.key")
    (tmp_path / "folder.key").mkdir()
    for name in ("link.key", "folder.key"):
        with pytest.raises(KeyUnusableError):
            master(tmp_path, name)


def test_secrets_are_in_no_repr(tmp_path: Path) -> None:
    key = master(tmp_path)
    assert repr(key) == f"MasterKey(source={str(tmp_path / 'master.key')!r})"
    signing = load_signing_keys(tmp_path / "signing-keys.json", now=NOW)
    assert repr(signing) == f"SigningKeys(keyid={signing.keyid!r}, previous=0)"


def test_the_signing_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "signing-keys.json"
    first = load_signing_keys(file, now=NOW)
    again = load_signing_keys(file, now=NOW + timedelta(days=400))
    assert (again.keyid, again.made_at) == (first.keyid, NOW)
    assert file.stat().st_mode & 0o777 == 0o600
    first.public.verify(again.private.sign(b"decision"), b"decision")


def test_the_key_id_follows_from_the_public_key_alone(tmp_path: Path) -> None:
    keys = load_signing_keys(tmp_path / "signing-keys.json", now=NOW)
    public = load_pem_public_key(public_pem(keys.public).encode())
    assert key_id(public) == keys.keyid  # type: ignore[arg-type]


def test_after_a_rotation_both_keys_count_for_the_stated_time(tmp_path: Path) -> None:
    file = tmp_path / "signing-keys.json"
    load_signing_keys(file, now=NOW)
    old, new = rotate_signing_keys(file, now=NOW, previous_days=30)
    assert old.keyid != new.keyid
    assert load_signing_keys(file, now=NOW).keyid == new.keyid
    assert set(new.accepted(NOW + timedelta(days=29))) == {new.keyid, old.keyid}
    assert set(new.accepted(NOW + timedelta(days=30))) == {new.keyid}


def test_a_rotation_destroys_the_old_private_key_and_forgets_expired_ones(tmp_path: Path) -> None:
    file = tmp_path / "signing-keys.json"
    load_signing_keys(file, now=NOW)
    first, second = rotate_signing_keys(file, now=NOW, previous_days=30)
    assert b64encode(first.private.private_bytes_raw()) not in file.read_bytes()
    later = NOW + timedelta(days=31)
    _, third = rotate_signing_keys(file, now=later, previous_days=30)
    assert set(third.accepted(later)) == {third.keyid, second.keyid}


def test_rotating_to_zero_days_ends_the_old_key_at_once(tmp_path: Path) -> None:
    file = tmp_path / "signing-keys.json"
    with pytest.raises(KeyUnusableError, match="there is no signing key yet"):
        rotate_signing_keys(file, now=NOW, previous_days=0)
    load_signing_keys(file, now=NOW)
    _, new = rotate_signing_keys(file, now=NOW, previous_days=0)
    assert set(new.accepted(NOW)) == {new.keyid}


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\x00\xff", b'{"schema_version": 1, "private": "AAAA", "made_at": 1}']
)
def test_a_damaged_signing_key_is_named_and_never_replaced_by_itself(
    tmp_path: Path, content: bytes
) -> None:
    file = key_file(tmp_path / "signing-keys.json", content)
    with pytest.raises(KeyUnusableError, match="is damaged"):
        load_signing_keys(file, now=NOW)
    assert file.read_bytes() == content


def test_a_full_disk_is_no_broken_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 78 would keep systemd from ever trying again; by then there may be space."""

    def full(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keys_module, "write_whole", full)
    with pytest.raises(StateError, match=r"master key cannot be made.*No space"):
        master(tmp_path)
    with pytest.raises(StateError, match=r"signing key cannot be kept.*No space"):
        load_signing_keys(tmp_path / "signing-keys.json", now=NOW)
    assert StateError.exit_code != KeyUnusableError.exit_code

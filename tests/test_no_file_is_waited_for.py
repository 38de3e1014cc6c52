"""A pipe, a device or a folder where a file of the state belongs: told, and never waited for."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgeverify.bundle.canonical_json import sha256_of_file
from edgeverify.bundle.signature import require_signature
from edgeverify.client.subscriber_state import SequenceFile
from edgeverify.daemon.modes import Modes
from edgeverify.daemon.sealed_facts import PURPOSE, SealedFacts, StateFiles
from edgeverify.domain import DoorMode
from edgeverify.errors import BundleError, StateError
from edgeverify.journal import Journal
from edgeverify.journal.storage import Numbers
from edgeverify.operator_key import make_operator_key
from edgeverify.references.evidence import EvidenceFolder
from edgeverify.state import DOOR_FILE, existing_state, open_state
from tests.daemon.test_modes import House
from tests.doors import DOOR, NOON, decided, door_keys
from tests.waiting import patience


def _pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _folder(path: Path) -> None:
    path.mkdir()


@pytest.fixture(params=[_pipe, _device, _folder])
def put(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """Put something there that is no plain file, in place of what is there."""
    make: Callable[[Path], None] = request.param

    def instead(path: Path) -> None:
        path.unlink(missing_ok=True)
        make(path)

    return instead


@pytest.fixture(autouse=True)
def _no_wait_without_end() -> Iterator[None]:
    def too_long(*_: object) -> None:
        raise AssertionError("it waits, or reads without end")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(int(patience(10)))
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def test_whose_state_it_is(put: Callable[[Path], None], tmp_path: Path) -> None:
    state = open_state(tmp_path / "state", DOOR)
    put(state.folder / DOOR_FILE)
    for look in (open_state, existing_state):
        with pytest.raises(StateError, match="door"):
            look(state.folder, DOOR)


def test_the_mode_is_a_lock_down(put: Callable[[Path], None], tmp_path: Path) -> None:
    house = House(tmp_path)
    put(house.file)
    modes: Modes = house.start()
    assert modes.mode is DoorMode.LOCKDOWN


def test_the_numbers_are_not_known_and_the_door_decides(
    put: Callable[[Path], None], tmp_path: Path
) -> None:
    keys = door_keys(tmp_path)
    path = tmp_path / "journal.sqlite"
    first = Journal.open(path, now=NOON).journal
    last = first.record(decided("one", at=NOON), keys).decision.sequence
    first.close()
    put(tmp_path / "journal.numbers")
    assert Numbers(tmp_path / "journal.numbers").read() == 0
    second = Journal.open(path, now=NOON).journal
    assert second.record(decided("two", at=NOON), keys).decision.sequence > last
    second.close()


def test_a_key_file_that_is_sealed(put: Callable[[Path], None], tmp_path: Path) -> None:
    state = open_state(tmp_path / "state", DOOR)
    door_keys(state.folder)
    journal = Journal.open(state.journal, now=NOON).journal
    files = StateFiles(state, SealedFacts(journal, b"k" * 32, PURPOSE))
    files.keep()
    put(state.signing_keys)
    assert files.look()
    journal.close()


def test_a_lock_s_number(put: Callable[[Path], None], tmp_path: Path) -> None:
    put(tmp_path / "sequence")
    with pytest.raises(StateError, match="which keeps the last sequence"):
        SequenceFile(tmp_path / "sequence").read()


def test_an_operator_s_number(put: Callable[[Path], None], tmp_path: Path) -> None:
    key = make_operator_key(tmp_path / "operator.key")
    put(tmp_path / "operator.key.sequence")
    with pytest.raises(StateError, match="number of the last command"):
        key.next_sequence(NOON)


def test_a_picture(put: Callable[[Path], None], tmp_path: Path) -> None:
    pictures = EvidenceFolder(tmp_path / "evidence", b"k" * 32)
    pictures.keep("a" * 32, b"jpeg")
    (kept,) = (tmp_path / "evidence").iterdir()
    put(kept)
    with pytest.raises(StateError, match="cannot be read"):
        pictures.open("a" * 32)


def test_the_files_of_a_model(put: Callable[[Path], None], tmp_path: Path) -> None:
    put(tmp_path / "model.onnx")
    with pytest.raises(OSError, match=r"plain file|directory"):
        sha256_of_file(tmp_path / "model.onnx")
    put(tmp_path / "bundle.sig")
    with pytest.raises(BundleError, match="cannot be read"):
        require_signature(door_keys(tmp_path).public, tmp_path / "bundle.sig", b"")

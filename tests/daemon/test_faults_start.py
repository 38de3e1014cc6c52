"""What must not start ends with the configuration's exit code and a sentence, not a traceback."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgeverify.demo.scenes import OWNER_CARD
from edgeverify.domain import Outcome, Reason
from edgeverify.journal.reading import recent
from tests.absent import absent
from tests.soak.conftest import props
from tests.soak.notifications import Notifications
from tests.soak.props import Props
from tests.soak.traffic import Witness
from tests.soak.world import World, world
from tests.waiting import patience, until

__all__ = ["props"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, props: Props) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("door"), props) as made:
        yield made


def _unreadable_key(door: World) -> str:
    key = door.folder / "master.key"
    key.write_bytes(bytes(32))
    key.chmod(0o644)
    door.configure(keys={"master_key_file": "master.key"})
    return "master.key"


def _key_of_another_length(door: World) -> str:
    key = door.folder / "short.key"
    key.write_bytes(bytes(31))
    key.chmod(0o600)
    door.configure(keys={"master_key_file": "short.key"})
    return "short.key"


def _golden_mismatch(door: World) -> str:
    """A bundle whose files are whole, and whose network gives other answers than it states."""
    folder = door.folder / "turned"
    shutil.copytree(door.props.models / "dlib-resnet", folder)
    golden = json.loads((folder / "golden.json").read_bytes())
    answers = golden["frames"][0]["answers"]["fp32"]
    golden["frames"][0]["answers"]["fp32"] = answers[1:] + answers[:1]
    raw = json.dumps(golden).encode()
    (folder / "golden.json").write_bytes(raw)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"]["golden.json"] = hashlib.sha256(raw).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    door.configure(model={"bundle": str(folder), "accept_weak": True, "threads": 1})
    return "golden check"


def _altered_model(door: World) -> str:
    folder = door.folder / "altered"
    shutil.copytree(door.props.models / "dlib-resnet", folder)
    with (folder / "model.onnx").open("r+b") as model:
        model.seek(1000)
        model.write(b"\x00\xff")
    door.configure(model={"bundle": str(folder), "threads": 1})
    return "altered or damaged"


def _unknown_key(door: World) -> str:
    door.configure(treshold=0.9)
    return "treshold"


@pytest.mark.parametrize(
    "break_it",
    [_unreadable_key, _key_of_another_length, _golden_mismatch, _altered_model, _unknown_key],
)
def test_it_does_not_start_and_says_why_in_a_sentence(
    door: World, break_it: Callable[[World], str]
) -> None:
    (door.folder / "daemon.log").unlink(missing_ok=True)
    said = break_it(door)
    try:
        code = door.spawn().wait(patience(60))
    finally:
        door.changes.clear()
        door.configure()
    assert code == os.EX_CONFIG, door.log
    assert said in door.log
    assert "Traceback" not in door.log


def test_it_starts_without_camera_and_broker_and_takes_each_as_it_comes(door: World) -> None:
    """After a power cut everything comes up in any order; nobody restarts the door."""
    said = Notifications(door.folder / "notify")
    door.environ["NOTIFY_SOCKET"] = str(said.path)
    door.camera.unplug()
    door.broker.stop()
    try:
        process = door.spawn()
        took = until(lambda: said.said("READY=1") > 0, "READY=1, degraded", 30.0)
        named = {"camera_offline", "broker_unreachable"}
        until(lambda: named <= door.reasons(), f"{named} in the status")
        door.broker.start()
        door.camera.start()
        until(door.is_well, "everything to be back", 30.0)
        with Witness(door.broker.port) as witness:
            witness.let_in(OWNER_CARD)
        assert door.process is process
        assert "Traceback" not in door.log
        print(f"ready without camera and broker after {took:.1f} s")  # noqa: T201
    finally:
        door.kill()
        del door.environ["NOTIFY_SOCKET"]
        said.close()


def test_it_starts_on_a_full_disk_denies_and_opens_when_there_is_space(door: World) -> None:
    if not door.has_small_disk:
        absent("only root can mount a small disk to fill")
    door.start()
    door.stop()
    door.fill_the_disk()
    _starts_in_trouble_and_recovers(door, door.free_the_disk, is_told=True)


def test_it_starts_on_a_read_only_disk_too(door: World) -> None:
    if not door.has_small_disk:
        absent("only root can mount a small disk and mount it again")
    door.start()
    door.stop()
    door.mount_again("ro")
    _starts_in_trouble_and_recovers(door, lambda: door.mount_again("rw"), is_told=False)


def _starts_in_trouble_and_recovers(
    door: World, mend: Callable[[], None], *, is_told: bool
) -> None:
    """`is_told`: a denial can be numbered, and so be published; else nobody hears anything."""
    said = Notifications(door.folder / "notify")
    door.environ["NOTIFY_SOCKET"] = str(said.path)
    (door.folder / "daemon.log").unlink(missing_ok=True)
    try:
        process = door.spawn()
        until(lambda: said.said("READY=1") > 0, "READY=1, degraded", 30.0)
        with Witness(door.broker.port) as witness:
            alarms = {"journal_unavailable", "references_in_memory"}
            until(lambda: alarms <= witness.alarms, "the alarm on `status`")
            name = witness.claim(OWNER_CARD)
            until(lambda: "the journal cannot commit" in door.log, "the denial in the log")
            if is_told:
                until(lambda: witness.answer(name) is not None, "the denial")
            answer = witness.answer(name)
            assert (answer is not None) == is_told
            assert answer is None or answer.reason is Reason.JOURNAL_UNAVAILABLE
            mend()
            back = until(door.is_well, "the journal to be back", 10.0)
            witness.let_in(OWNER_CARD)
            rows = {row.event_id for row in recent(door.journal, limit=1000)}
            granted = [h.decision for h in witness.live if h.decision.outcome is Outcome.GRANT]
            assert granted
            assert {one.event_id for one in granted} <= rows
        assert door.process is process
        assert "Traceback" not in door.log
        print(f"started in trouble: back after {back:.1f} s")  # noqa: T201
    finally:
        mend()
        door.kill()
        del door.environ["NOTIFY_SOCKET"]
        said.close()


@pytest.mark.parametrize("liveness", ["auto", "passive"])
def test_a_broken_pad_bundle_denies_and_never_falls_back(door: World, liveness: str) -> None:
    folder = _broken_pad_bundle(door.folder)
    door.configure(
        liveness=liveness,
        model={
            "bundle": str(door.props.models / "dlib-resnet"),
            "accept_weak": True,
            "pad_bundle": str(folder),
            "threads": 1,
        },
    )
    try:
        door.spawn()
        until(lambda: door.status().get("references") == 2, "both references")
        # A claim of QoS 0 that comes before the door listens is lost, as with a real reader.
        until(door.hears_claims, "a connection to the broker")
        assert "pad_broken" in door.reasons()
        with Witness(door.broker.port) as witness:
            decision = witness.ask(OWNER_CARD)
        assert (decision.outcome, decision.reason) == (Outcome.DENY, Reason.LIVENESS_UNAVAILABLE)
        assert "Traceback" not in door.log
    finally:
        door.kill()
        door.changes.clear()
        door.configure()


def _broken_pad_bundle(folder: Path) -> Path:
    broken = folder / "pad"
    broken.mkdir(exist_ok=True)
    (broken / "manifest.json").write_text("{}")
    return broken

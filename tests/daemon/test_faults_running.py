"""Disk, heat and network fail under a running door: it denies, says why, and comes back."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD
from edgeverify.domain import Outcome, Reason
from edgeverify.journal.reading import recent
from edgeverify.references.database import summaries
from tests.absent import absent
from tests.daemon.unfit_daemon import CHIP, HANG
from tests.soak.conftest import props
from tests.soak.notifications import Notifications
from tests.soak.props import Props
from tests.soak.traffic import Witness
from tests.soak.world import COOL, CRITICAL, STAFF, STANDING, World, world
from tests.waiting import until

__all__ = ["props"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

WATCHDOG_SECONDS = 6.0
"""Pinged every two seconds; a real unit has more (systemd/edgeverify.service)."""


@dataclass
class Watched:
    """A daemon under something that listens as systemd does."""

    world: World
    said: Notifications
    hang: Path
    chip: Path


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, props: Props) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("door")
    said, hang, chip = Notifications(folder / "notify"), folder / "hang", folder / "gpiochip"
    environ = {HANG: str(hang), CHIP: str(chip), "NOTIFY_SOCKET": str(said.path)}
    environ["WATCHDOG_USEC"] = str(int(WATCHDOG_SECONDS * 1e6))
    program = ("-m", "tests.daemon.unfit_daemon")
    with world(folder, props, environ=environ, program=program) as made:
        made.start()
        yield Watched(made, said, hang, chip)
    said.close()


def test_it_was_ready_and_said_so_in_words(door: Watched) -> None:
    until(lambda: door.said.said("READY=1") > 0, "READY=1")
    degraded = "STATUS=front-door: degraded: liveness_off"
    assert any(line.startswith(degraded) for _, line in door.said.heard)
    assert "model_weak" in door.world.reasons(), "its network is accepted, and said to be weak"
    # Both are said by other threads while MediaPipe makes its graphs with standard error shut.
    assert "camera ok" in door.world.log
    assert "ready after" in door.world.log


def test_a_full_disk_denies_and_the_door_is_back_when_there_is_space(door: Watched) -> None:
    made = door.world
    if not made.has_small_disk:
        absent("only root can mount a small disk to fill")
    with Witness(made.broker.port) as witness:
        witness.let_in(OWNER_CARD)
        with _full_disk(made):
            until(
                lambda: witness.ask(OWNER_CARD).reason is Reason.JOURNAL_UNAVAILABLE,
                "a denial for want of a journal",
            )
            until(lambda: "journal_unavailable" in made.reasons(), "the alarm in the status", 2.5)
        back = until(made.is_well, "the journal to be back", 10.0)
        witness.let_in(OWNER_CARD)
        rows = {row.event_id: row for row in recent(made.journal, limit=1000)}
        granted = [h.decision for h in witness.live if h.decision.outcome is Outcome.GRANT]
        assert granted
        assert all(decision.event_id in rows for decision in granted)
    print(f"disk full: back after {back:.1f} s")  # noqa: T201


def test_who_could_not_be_enrolled_on_a_full_disk_is_when_there_is_space(door: Watched) -> None:
    made = door.world
    if not made.has_small_disk:
        absent("only root can mount a small disk to fill")
    photo = made.folder / "eve.jpg"
    photo.write_bytes(made.props.other_id_photo)
    before = list(STAFF)
    with _full_disk(made):
        made.configure(staff=[*before, {"card": "1003", "name": "Eve", "photos": [photo.name]}])
        until(lambda: "enrolment_failed" in made.reasons(), "the failure to be named")
        (said,) = (one for one in _told(made) if one["name"] == "enrolment_failed")
        assert "full" in str(said["detail"])
    until(lambda: made.status().get("references") == 3, "everybody to be enrolled", 40)
    until(lambda: not made.reasons() - STANDING, "nothing to be wrong")
    made.configure(staff=before)
    until(made.is_well, "the config without her")


@contextmanager
def _full_disk(made: World) -> Iterator[None]:
    """Whatever is found on it, the tests that follow have room again."""
    made.fill_the_disk()
    try:
        yield
    finally:
        made.free_the_disk()


def _told(made: World) -> list[dict[str, object]]:
    found = made.status()["reasons"]
    assert isinstance(found, list)
    return [dict(one) for one in found if isinstance(one, dict)]


def test_heat_suspends_the_door_and_cooling_opens_it(door: Watched) -> None:
    made = door.world
    with Witness(made.broker.port) as witness:
        made.heat_to(CRITICAL)
        named = until(lambda: "overheated" in made.reasons(), "the heat to be named")
        until(lambda: _level(made) == "suspended", "the door to be suspended")
        witness.hears(OWNER_CARD, Reason.OVERHEATED)
        made.heat_to(COOL)
        back = until(made.is_well, "the door to have cooled")
        witness.let_in(OWNER_CARD)
    print(f"heat: named after {named:.1f} s, full again after {back:.1f} s")  # noqa: T201


def test_a_dead_temperature_sensor_degrades_and_denies_nobody(door: Watched) -> None:
    made = door.world
    with Witness(made.broker.port) as witness:
        made.heat_to("-256")
        until(lambda: "temperature_unknown" in made.reasons(), "the dead sensor to be named")
        witness.let_in(OWNER_CARD)
        made.heat_to(COOL)
        until(made.is_well, "the sensor to be back")


def test_a_full_table_of_open_files_is_named_and_the_door_is_back_by_itself(
    door: Watched,
) -> None:
    made = door.world
    assert made.process is not None
    before = resource.prlimit(made.process.pid, resource.RLIMIT_NOFILE)
    with Witness(made.broker.port) as witness:
        witness.let_in(OWNER_CARD)
        # As if something had leaked all others: whatever is open stays open, nothing else can be.
        resource.prlimit(made.process.pid, resource.RLIMIT_NOFILE, (3, before[1]))
        until(lambda: "open_files_exhausted" in door.said.status, "the full table to be named")
        for card in (OWNER_CARD, OTHER_CARD):
            assert witness.ask(card)  # granted or denied: nobody is left without an answer
        made.camera.unplug()
        made.proxy.cut()
        until(
            lambda: "camera_" in door.said.status and "broker_" in door.said.status,
            "the ends of both to be named",
            15,
        )
        made.camera.start()
        assert made.process.poll() is None
        resource.prlimit(made.process.pid, resource.RLIMIT_NOFILE, before)
        back = until(made.is_well, "the door to be back by itself")
        witness.let_in(OWNER_CARD)
    print(f"open files: back after {back:.1f} s")  # noqa: T201


def test_a_broken_config_leaves_the_door_as_it_was(door: Watched) -> None:
    made = door.world
    with Witness(made.broker.port) as witness:
        made.configure(liveliness="off")
        until(lambda: "config_rejected" in made.reasons(), "the broken config to be named")
        witness.let_in(OWNER_CARD)
        # Whoever asks for the reload hears it too, as `systemctl reload` does.
        refused = _reload(made)
        assert refused.returncode == os.EX_CONFIG
        assert "the old config stays in force" in refused.stderr
        assert "liveliness" in refused.stderr
        del made.changes["liveliness"]
        made.configure()
        taken = _reload(made)
        assert taken.returncode == 0, taken
        assert taken.stdout.splitlines() == ["the config is in force", "2 unchanged"]
        until(made.is_well, "the repaired config to be in force")


def test_leds_show_what_was_decided_and_without_their_chip_the_door_goes_on(door: Watched) -> None:
    made = door.world
    lamps = {  # which only a decision can move
        "green": {"line": 17, "prompt": []},
        "red": {"line": 27, "active": "low", "prompt": [], "fault": []},
    }
    with Witness(made.broker.port) as witness:
        made.configure(signals={"chip": str(door.chip), **lamps})
        until(lambda: "signals_unavailable" in made.reasons(), "the absent chip to be named")
        witness.let_in(OWNER_CARD)
        door.chip.touch()
        until(lambda: "signals_unavailable" not in made.reasons(), "the chip to be taken")
        assert door.chip.read_text("ascii").split("\n")[:2] == ["17 low", "27 high"]
        witness.let_in(OWNER_CARD)
        until(lambda: "17 high" in door.chip.read_text("ascii"), "the green one")
        witness.hears(OTHER_CARD, Reason.NON_MATCH)
        until(lambda: "27 low" in door.chip.read_text("ascii"), "the red one")
        del made.changes["signals"]
        made.configure()
        until(lambda: _levels(door) == {"17": "low", "27": "high"}, "both to go off")
        until(made.is_well, "the config without them")


def _levels(door: Watched) -> dict[str, str]:
    return dict(line.split() for line in door.chip.read_text("ascii").splitlines())


def test_a_hung_inference_is_not_hidden_from_the_watchdog(door: Watched) -> None:
    made = door.world
    with Witness(made.broker.port) as witness:
        witness.let_in(OWNER_CARD)
        began = time.monotonic()
        until(lambda: door.said.said("WATCHDOG=1", since=began) > 0, "a ping in good days")
        door.hang.touch()
        hung, name = time.monotonic(), witness.claim(OWNER_CARD)
        until(
            lambda: "no watchdog ping: stuck: door" in made.log, "the hung loop to be noticed", 20
        )
        silent = time.monotonic()
        print(f"hung inference: noticed {silent - hung:.1f} s after the claim")  # noqa: T201
        time.sleep(WATCHDOG_SECONDS)
        assert door.said.said("WATCHDOG=1", since=silent) == 0
        # systemd would kill it now. Where the inference comes back after all, so does the door;
        # the claim that waited meanwhile is far beyond its time.
        door.hang.unlink()
        until(lambda: door.said.said("WATCHDOG=1", since=silent) > 0, "pings again")
        until(lambda: witness.answer(name) is not None, "an answer after all")
        late = witness.answer(name)
        assert late is not None
        assert late.outcome is Outcome.DENY
        witness.let_in(OWNER_CARD)


def test_what_lies_in_the_state_is_what_the_door_writes_to(door: Watched) -> None:
    """Somebody tidies up, or puts an older copy back, while the door runs."""
    made = door.world
    with Witness(made.broker.port) as witness:
        witness.let_in(OWNER_CARD)
        references = made.state / "references.sqlite"
        references.write_bytes(bytes(8192))  # into the file that the door has open
        until(lambda: "references_replaced" in made.reasons(), "what was written to be named")
        assert "state_changed" in made.reasons()
        until(lambda: len(summaries(references)) == 2, "both to be enrolled again")
        for path in (made.journal, references):
            path.unlink()
        until(lambda: "journal_changed" in made.reasons(), "the loss to be named")
        changed = {"journal_changed", "state_changed", "references_replaced"}
        until(lambda: not made.reasons() - STANDING - changed, "another journal", 10)
        until(lambda: made.status().get("is_enrolling") is False, "everybody to be enrolled")
        until((made.state / "references.sqlite").exists, "references on the disk", 10)
        until(lambda: made.status().get("references") == 2, "both to be known again")
        granted = witness.let_in(OWNER_CARD)
        assert granted.event_id in {row.event_id for row in recent(made.journal, limit=10)}
        keys, marker = made.state / "signing-keys.json", made.state / "door"
        kept = keys.read_bytes()
        marker.unlink()
        keys.unlink()
        until(lambda: "signing-keys.json is gone" in str(_told(made)), "the key to be missed")
        keys.write_bytes(kept)
        keys.chmod(0o600)
        until(lambda: " is gone" not in str(_told(made)) and marker.exists(), "both to be back")
        (made.state / "edgeverify.sock").unlink()
        until(lambda: made.status() != {}, "an answer to whoever asks", 10)


def test_it_ends_in_order_and_never_showed_a_traceback(door: Watched) -> None:
    made = door.world
    with Witness(made.broker.port) as witness:
        witness.hears(OTHER_CARD, Reason.NON_MATCH)
    assert made.stop() == 0
    assert door.said.said("STOPPING=1") == 1
    assert "Traceback" not in made.log


def _reload(made: World) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edgeverify", "reload", "--state", str(made.state)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def _level(made: World) -> str:
    heat = made.status().get("heat")
    return str(heat["level"]) if isinstance(heat, dict) else ""

"""A year beside a door in four minutes: the real daemon under a real systemd, fully shut in.

The tests run in this order and tell one story; `door` begins each with a running service.
"""

from __future__ import annotations

import re
import tarfile
import time

import pytest

from edgeverify.journal.schema import VERSION
from tests.systemd.service import (
    CONFIG,
    PERSON,
    SECOND,
    SERVICE,
    STATE,
    claim,
    config,
    granted,
    is_active,
    is_written_down,
    reasons,
    schema_of_the_journal,
    status,
    write_config,
)

from .conftest import HOUSE, make_install
from .container import Container
from .page import has_page, open_hall

pytestmark = [pytest.mark.systemd, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def installed(machine: Container, broker: int) -> Container:
    """The credentials in place, and a config for the door and for whoever sends claims."""
    password = (machine.files / HOUSE[1:] / "logins/door-front-door/password").read_text()
    machine.write("/etc/edgeverify/credentials/broker-password", password, mode=0o600)
    machine.write("/etc/edgeverify/credentials/master-key", bytes(range(32)), mode=0o600)
    for name in ("master-key", "broker-password"):
        machine.run(
            "install", "-D", "-m", "0644",
            f"/opt/edgeverify/current/share/edgeverify/systemd/credential-{name}.conf",
            f"/etc/systemd/system/{SERVICE}.d/60-{name}.conf",
        )  # fmt: skip
    machine.run("systemctl", "daemon-reload")
    write_config(machine, config(broker))
    machine.write("/etc/edgeverify/reader.password", password, mode=0o600)
    machine.run("chown", "edgeverify:", "/etc/edgeverify/reader.password")
    reader = config(broker).replace("broker-password", "reader.password")
    machine.write("/etc/edgeverify/reader.yaml", reader, mode=0o644)
    return machine


@pytest.fixture
def door(installed: Container, broker: int) -> Container:
    """A running door with the usual config."""
    write_config(installed, config(broker))
    if not is_active(installed):
        installed.run("systemctl", "restart", SERVICE)
    installed.until(
        "the door is itself again",
        lambda: (
            status(installed).get("camera", {}).get("state") == "ok"
            and status(installed).get("broker", {}).get("connected") is True
            and "config_rejected" not in reasons(installed)
            and status(installed).get("is_enrolling") is False
        ),
        30,
    )
    return installed


def test_the_units_are_clean_and_shut_in(installed: Container) -> None:
    verified = installed.run("systemd-analyze", "verify", SERVICE, "edgeverify@front.service")
    assert verified.stdout + verified.stderr == ""
    said = installed.run("systemd-analyze", "security", "--no-pager", SERVICE).stdout
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert found
    assert float(found[1]) <= 1.3


def test_it_starts_as_its_own_user_in_its_own_folders(door: Container) -> None:
    process = door.show(SERVICE, "MainPID")
    proc = door.run("cat", f"/proc/{process}/status").stdout
    assert re.search(r"^NoNewPrivs:\s+1$", proc, re.MULTILINE)
    assert re.search(r"^Seccomp:\s+2$", proc, re.MULTILINE)
    assert re.search(r"^CapBnd:\s+0+$", proc, re.MULTILINE)
    owners = door.run("find", STATE, "-printf", "%u %m %y\n").stdout.splitlines()
    assert {line.split()[0] for line in owners} == {"edgeverify"}
    assert {line.split()[1] for line in owners if line.endswith("f")} == {"600"}
    assert door.show(SERVICE, "StatusText").startswith("front-door: ")
    assert door.run("test", "-e", f"{STATE}/master.key", check=False).returncode == 1


def test_the_process_that_decodes_the_camera_reaches_nothing_else(door: Container) -> None:
    """Landlock and seccomp are allowed by the unit's own filter of system calls."""
    said = status(door)["camera"]
    if not said["is_confined"]:
        reasons = status(door)["reasons"]
        assert any("no Landlock" in reason["detail"] for reason in reasons), reasons
    look = ("sh", "-c", "grep -al 'edgeverify[.]camera[.]capture' /proc/[0-9]*/cmdline")
    found = door.run(*look, check=False).stdout.split()
    captures = [path.split("/")[2] for path in found]
    assert captures
    for process in captures:
        assert "Seccomp:\t2" in door.run("cat", f"/proc/{process}/status").stdout


def test_a_claim_is_verified_and_granted_behind_all_that(door: Container) -> None:
    decision = granted(door)
    assert (decision["reason"], decision["card"]) == ("match", "0012345")


def test_somebody_unknown_is_denied(door: Container) -> None:
    decision = claim(door, "9999999")
    assert (decision["outcome"], decision["reason"]) == ("deny", "unknown_reference")


def test_a_reload_takes_new_people_in_and_throws_nobody_out(door: Container, broker: int) -> None:
    process = door.show(SERVICE, "MainPID")
    write_config(door, config(broker, staff=PERSON + SECOND))
    door.run("systemctl", "reload", SERVICE)
    door.until("both are known", lambda: status(door).get("references") == 2, 20)
    decision = claim(door, "0067890")
    said = door.journal(SERVICE)[-4000:]
    assert (decision["outcome"], decision["reason"]) == ("deny", "non_match"), said
    assert door.show(SERVICE, "MainPID") == process


def test_a_broken_config_leaves_the_old_one_running_and_says_so(door: Container) -> None:
    process = door.show(SERVICE, "MainPID")
    write_config(door, "door: front-door\ncamra: {}\n")
    reloaded = door.run("systemctl", "reload", SERVICE, check=False)
    assert reloaded.returncode != 0
    assert "failed" in reloaded.stderr
    assert "the old config stays in force" in door.journal(SERVICE)
    assert "camra" in door.journal(SERVICE)
    assert is_active(door)
    asked = door.run("edgeverify", "reload", check=False)
    assert asked.returncode == 78
    assert "camra" in asked.stderr
    door.until("it says so", lambda: "config_rejected" in reasons(door), 20)
    assert "config_rejected" in door.show(SERVICE, "StatusText")
    assert granted(door)
    assert door.show(SERVICE, "MainPID") == process


def test_killed_it_is_back_with_its_journal(door: Container) -> None:
    before = granted(door)
    restarts = int(door.show(SERVICE, "NRestarts"))
    door.run("systemctl", "kill", "--kill-who=main", "--signal=SIGKILL", SERVICE)
    door.until(
        "it runs again",
        lambda: int(door.show(SERVICE, "NRestarts")) == restarts + 1 and is_active(door),
        30,
    )
    # Above, not next: numbers reserved for denials without a journal are never given twice.
    assert granted(door)["sequence"] > before["sequence"]


def test_frozen_it_is_ended_by_the_watchdog_and_started_again(door: Container) -> None:
    restarts = int(door.show(SERVICE, "NRestarts"))
    begun = time.monotonic()
    door.run("systemctl", "kill", "--kill-who=main", "--signal=SIGSTOP", SERVICE)
    door.until(
        "the watchdog bites",
        lambda: int(door.show(SERVICE, "NRestarts")) == restarts + 1 and is_active(door),
        60,
    )
    assert time.monotonic() - begun > 5, "something else than the watchdog ended it"
    assert "Watchdog timeout" in door.journal(SERVICE)
    assert granted(door)


def test_an_unplugged_camera_is_degraded_and_no_restart_loop(door: Container, broker: int) -> None:
    camera = "{source: /dev/video9, open_timeout_seconds: 1}"
    write_config(door, config(broker, camera=camera))
    door.run("systemctl", "restart", SERVICE)
    restarts = door.show(SERVICE, "NRestarts")
    assert is_active(door)
    assert "camera_offline" in reasons(door)
    decision = claim(door)
    assert (decision["outcome"], decision["reason"]) == ("deny", "camera_unavailable")
    time.sleep(5)
    assert is_active(door)
    assert door.show(SERVICE, "NRestarts") == restarts
    write_config(door, config(broker))
    door.run("systemctl", "restart", SERVICE)


def test_without_its_broker_it_waits_and_says_so(door: Container, broker: int) -> None:
    door.run("systemctl", "stop", "broker")
    door.until("it says so", lambda: "broker_unreachable" in reasons(door), 40)
    assert is_active(door)
    start = ("systemd-run", "--unit=broker", "--property=User=mosquitto")
    door.run(*start, "/usr/sbin/mosquitto", "-c", f"{HOUSE}/mosquitto.conf")
    door.until("it is connected", lambda: status(door)["broker"]["connected"], 40)
    assert broker
    assert granted(door)


def test_a_broken_config_at_start_is_said_once_and_not_tried_for_ever(door: Container) -> None:
    write_config(door, "door: front-door\ncamra: {}\n")
    assert door.run("systemctl", "restart", SERVICE, check=False).returncode != 0
    time.sleep(4)
    assert door.show(SERVICE, "ActiveState") == "failed"
    assert door.show(SERVICE, "ExecMainStatus") == "78"
    assert door.show(SERVICE, "NRestarts") == "0"
    assert "camra" in door.journal(SERVICE)


def test_two_doors_on_one_machine(door: Container, broker: int) -> None:
    second = config(broker, door="back-door").replace("broker-password", "reader.password")
    door.write("/etc/edgeverify/back.yaml", second, mode=0o644)
    door.run("systemctl", "start", "edgeverify@back.service")
    try:
        assert is_active(door, "edgeverify@back.service")
        back = ("--state", "/var/lib/edgeverify/back")
        assert status(door, *back)["door"] == "back-door"
        assert status(door, "--state", STATE)["door"] == "front-door"
        assert "several daemons" in door.run("edgeverify", "status", check=False).stderr
        own = door.run("stat", "-c", "%U %a", "/var/lib/edgeverify/back/master.key").stdout
        assert own.strip() == "edgeverify 600"
    finally:
        door.run("systemctl", "stop", "edgeverify@back.service")


def test_the_support_bundle_has_the_journal_and_no_secret(door: Container) -> None:
    door.run("edgeverify", "diagnose", "-o", "/srv/support.tar.gz")
    with tarfile.open(door.files / "srv/support.tar.gz") as archive:
        names = archive.getnames()
        texts = [archive.extractfile(name).read().decode() for name in names]  # type: ignore[union-attr]
    everything = "\n".join(texts)
    assert "Watchdog timeout" in everything
    assert "edgeverify.service" in everything
    logins = door.files / HOUSE[1:] / "logins"
    password = (logins / "door-front-door/password").read_text().strip()
    for secret in (password, "0012345", "The President"):
        assert secret not in everything


def _version(door: Container) -> object:
    """Another door runs here meanwhile, so the state is named."""
    return status(door, "--state", STATE).get("version")


def test_an_upgrade_keeps_the_state_and_one_command_goes_back(door: Container) -> None:
    """The older release has an older journal: it is migrated up, and down again.

    A manager of another door here stays logged in at its page all the time.
    """
    before = granted(door)
    assert schema_of_the_journal(door) == 1
    hall = open_hall(door)
    with hall.opened() as browser:
        hall.goes_on(browser, "0.9.0")
        make_install(door, "0.9.1")
        door.until("the new release runs", lambda: _version(door) == "0.9.1", 30)
        assert schema_of_the_journal(door) == VERSION > 1
        assert has_page(door), "what was added to the release before is in this one"
        hall.goes_on(browser, "0.9.1")
        after = granted(door)
        assert after["sequence"] > before["sequence"]
        went_back = door.run("make", "-C", "/checkout", "rollback", seconds=200)
        assert f"from schema {VERSION} to 1; every decision is kept" in went_back.stdout
        door.until("the old release runs", lambda: _version(door) == "0.9.0", 30)
        assert schema_of_the_journal(door) == 1
        assert has_page(door)
        hall.goes_on(browser, "0.9.0")
    hall.close()
    assert granted(door)["sequence"] > after["sequence"]
    for decision in (before, after):
        assert is_written_down(door, decision)
    installed = door.run("ls", "/opt/edgeverify").stdout.split()
    assert installed == ["0.9.0", "0.9.1", "current", "previous"]


def test_stopped_it_goes_in_order(door: Container) -> None:
    door.run("systemctl", "stop", SERVICE)
    assert door.show(SERVICE, "Result") == "success"
    assert door.show(SERVICE, "ActiveState") == "inactive"
    check = ("runuser", "-u", "edgeverify", "--", "edgeverify", "journal", "check")
    config_and_state = ("--config", "/etc/edgeverify/reader.yaml", "--state", STATE)
    assert door.run(*check, *config_and_state).returncode == 0


def test_uninstalled_it_leaves_configs_and_state(door: Container) -> None:
    door.run("make", "-C", "/checkout", "uninstall", seconds=300)
    left = door.run("sh", "-c", f"ls {CONFIG} {STATE}/journal.sqlite; ls /opt").stdout
    assert CONFIG in left
    assert "journal.sqlite" in left
    assert "edgeverify\n" not in left.replace(CONFIG, "").replace(STATE, "")
    assert door.run("systemctl", "cat", SERVICE, check=False).returncode != 0

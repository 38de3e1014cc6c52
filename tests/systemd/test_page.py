"""The local page's unit under a real systemd: it answers, may do next to nothing, and may die."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from edgeverify.journal.reading import acts

from .container import Container
from .page import CONFIG, DOOR, STATE, UNIT, Hall, open_hall
from .service import status

pytestmark = [pytest.mark.systemd, pytest.mark.timeout(900)]

SECRETS = ("master.key", "signing-keys.json", "journal.sqlite", "references.sqlite")


@pytest.fixture(scope="module")
def hall(machine: Container) -> Iterator[Hall]:
    made = open_hall(machine)
    yield made
    made.close()


def test_its_unit_is_clean_and_shut_in(hall: Hall) -> None:
    verified = hall.machine.run("systemd-analyze", "verify", UNIT)
    assert verified.stdout + verified.stderr == ""
    said = hall.machine.run("systemd-analyze", "security", "--no-pager", UNIT).stdout
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert found
    assert float(found[1]) <= 1.2


def test_a_manager_logs_in_over_loopback_and_the_door_writes_it_down(hall: Hall) -> None:
    with hall.opened() as browser:
        shown = browser.get("/").text
        assert "hall" in shown
        assert "<dt>Camera</dt>" in shown, "the daemon was asked over its socket"
        assert browser.get("/people").status_code == 200
    journal = hall.machine.files / STATE[1:] / "journal.sqlite"
    told = [(one.act, one.by_user) for one in acts(journal, limit=20)]
    assert ("page log-in", "page:kim") in told


def test_it_reads_the_config_and_neither_keys_nor_journal_nor_references(hall: Hall) -> None:
    """As its own user and groups, in its own view of the files."""
    process = hall.machine.show(UNIT, "MainPID")
    for name in SECRETS:
        assert (hall.machine.files / STATE[1:] / name).is_file()
        assert _as_the_page(hall, process, f"cat {STATE}/{name}") != 0
    assert _as_the_page(hall, process, f"ls {STATE}") != 0
    assert _as_the_page(hall, process, "ls /etc/edgeverify/credentials") != 0
    assert _as_the_page(hall, process, f"cat {CONFIG}") == 0
    for place in (CONFIG, "/etc/edgeverify/new", "/opt/edgeverify/new", "/usr/new"):
        assert _as_the_page(hall, process, f"true >> {place}") != 0
    assert _as_the_page(hall, process, "touch /etc/edgeverify/people/try") == 0
    assert _as_the_page(hall, process, "rm /etc/edgeverify/people/try") == 0
    told = hall.machine.run("cat", f"/proc/{process}/status").stdout
    for line in (r"NoNewPrivs:\s+1", r"Seccomp:\s+2", r"CapBnd:\s+0+", r"CapEff:\s+0+"):
        assert re.search(f"^{line}$", told, re.MULTILINE), line


def test_what_an_upgrade_does_to_it_logs_nobody_out(hall: Hall) -> None:
    """The installer restarts a page that runs, after the switch and after the way back."""
    with hall.opened() as browser:
        assert browser.get("/").status_code == 200
        before = hall.machine.show(UNIT, "MainPID")
        hall.machine.run("systemctl", "try-restart", "edgeverify-web@*.service")
        hall.machine.until("the page again", hall.answers, 60)
        assert hall.machine.show(UNIT, "MainPID") != before
        assert browser.get("/").status_code == 200


def _as_the_page(hall: Hall, process: str, command: str) -> int:
    user = ("--reuid=edgeverify-web", "--regid=edgeverify-web", "--groups=edgeverify")
    inside = ("nsenter", f"--target={process}", "--mount", "setpriv", *user)
    done = hall.machine.run(*inside, "--no-new-privs", "sh", "-c", command, check=False)
    assert "setpriv:" not in done.stderr, done.stderr
    return done.returncode


def test_killed_it_comes_back_and_the_door_never_noticed(hall: Hall) -> None:
    door = hall.machine.show(DOOR, "MainPID")
    restarts = int(hall.machine.show(UNIT, "NRestarts"))
    hall.machine.run("systemctl", "kill", "--signal=SIGKILL", UNIT)
    assert status(hall.machine, "--state", STATE)["door"] == "hall"
    hall.machine.until(
        "it runs again", lambda: int(hall.machine.show(UNIT, "NRestarts")) == restarts + 1, 60
    )
    hall.machine.until("the page", hall.answers, 60)
    with hall.opened() as browser:
        assert browser.get("/").status_code == 200
    assert hall.machine.show(DOOR, "MainPID") == door
    assert hall.machine.show(DOOR, "NRestarts") == "0"

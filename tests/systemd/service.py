"""The installed service as a test speaks to it: its config, its status, and claims."""

from __future__ import annotations

import json
from typing import Any

from .conftest import HOUSE
from .container import Container

SERVICE = "edgeverify.service"


STATE = "/var/lib/edgeverify/edgeverify"


CONFIG = "/etc/edgeverify/edgeverify.yaml"


PERSON = '  - {card: "0012345", name: The President, photos: [obama.jpg]}\n'


SECOND = '  - {card: "0067890", name: Somebody Else, photos: [biden.jpg]}\n'


def config(port: int, **more: str) -> str:
    """A door with a film for a camera, and with patience: the machine may be busy with tests."""
    values = {
        "door": "front-door",
        "camera": "{source: door.mp4, loop: true, stalled_seconds: 15}",
        # A film of a photograph is no live person, and a film's threshold is set by hand here.
        "liveness": '"off"',
        "decision": "{threshold: 0.40, timeout_seconds: 30}",
        "clock": "{allow_unsynced: true}",
        "mqtt": f"{{host: localhost, port: {port}, username: door-front-door, "
        f"password_file: broker-password, tls: {{enabled: true, ca_file: {HOUSE}/ca.crt}}}}",
        **more,
    }
    people = values.pop("staff", PERSON)
    return "".join(f"{key}: {value}\n" for key, value in values.items()) + f"staff:\n{people}"


def status(machine: Container, *arguments: str) -> dict[str, Any]:
    """What `edgeverify status` says; empty while nobody answers."""
    done = machine.run("edgeverify", "status", "--json", *arguments, check=False)
    return json.loads(done.stdout) if done.returncode in (0, 1) and done.stdout else {}


def reasons(machine: Container, *arguments: str) -> set[str]:
    return {reason["name"] for reason in status(machine, *arguments).get("reasons", [])}


def is_active(machine: Container, unit: str = SERVICE) -> bool:
    state = machine.show(unit, "ActiveState")
    return state in {"active", "reloading"} and machine.show(unit, "Result") == "success"


def claim(machine: Container, card: str = "0012345") -> dict[str, Any]:
    """Send a claim as the card reader would, and return the signed decision."""
    done = machine.run(
        "runuser", "-u", "edgeverify", "--",
        "edgeverify", "claim", card, "--config", "/etc/edgeverify/reader.yaml",
        "--state", STATE, "--json", "--timeout", "60",
        check=False, seconds=90,
    )  # fmt: skip
    decisions = [json.loads(line) for line in done.stdout.splitlines() if '"outcome"' in line]
    assert decisions, f"no decision\n{done.stdout}{done.stderr}\n{machine.journal(SERVICE)[-4000:]}"
    return dict(decisions[-1])


def granted(machine: Container) -> dict[str, Any]:
    """Claim until the door opens: on a busy machine a film can stall for a moment."""
    for _ in range(6):
        decision = claim(machine)
        if decision["outcome"] == "grant":
            return decision
    raise AssertionError(f"never granted: {decision}\n{machine.journal(SERVICE)[-4000:]}")


def schema_of_the_journal(machine: Container) -> int:
    ask = (
        "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone())"
    )
    journal = f"{STATE}/journal.sqlite"
    program = "/opt/edgeverify/current/bin/python"
    return int(machine.run(program, "-c", ask, journal, "PRAGMA user_version").stdout)


def is_written_down(machine: Container, decision: dict[str, Any]) -> bool:
    listed = machine.run(
        "runuser", "-u", "edgeverify", "--", "edgeverify", "journal", "list", "--json",
        "--config", "/etc/edgeverify/reader.yaml", "--state", STATE, "--limit", "1000",
    )  # fmt: skip
    return decision["event_id"] in listed.stdout


def write_config(machine: Container, text: str) -> None:
    """Write the config, but only when it differs: a touched file is a reload."""
    path = machine.files / CONFIG.lstrip("/")
    if not path.exists() or path.read_text() != text:
        machine.write(CONFIG, text, mode=0o644)

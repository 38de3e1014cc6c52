"""A door of its own and its local page in the container, started as docs/web.md says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests.ports import free_port
from tests.waiting import patience
from tests.web.stage import PASSWORD

from .container import Container
from .service import status

UNIT, DOOR = "edgeverify-web@hall.service", "edgeverify@hall.service"
CONFIG = "/etc/edgeverify/hall.yaml"
STATE = "/var/lib/edgeverify/hall"
PYTHON = "/opt/edgeverify/current/bin/python"
RELEASE = re.compile(r"/opt/edgeverify/([0-9.]+)/")
# A broker is not needed to look at a door.
HALL_YAML = """\
door: hall
camera: {{source: door.mp4, loop: true, stalled_seconds: 15}}
liveness: "off"
decision: {{threshold: 0.40}}
clock: {{allow_unsynced: true}}
mqtt: {{port: {closed}}}
web: {{enabled: true, port: {page}}}
"""


@dataclass(frozen=True)
class Hall:
    """A running door, and where its page is: the container's network is this machine's."""

    machine: Container
    port: int

    @contextmanager
    def opened(self) -> Iterator[httpx.Client]:
        """Log in as the manager, as a browser would."""
        address = f"http://localhost:{self.port}"
        headers = {"origin": address, "accept": "text/html"}
        with httpx.Client(base_url=address, headers=headers, timeout=patience(5)) as browser:
            token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/login").text)
            assert token is not None
            given = {"name": "kim", "password": PASSWORD, "form_token": token[1]}
            answer = browser.post("/login", data=given)
            assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
            yield browser

    def release(self) -> str:
        """Return which release the running page came from; empty while none runs."""
        process = self.machine.show(UNIT, "MainPID")
        loaded = self.machine.run("cat", f"/proc/{process}/maps", check=False).stdout
        return next(iter(set(RELEASE.findall(loaded))), "")

    def goes_on(self, browser: httpx.Client, version: str) -> None:
        """Require a release of the page and of its door, and that nobody was logged out."""
        machine = self.machine
        machine.until(f"the page of {version}", lambda: self.release() == version, 60)
        state = ("--state", STATE)
        machine.until(
            f"its door of {version}", lambda: status(machine, *state).get("version") == version, 60
        )
        machine.until("the page", self.answers, 60)
        for path in ("/", "/journal", "/people", "/journal/acts"):
            assert browser.get(path).status_code == 200, path

    def close(self) -> None:
        """End the page and its door."""
        self.machine.run("systemctl", "disable", "--now", UNIT)
        self.machine.run("systemctl", "stop", DOOR)

    def answers(self) -> bool:
        """Whether the page is there."""
        try:
            return httpx.get(f"http://localhost:{self.port}/login").status_code == 200
        except httpx.TransportError:
            return False


def add_page(machine: Container) -> None:
    """Add the page's packages to the release that runs."""
    offline = ("PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheelhouse /extras")
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "edgeverify[web]")
    machine.run("env", *offline, *pip, seconds=300)


def has_page(machine: Container) -> bool:
    """Whether the release that runs has them."""
    loads = "import argon2, jinja2, python_multipart, starlette, uvicorn"
    return machine.run(PYTHON, "-I", "-c", loads, check=False).returncode == 0


def open_hall(machine: Container) -> Hall:
    """Start a door and its page."""
    add_page(machine)
    made = Hall(machine, free_port())
    text = HALL_YAML.format(closed=free_port(), page=made.port)
    machine.write(CONFIG, text, 0o640)
    machine.run("chgrp", "edgeverify", CONFIG)
    machine.run("systemctl", "start", DOOR, seconds=150)
    login = f"echo '{PASSWORD}' | edgeverify web password kim --role manager --config {CONFIG}"
    assert machine.run("sh", "-c", login).stdout.endswith("role manager\n")
    machine.run("systemctl", "enable", "--now", UNIT)
    machine.until("the page", made.answers, 60)
    return made

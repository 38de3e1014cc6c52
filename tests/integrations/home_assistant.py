"""Home Assistant itself, from its package, in a Debian that has the Python it needs."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.debian import debian_root
from tests.fresh.machine import ENVIRON, FreshMachine, fresh_machine
from tests.ports import free_port
from tests.waiting import until

SUITE = "trixie"
TOOLS = "python3,python3-dev,python3-venv,gcc,libc6-dev,ca-certificates"
USER, PASSWORD = "tester", "only for this test"
WHAT_IT_LOADS = """
import json, pathlib, homeassistant.components as all_of_them
root = pathlib.Path(all_of_them.__path__[0])
names, seen, needed = ["mqtt", "frontend", "onboarding"], set(), set()
while names:
    if (name := names.pop()) not in seen:
        seen.add(name)
        manifest = json.loads((root / name / "manifest.json").read_text())
        needed.update(manifest.get("requirements", ()))
        names += manifest.get("dependencies", [])
print("\\n".join(sorted(needed)))
"""
CONFIGURATION = """
homeassistant:
  name: House
  auth_providers: [{{type: homeassistant}}]
http: {{server_host: 127.0.0.1, server_port: {port}}}
api:
config:
logger: {{default: warning}}
"""


def install(cache: Path) -> None:
    """Make the Debian and install it there, once; some minutes and 800 MB."""
    root = debian_root(cache / SUITE, SUITE, include=TOOLS)
    if (root / "opt/hass/complete").exists():
        return
    machine = FreshMachine(root, cache / "install.log")
    (root / "root/what_it_loads.py").write_text(WHAT_IT_LOADS)
    pip = "/opt/hass/bin/python -m pip install --quiet"
    machine.run(
        f"rm -rf /opt/hass; python3 -m venv /opt/hass; {pip} homeassistant;"
        " /opt/hass/bin/python what_it_loads.py > loaded.txt;"
        f" {pip} -r loaded.txt; touch /opt/hass/complete"
    )


class HomeAssistant:
    """One that runs; asked through its own HTTP API."""

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}"
        self._token = ""

    def log_in(self) -> None:
        """Log in as a browser does."""
        client = {"client_id": f"{self._root}/"}
        flow = self.post(
            "/auth/login_flow",
            client | {"handler": ["homeassistant", None], "redirect_uri": client["client_id"]},
        )
        done = self.post(
            f"/auth/login_flow/{flow['flow_id']}",
            client | {"username": USER, "password": PASSWORD},
        )
        form = f"grant_type=authorization_code&code={done['result']}&client_id={self._root}/"
        self._token = self._send("/auth/token", form.encode(), "application/x-www-form-urlencoded")[
            "access_token"
        ]

    def add_broker(self, port: int, login: str = "", password: str = "") -> None:
        """Set the MQTT integration up as its user does: the broker's address and login."""
        given = {"broker": "127.0.0.1", "port": port}
        if login:
            given |= {"username": login, "password": password}
        flows = "/api/config/config_entries/flow"
        flow = self.post(flows, {"handler": "mqtt", "show_advanced_options": False})
        while flow["type"] == "menu":
            flow = self.post(f"{flows}/{flow['flow_id']}", {"next_step_id": "broker"})
        done = self.post(f"{flows}/{flow['flow_id']}", given)
        assert done["type"] == "create_entry", done

    def state(self, entity: str) -> dict[str, Any]:
        """Return an entity's state and attributes; an empty one where it does not exist."""
        try:
            return dict(self._send(f"/api/states/{entity}", None, ""))
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return {"state": None, "attributes": {}}

    def entities(self) -> dict[str, str]:
        """Return every entity with its state."""
        states: list[dict[str, Any]] = self._send("/api/states", None, "")
        return {one["entity_id"]: one["state"] for one in states}

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return bool(self.post("/auth/login_flow", {}, may_fail=True))
        except OSError:
            return False

    def post(self, path: str, record: object, *, may_fail: bool = False) -> Any:
        """Send JSON and return what comes back."""
        try:
            return self._send(path, json.dumps(record).encode(), "application/json")
        except urllib.error.HTTPError as error:
            if may_fail:
                return {"status": error.code}
            raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from error

    def _send(self, path: str, body: bytes | None, kind: str) -> Any:
        request = urllib.request.Request(self._root + path, body)  # noqa: S310 - loopback
        if kind:
            request.add_header("Content-Type", kind)
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            return json.load(answer)


@contextmanager
def home_assistant(cache: Path, log: Path) -> Iterator[HomeAssistant]:
    """Start a new one; what it keeps is gone afterwards. `log` holds what it said."""
    install(cache)
    port = free_port()
    with fresh_machine(SUITE, cache, log) as machine:
        folder = machine.files / "root/house"
        folder.mkdir()
        (folder / "configuration.yaml").write_text(CONFIGURATION.format(port=port))
        hass = "/opt/hass/bin/hass --config house"
        machine.run(f"{hass.replace('--config', '--script auth --config')} add {USER} '{PASSWORD}'")
        with log.open("ab") as said:
            process = subprocess.Popen(
                machine.command(f"exec {hass} --skip-pip"),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env=ENVIRON,
            )
        try:
            hub = HomeAssistant(port)
            until(hub.is_up, f"Home Assistant to answer ({log})", 120)
            hub.log_in()
            yield hub
        finally:
            process.terminate()
            process.wait(60)

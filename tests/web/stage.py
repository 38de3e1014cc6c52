"""The page before a daemon's socket: the real page, the real socket, and a daemon made of answers.

What a browser and a whole daemon add is in `test_browser.py`.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from edgeverify.config import load_config
from edgeverify.config.wall_clock import WallClock
from edgeverify.page_socket import page_socket
from edgeverify.status_socket import Json, StatusServer
from edgeverify.web.application import application
from edgeverify.web.door import DoorLink
from edgeverify.web.logins import Attempts, Logins
from edgeverify.web.parts import Parts
from edgeverify.web.roles import Role
from edgeverify.web.sessions import Sessions

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have httpx's successor, which nothing needs
    from starlette.testclient import TestClient

PASSWORD = "four quiet green lamps"  # noqa: S105 - of nobody
HOST = "localhost"
NOON = 1_796_000_000.0

STATUS: dict[str, Json] = {
    "door": "front-door",
    "state": "degraded",
    "at": "2026-11-29T12:00:00+00:00",
    "version": "0",
    "reasons": [
        {
            "name": "camera_black",
            "detail": "",
            "meaning": "no light, or the lens cap",
            "grants": "no",
            "advice": "Take the cap off the lens, or switch on a light.",
        }
    ],
    "is_enrolling": False,
    "model": "sface",
    "runtime": "onnxruntime",
    "liveness": "challenge",
    "threshold": {"source": "measured", "max_fmr": 0.0001},
    "references": 2,
    "enrolment": ["card 7 (Eve <b>): eve.jpg: there is no such file"],
    "enrolment_problems": 1,
    "camera": {"state": "black", "frames_per_second": 14.9, "is_monochrome": False},
    "broker": {"connected": True, "protocol": "5"},
    "outbox": 0,
    "lock": {"state": "held_open", "at": "2026-11-29T11:58:00+00:00", "faults": []},
    "mode": {"name": "lockdown", "since": "2026-11-29T11:00:00+00:00", "until": None},
    "heat": {"level": "full", "celsius": 48.2, "reason": ""},
}

NOON_TEXT = "2026-11-29T12:00:00+00:00"
SCREEN: dict[str, Json] = {
    "moment": "prompt",
    "code": "turn_left",
    "words": "Please turn your head to your left",
    "more": "",
    "language": "en",
    "turn": 1,
    "light": "amber",
    "is_sounding": True,
}
DECISION: dict[str, Json] = {
    "sequence": 5,
    "event_id": "e-5",
    "card": "0012345",
    "name": "Ada <i>",
    "source": "mqtt",
    "outcome": "deny",
    "reason": "non_match",
    "issued_at": NOON_TEXT,
    "duration_seconds": 5.0,
    "comparisons": 2,
    "matches": 0,
    "score": 0.31,
    "threshold": 0.5,
    "is_delivered": True,
}
PERSON: dict[str, Json] = {
    "card": "0012345",
    "name": "Ada Lovelace",
    "photos": ["people/photos/ada.jpg"],
    "camera_photos": [],
    "valid_from": None,
    "valid_until": "2027-12-31",
    "doors": [],
    "hours": {"time_zone": "", "windows": ["Mon-Fri 07:00-19:00"]},
    "is_usable": True,
    "photo_count": 1,
    "camera_photo_count": 0,
    "problems": [],
    "warnings": ["ada.jpg: has 38 pixels between the eyes"],
    "look_alikes": [{"card": "7", "name": "Bob", "is_same_photo": False}],
}
FRAMES: list[Json] = [
    {
        "offset_seconds": 0.1 * number,
        "gate": "too_dark" if number == 1 else "",
        "score": None if number == 1 else 0.31 - number / 100,
        "threshold": 0.5,
        "is_match": False,
        "live_probability": None,
    }
    for number in range(3)
]


@dataclass
class Clock:
    """Turned by hand; one for the wall and for pauses."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """The page, its browser, and what the daemon was asked."""

    folder: Path
    clock: Clock
    logins: Logins
    app: Any
    asked: list[tuple[str, Mapping[str, Json]]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    stop_daemon: Callable[[], None] = lambda: None
    start_daemon: Callable[[], None] = lambda: None

    def browser(self) -> Browser:
        return Browser(TestClient(self.app, base_url=f"http://{HOST}", follow_redirects=False))

    def logged_in(self, role: Role) -> Browser:
        browser = self.browser()
        answer = browser.log_in(role.value, PASSWORD)
        assert answer.status_code == 303, answer.text
        return browser

    def form_token(self, role: Role) -> str:
        """Return what the newest session of a role has in its forms."""
        told = json.loads((self.folder / "page" / "sessions.json").read_text(encoding="utf-8"))
        return str([one["form_token"] for one in told.values() if one["role"] == role.value][-1])

    def acts(self) -> list[tuple[Json, Json, Json]]:
        return [(a["act"], a["subject"], a["user"]) for name, a in self.asked if name == "act"]


@dataclass
class Browser:
    """A client that sends what browsers send, and takes each form's token from the page."""

    client: TestClient

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path, headers={"accept": "text/html"})

    def post(self, path: str, data: Mapping[str, str], **more: Any) -> httpx.Response:
        headers = {"origin": f"http://{HOST}", "accept": "text/html"} | more.pop("headers", {})
        return self.client.post(path, data=dict(data), headers=headers, **more)

    def token(self, path: str) -> str:
        found = re.search(r'name="form_token" value="([^"]+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def hidden(self, path: str) -> dict[str, str]:
        """Return what a page's forms carry besides their fields."""
        found = re.findall(
            r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.get(path).text
        )
        return dict(found)

    def followed(self, answer: httpx.Response) -> httpx.Response:
        """Go where an answer leads, if it leads elsewhere."""
        return self.get(answer.headers["location"]) if answer.status_code == 303 else answer

    def log_in(self, name: str, password: str) -> httpx.Response:
        token = self.token("/login")
        return self.post("/login", {"name": name, "password": password, "form_token": token})


CONFIG = """\
door: front-door
time_zone: Europe/London
web: {enabled: true}
staff_file: people/front-door.yaml
"""
STAFF = """\
# Who may come in.
staff:
  - card: "0012345"
    name: Ada Lovelace  # in the office
    photos: [people/photos/ada.jpg]

  # The caretaker.
  - card: "7"
    name: Bob
    photos: [people/photos/bob.jpg]
    valid_until: 2027-12-31
"""


@contextmanager
def stage(folder: Path, *, is_tls: bool = False, config: str = CONFIG) -> Iterator[Stage]:
    """Build all of it; the daemon answers what `answers` says."""
    (folder / "people" / "photos").mkdir(parents=True)
    (folder / "people" / "front-door.yaml").write_text(STAFF, encoding="utf-8")
    path = folder / "front-door.yaml"
    path.write_text(config, encoding="utf-8")
    state, own = folder / "state", folder / "page"
    state.mkdir(mode=0o700)
    own.mkdir(mode=0o700)
    clock = Clock()
    logins = Logins(own)
    loaded = load_config(path)
    place = page_socket("front-door", state, {})
    parts = Parts(
        load=lambda: load_config(path),
        door_name="front-door",
        is_tls=is_tls,
        clock=WallClock.of(loaded.settings.time_zone, os.environ),
        language=loaded.settings.language,
        link=DoorLink(place),
        logins=logins,
        sessions=Sessions(own, wall=clock, idle=1800.0, longest=43200.0),
        attempts=Attempts(),
        monotonic=clock,
    )
    made = Stage(
        folder, clock, logins, application(parts, loaded.settings.web, max_upload_mebibytes=1.0)
    )
    made.answers |= {
        "status": dict(STATUS),
        "screen": dict(SCREEN),
        "decisions": {"rows": [dict(DECISION)]},
        "decision": DECISION
        | {"has_picture": True, "frames": FRAMES, "details": {"model": "sface"}},
        "people": {"rows": [dict(PERSON)], "is_enrolling": False},
        "aim": {"is_there": False, "why": "No picture."},
        "capture": {"is_there": False, "why": "No picture."},
        "picture": {"jpeg": "AAAA"},
        "notices": {"rows": []},
        "thumbnail": {"jpeg": "", "why": "ada.jpg: there is no such file."},
        "acts": {"rows": [{"at": NOON_TEXT, "act": "unlock", "subject": "7", "by_user": "kim"}]},
    }

    def handler(name: str) -> Any:
        def answer(arguments: Mapping[str, Json]) -> dict[str, Json]:
            made.asked.append((name, arguments))
            found = made.answers.get(name, {})
            return dict(found(arguments) if callable(found) else found)

        return answer

    names = ("status", "screen", "decisions", "decision", "acts", "act", "page-alive")
    names += ("picture", "notices", "thumbnail")
    names += ("people", "try-person", "reload", "reload-outcome", "aim", "capture")
    with ExitStack() as running:

        def start() -> None:
            server = StatusServer(
                place.folder, {name: handler(name) for name in names}, name=place.name, threads=2
            )
            running.callback(server.close)

        made.start_daemon, made.stop_daemon = start, running.close
        start()
        yield made

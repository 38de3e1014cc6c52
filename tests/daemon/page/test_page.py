"""The page's socket at the daemon: who may ask, what is missing while nobody does."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.page.journal import wanted
from edgeverify.daemon.page.part import PagePart
from edgeverify.daemon.page.requests import ACTS, PATIENCE_SECONDS, PageRequests, Presence
from edgeverify.daemon.page.viewfinder import Viewfinder
from edgeverify.domain import FaultName, Outcome
from edgeverify.errors import StateError
from edgeverify.page_socket import page_socket
from edgeverify.settings import Settings


@dataclass
class Asked:
    """Stands for the requests: their names, and a viewfinder that opens nothing."""

    presence: Presence = field(default_factory=lambda: Presence(0.0))
    rested: list[float] = field(default_factory=list)

    @property
    def viewfinder(self) -> Any:
        return self

    def rest(self, now: float) -> None:
        self.rested.append(now)

    def close(self) -> None:
        self.rested.append(-1.0)

    def handlers(self) -> dict[str, Any]:
        return {"status": lambda _: {"state": "online"}}


def _part(folder: Path, faults: FaultBoard, *, is_wanted: bool = True) -> tuple[PagePart, Asked]:
    asked = Asked()
    place = page_socket("front-door", folder, {})
    part = PagePart(is_wanted=is_wanted, place=place, requests=asked, faults=faults)  # type: ignore[arg-type]
    return part, asked


def test_a_door_without_a_page_opens_no_socket(tmp_path: Path) -> None:
    part, _ = _part(tmp_path, FaultBoard(), is_wanted=False)
    part.look(1.0)
    assert list(tmp_path.iterdir()) == []
    part.close()


def test_a_page_that_is_not_heard_of_is_a_fault_until_it_is(tmp_path: Path) -> None:
    faults = FaultBoard()
    part, asked = _part(tmp_path, faults)
    part.look(1.0)
    assert FaultName.PAGE_UNAVAILABLE not in faults
    part.look(PATIENCE_SECONDS + 1)
    assert FaultName.PAGE_UNAVAILABLE in faults
    asked.presence.heard(60.0)
    part.look(61.0)
    assert FaultName.PAGE_UNAVAILABLE not in faults
    asked.presence.heard(62.0, "the page cannot listen on 127.0.0.1 port 80")
    part.look(63.0)
    (fault,) = faults.snapshot()
    assert fault.detail == "the page cannot listen on 127.0.0.1 port 80"
    assert part.place.ask("status") == {"state": "online"}
    part.close()
    assert list(tmp_path.iterdir()) == []


def test_the_page_s_group_may_enter_its_socket_and_nobody_else(tmp_path: Path) -> None:
    shared = page_socket("front-door", tmp_path / "state", {"EDGEVERIFY_PAGE_SOCKETS": "/run/x"})
    assert (shared.folder, shared.name, shared.mode) == (Path("/run/x"), "front-door.sock", 0o660)
    part, _ = _part(tmp_path, FaultBoard())
    part.look(1.0)
    assert stat.S_IMODE((tmp_path / "page.sock").stat().st_mode) == 0o600
    part.close()


def test_a_socket_that_cannot_be_made_is_said_and_tried_again(tmp_path: Path) -> None:
    faults = FaultBoard()
    part, _ = _part(tmp_path / "later", faults)
    part.look(1.0)
    (fault,) = faults.snapshot()
    assert "cannot be made" in fault.detail
    (tmp_path / "later").mkdir()
    part.look(20.0)
    assert part.place.ask("status") == {"state": "online"}
    part.close()


@dataclass
class BusyCamera:
    """A camera that must not be looked through."""

    def latest(self, *_: object) -> None:
        raise AssertionError("looked at somebody who is being verified")


def test_nobody_watches_a_verification() -> None:
    finder = Viewfinder(
        camera=BusyCamera(),  # type: ignore[arg-type]
        settings=Settings,
        open_finder=lambda _: pytest.fail("opened"),
        is_busy=lambda: True,
    )
    for is_whole in (False, True):
        told = finder.look(1.0, is_whole=is_whole)
        assert told["is_there"] is False
        assert "jpeg" not in told


def test_the_journal_is_asked_by_what_it_knows() -> None:
    asked = wanted({"outcome": "deny", "limit": 10**9, "since": "2026-11-29T00:00:00+00:00"})
    assert (asked.outcome, asked.limit) == (Outcome.DENY, 5000)
    for wrong in ({"outcome": "open"}, {"since": "yesterday"}, {"until": "2026-11-29T00:00:00"}):
        with pytest.raises(StateError, match="cannot be queried like that"):
            wanted(wrong)


def test_the_page_can_do_nothing_that_opens_a_door() -> None:
    assert all(act.startswith("page ") for act in ACTS)
    nothing: Any = SimpleNamespace(camera=None, board=None)
    asked = PageRequests(
        health=nothing,
        door=nothing,
        screen=nothing,
        journal=nothing,
        reloads=nothing,
        lock=nothing,
        evidence=nothing,
    )
    reading = {"status", "screen", "decisions", "decision", "acts", "people", "reload-outcome"}
    reading |= {"picture", "notices", "thumbnail"}
    trying = {"try-person", "aim", "capture"}
    assert set(asked.handlers()) == {*reading, *trying, "page-alive", "act", "reload"}

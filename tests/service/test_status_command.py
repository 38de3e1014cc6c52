"""`edgeverify status` against a real socket."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeverify.cli.main import app
from edgeverify.status_socket import Json, StatusServer

ONLINE: dict[str, Json] = {
    "door": "front-door",
    "state": "online",
    "at": "2026-11-22T10:00:00+00:00",
    "version": "0.1.0",
    "reasons": [],
    "camera": {"state": "ok", "frame_age_seconds": 0.04, "loop": False},
    "outbox": 0,
    "back_ends": ["onnxruntime-cpu"],
    "temperature": None,
}
DEGRADED = ONLINE | {
    "state": "degraded",
    "reasons": [{"name": "camera_stalled", "detail": "no new frame for 3 s"}],
}


def ask(tmp_path: Path, answer: dict[str, Json], *more: str) -> tuple[int, str]:
    server = StatusServer(tmp_path, {"status": lambda _: answer})
    try:
        done = CliRunner().invoke(app, ["status", "--state", str(tmp_path), *more])
    finally:
        server.close()
    return done.exit_code, done.output


def test_a_door_that_is_well(tmp_path: Path) -> None:
    code, said = ask(tmp_path, ONLINE)
    assert code == 0
    assert said.splitlines() == [
        "front-door: online (at 2026-11-22T10:00:00+00:00)",
        "  version                  0.1.0",
        "  camera",
        "    state                    ok",
        "    frame age seconds        0.04",
        "    loop                     no",
        "  outbox                   0",
        "  back ends                onnxruntime-cpu",
        "  temperature              -",
    ]


def test_what_is_wrong_stands_on_top_and_in_the_exit_code(tmp_path: Path) -> None:
    code, said = ask(tmp_path, DEGRADED)
    assert code == 1
    assert said.splitlines()[1] == "  ! camera_stalled: no new frame for 3 s"


def test_for_programs_it_is_the_daemons_own_json(tmp_path: Path) -> None:
    code, said = ask(tmp_path, DEGRADED, "--json")
    assert code == 1
    assert json.loads(said) == DEGRADED


def test_nobody_there(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["status", "--state", str(tmp_path)])
    assert done.exit_code == 2
    assert "no daemon is running" in done.output


@pytest.mark.parametrize("answer", [{}, {"state": "odd", "reasons": "none"}])
def test_an_odd_answer_is_shown_all_the_same(tmp_path: Path, answer: dict[str, Json]) -> None:
    code, said = ask(tmp_path, answer)
    assert code == 1
    assert said.startswith("?: ")

"""A page that may open no more files says so, serves what it can, and comes back."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

from edgeverify.errors import EXHAUSTED_ADVICE
from edgeverify.web.run import FEWEST_FILES
from tests.ports import free_port
from tests.waiting import patience, until
from tests.web.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
FULL = os.strerror(errno.EMFILE)
STYLE = "/static/style.css"


@contextmanager
def _page(folder: Path, files: int) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """Serve in a process of its own that may open so many files; yield it, its port, its log."""
    port, log = free_port(), folder / "page.log"
    config = folder / "front-door.yaml"
    config.write_text(f"door: front-door\nweb: {{enabled: true, port: {port}}}\n")
    (folder / "state").mkdir()
    command = [sys.executable, "-m", "edgeverify", "web", "run", "--config", str(config)]
    command += ["--state", str(folder / "page"), "--door-state", str(folder / "state")]
    with log.open("wb") as said:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command],
            stdout=said,
            stderr=said,
            cwd=ROOT,
        )
    try:
        yield process, port, log
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://localhost:{port}/login", timeout=patience(2)).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("files", [12, 20])
def test_a_crowd_beyond_the_open_files_is_told_once_and_the_page_comes_back(
    files: int, tmp_path: Path
) -> None:
    with _page(tmp_path, files) as (process, port, log):
        until(lambda: _answers(port), "the page to answer", 30)
        with ExitStack() as crowd:
            held = [
                crowd.enter_context(socket.create_connection(("127.0.0.1", port)))
                for _ in range(files)
            ]
            until(lambda: "connections wait" in log.read_text(), "the page to say what is wrong")
            for one in held:
                one.sendall(b"GET /static/style.css HTTP/1.1\r\nHost: localhost\r\n\r\n")
                one.sendall(b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n")
            held[0].settimeout(patience(5))
            assert held[0].recv(16).startswith(b"HTTP/1.1 "), "those that are in are answered"
        until(lambda: _answers(port), "the page to come back", 10)
        process.send_signal(signal.SIGTERM)
        assert process.wait(patience(10)) in {0, -signal.SIGTERM}
    lines = log.read_text().splitlines()
    assert len(lines) <= 4, "one for the start, one for each kind of fault, one with a count"
    assert all(f"{FULL}. {EXHAUSTED_ADVICE}" in line for line in lines[1:])


def test_too_few_files_to_serve_anybody_are_told_before_it_begins(tmp_path: Path) -> None:
    with _page(tmp_path, FEWEST_FILES - 1) as (process, _, log):
        assert process.wait(patience(30)) == 2
        said = log.read_text().splitlines()
    assert (
        said[0] == f"edgeverify: {FEWEST_FILES - 1} files may be open at once, and the page "
        f"needs {FEWEST_FILES} at the least"
    )
    assert said[1:] == [f"  {EXHAUSTED_ADVICE}"]


def _opens_nothing(*_: object, **__: object) -> NoReturn:
    raise OSError(errno.EMFILE, FULL)


@pytest.mark.parametrize(("path", "opened_by"), [("/login", "os.open"), (STYLE, "anyio.open_file")])
def test_a_request_that_can_open_nothing_is_answered_in_words(
    path: str,
    opened_by: str,
    page: Stage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log-ins' own error would advise about a file with which nothing is wrong."""
    browser = page.browser()
    assert browser.get(path).status_code == 200
    with monkeypatch.context() as full:
        full.setattr(opened_by, _opens_nothing)
        if path == STYLE:  # its answer had begun before the file was opened: it ends there
            assert browser.get(path).content == b""
        else:
            refused = browser.get(path)
            assert (refused.status_code, "plain file" in refused.text) == (503, False)
            assert FULL in refused.text
    assert [(one.getMessage(), one.exc_info) for one in caplog.records] == [
        (f"a request was not served: {FULL}. {EXHAUSTED_ADVICE}", None)
    ]
    assert browser.get(path).status_code == 200

"""The same door under any locale: Turkish capitals, a comma in numbers, Latin-1, none at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgeverify.cli.native_libraries import use_neutral_locale
from tests.absent import absent
from tests.cli.conftest import Desk
from tests.locales import GENERATED, LOCALES, can_be_made, environment, make
from tests.waiting import patience, until

CONFIG = 78
KEPT = ("PATH", "HOME", "LD_LIBRARY_PATH", "XDG_DATA_HOME", "XDG_CACHE_HOME", "SSL_CERT_FILE")


@pytest.fixture(scope="session")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with locales that this machine need not have installed."""
    if not can_be_made():
        absent("no sources of locales are here (apt-get install locales)")
    folder = tmp_path_factory.mktemp("locales")
    make(folder)
    return folder


def _environment(locales: Path, name: str) -> dict[str, str]:
    kept = {key: os.environ[key] for key in KEPT if key in os.environ}
    return environment(locales, name, kept)


def _run(
    words: list[str | Path], environment: Mapping[str, str], *, allowed: tuple[int, ...] = (0,)
) -> str:
    command = [sys.executable, "-m", "edgeverify", *[str(word) for word in words]]
    done = subprocess.run(
        command, env=dict(environment), capture_output=True, timeout=patience(60), check=False
    )
    said = done.stdout.decode() + done.stderr.decode()
    assert "Traceback" not in said
    assert done.returncode in allowed, said
    return said


FILM = """camera: {source: nobody.mp4}
liveness: "off"
clock: {allow_unsynced: true}
mqtt: {host: localhost, port: 1}
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [*LOCALES, "ja_JP.EUC-JP"])
def test_a_door_is_checked_and_runs_alike_under_every_locale(
    desk: Desk, locales: Path, name: str
) -> None:
    around = _environment(locales, name)
    photo = "Łukasz İnce.jpg"
    shutil.copyfile(desk.folder / "obama.jpg", desk.folder / photo)
    desk.write(("1", "Łukasz İnce", [f'"{photo}"']), more=FILM)
    said = _run(["check-config", desk.config], around)
    assert f"{desk.config}: ok, door 'front-door', 1 in staff" in said
    said = _run(
        ["verify", desk.folder / "obama2.jpg", desk.folder / photo, "--config", desk.config], around
    )
    assert "match" in said
    with _running(desk, around) as log:
        until(lambda: "ready after" in log.read_text("utf-8"), "the door to be ready", 60)
        until(lambda: "1 enrolled" in log.read_text("utf-8"), "its person to be enrolled", 60)
        words: list[str | Path] = ["doctor", "--config", desk.config, "--state", desk.state]
        # No camera and no broker are here: it says so, and that the networks answer.
        said = _run(words, around, allowed=(0, 1))
        assert "running, " in said
        assert "ok" in next(line for line in said.splitlines() if " model " in f" {line} ")
    assert "Traceback" not in log.read_text("utf-8")


@contextmanager
def _running(desk: Desk, environment: Mapping[str, str]) -> Iterator[Path]:
    """A daemon until the end of the block, which must end it in order; its log."""
    log = desk.folder.parent / "daemon.log"
    command = [sys.executable, "-m", "edgeverify", "run"]
    command += ["--config", str(desk.config), "--state", str(desk.state)]
    with (
        log.open("wb") as stream,
        subprocess.Popen(command, env=dict(environment), stdout=stream, stderr=stream) as daemon,
    ):
        try:
            yield log
            daemon.terminate()
            assert daemon.wait(patience(30)) == 0, log.read_text("utf-8")
        finally:
            daemon.kill()


@pytest.mark.parametrize("name", GENERATED)
def test_what_native_code_sees_is_neutral(locales: Path, name: str) -> None:
    program = (
        "import ctypes, locale, os, sys\n"
        "from edgeverify.cli.native_libraries import use_neutral_locale\n"
        "use_neutral_locale(os.environ)\n"
        "c = ctypes.CDLL(None); c.strtod.restype = ctypes.c_double\n"
        "print(chr(c.toupper(ord('i'))), c.strtod(b'0.5', None), os.environ['LC_ALL'],\n"
        "      sys.getfilesystemencoding())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=_environment(locales, name) | {"PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["I", "0.5", "C.UTF-8", "utf-8"]


@pytest.mark.parametrize("name", GENERATED)
def test_a_file_is_called_as_it_was_typed(locales: Path, name: str) -> None:
    said = _run(["check-config", "İnce 山田.yaml"], _environment(locales, name), allowed=(CONFIG,))
    assert "İnce 山田.yaml: cannot be read" in said


def test_a_name_that_the_output_cannot_carry_is_spelled_out(desk: Desk) -> None:
    desk.write()
    named = desk.config.rename(desk.folder / "山田.yaml")
    around = {name: os.environ[name] for name in KEPT if name in os.environ}
    around |= {"PYTHONIOENCODING": "latin-1", "LC_ALL": "C.UTF-8"}
    said = _run(["check-config", named], around)
    assert "\\u5c71\\u7530.yaml: ok" in said


def test_a_neutral_locale_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # These tests may run under another locale themselves.
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "utf-8")
    environ = {"LANG": "C.UTF-8"}
    use_neutral_locale(environ, execute=lambda *_: pytest.fail("no second beginning is needed"))
    assert environ == {"LANG": "C.UTF-8"}

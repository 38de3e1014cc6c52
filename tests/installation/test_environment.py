"""`make`'s own environment: whole, or made anew, for a real Python's venv and a real pip."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
BACKEND = """
import os, pathlib, time, zipfile

def get_requires_for_build_editable(config_settings=None):
    return []

def build_editable(folder, config_settings=None, metadata_directory=None):
    pathlib.Path("building").touch()
    while pathlib.Path("hold").exists():
        time.sleep(0.05)
    name = "tiny-1.0-py3-none-any.whl"
    info = "tiny-1.0.dist-info"
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as wheel:
        wheel.writestr("tiny.py", "works = True\\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name
"""  # noqa: E501
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "tiny"
version = "1.0"
"""
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in a folder with a space, of a project that builds without any network."""
    folder = tmp_path / "my projects" / "tiny"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "lock").write_text("")
    return folder


def maker(checkout: Path, folder: str = ".venv", **changes: str) -> subprocess.Popen[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    command = [sys.executable, "-c", _PROGRAM, str(ROOT)]
    return subprocess.Popen(
        [*command, "--folder", folder, "--lock", "lock"],
        cwd=checkout,
        env=environ | OFFLINE | changes,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from edgeverify.installation.environment import main; sys.exit(main(sys.argv[1:]))"
)


def made(checkout: Path, folder: str = ".venv", **changes: str) -> tuple[int, str]:
    process = maker(checkout, folder, **changes)
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


def until_it_builds(process: subprocess.Popen[str], checkout: Path) -> None:
    while not (checkout / "building").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


def works(checkout: Path) -> bool:
    program = "import tiny; print(tiny.works)"
    done = subprocess.run(
        [checkout / ".venv/bin/python", "-I", "-c", program],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout == "True\n"


def test_from_nothing_then_nothing_to_do_then_a_changed_lock(checkout: Path) -> None:
    code, said = made(checkout)
    assert code == 0, said
    assert "Making the environment" in said
    assert works(checkout)
    assert made(checkout) == (0, "")
    (checkout / "lock").write_text("# another\n")
    code, said = made(checkout)
    assert code == 0
    assert "Making the environment" not in said
    assert "Installing the locked packages" in said
    (checkout / "lock").write_text("nothing-of-this-name==1.0 --hash=sha256:" + "0" * 64 + "\n")
    code, said = made(checkout)
    assert code == 2
    assert (
        "pip could not install the locked packages: the index cannot be reached, or has no "
        "nothing-of-this-name==1.0" in said
    )
    assert "run the same command again" in said
    assert not (checkout / ".venv/daemon.stamp").exists()
    (checkout / "lock").write_text("")
    code, said = made(checkout)
    assert code == 0, said
    assert "Removing" in said  # what a broken-off installation left is not trusted
    assert works(checkout)


def test_a_kill_in_the_middle_leaves_no_stamp_and_the_next_run_starts_anew(checkout: Path) -> None:
    (checkout / "hold").touch()
    process = maker(checkout)
    until_it_builds(process, checkout)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    for member in family:
        member.kill()
    process.communicate()
    assert not (checkout / ".venv/daemon.stamp").exists()
    (checkout / "hold").unlink()
    code, said = made(checkout)
    assert code == 0, said
    assert "Removing" in said
    assert works(checkout)


def test_a_venv_that_was_broken_off_before_it_had_a_pip_is_made_anew(checkout: Path) -> None:
    command = [sys.executable, "-m", "venv", "--without-pip", str(checkout / ".venv")]
    subprocess.run(command, check=True)
    code, said = made(checkout)
    assert code == 0, said
    assert works(checkout)


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Path) -> None:
    assert made(checkout)[0] == 0
    for name in ("python", "python3", f"python3.{sys.version_info.minor}"):
        link = checkout / ".venv/bin" / name
        link.unlink()
        link.symlink_to("/usr/bin/python3.0")
    code, said = made(checkout)
    assert code == 0, said
    assert works(checkout)


def test_a_checkout_that_was_moved_is_installed_anew(checkout: Path) -> None:
    assert made(checkout)[0] == 0
    moved = checkout.rename(checkout.with_name("moved"))
    code, said = made(moved)
    assert code == 0, said
    assert "Making the environment" in said
    assert works(moved)


def test_two_makers_at_once_make_one_environment(checkout: Path) -> None:
    (checkout / "hold").touch()
    first = maker(checkout)
    until_it_builds(first, checkout)
    second = maker(checkout)
    assert second.stdout is not None
    assert second.stdout.readline().startswith("Waiting for another make that is at work on ")
    (checkout / "hold").unlink()
    said, _ = first.communicate(timeout=300)
    assert first.returncode == 0, said
    assert second.communicate(timeout=300) == ("", None)  # it finds all done
    assert second.returncode == 0
    assert works(checkout)


def test_what_pips_settings_say_of_other_installations_counts_for_nothing(checkout: Path) -> None:
    settings = checkout / "pip.conf"
    settings.write_text(
        "[global]\nuser = true\ndry-run = true\nrequire-hashes = true\nrequire-virtualenv = true\n"
    )
    code, said = made(checkout, PIP_CONFIG_FILE=str(settings))
    assert code == 0, said
    assert works(checkout)


def test_packages_that_pip_puts_elsewhere_are_one_sentence(checkout: Path, tmp_path: Path) -> None:
    settings = checkout / "pip.conf"
    settings.write_text(f"[install]\nprefix = {tmp_path / 'elsewhere'}\n")
    code, said = made(checkout, PIP_CONFIG_FILE=str(settings))
    assert code == 2
    assert "pip put the packages elsewhere" in said
    assert not (checkout / ".venv/daemon.stamp").exists()
    code, said = made(checkout)
    assert code == 0, said
    assert works(checkout)


@pytest.mark.parametrize("sign", [":", "$"])
def test_a_path_that_python_makes_no_environment_in_is_one_sentence(
    checkout: Path, sign: str
) -> None:
    unfit = checkout.rename(checkout.with_name(f"a{sign}x"))
    code, said = made(unfit)
    assert code == 2
    assert f"Python makes none in a path with {sign}" in said
    assert "Traceback" not in said
    assert not (unfit / ".venv").exists()


def test_a_folder_that_is_no_environment_is_left_alone(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv/thesis.txt").write_text("years of work")
    code, said = made(checkout)
    assert code == 2
    assert "is not a Python environment, so it was left alone" in said
    assert (checkout / ".venv/thesis.txt").read_text() == "years of work"


def test_an_environment_of_another_project_is_left_alone(checkout: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "pyvenv.cfg").write_text("home = /usr/bin\n")
    code, said = made(checkout, folder=str(theirs))
    assert code == 2
    assert "is an environment that something else made, so it was left alone" in said
    assert (theirs / "pyvenv.cfg").exists()


def test_a_lock_that_is_not_there_is_one_sentence(checkout: Path) -> None:
    assert made(checkout)[0] == 0
    (checkout / "lock").unlink()
    code, said = made(checkout)
    assert code == 2
    assert f"{checkout / 'lock'}: No such file or directory" in said
    assert "Traceback" not in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_checkout_that_cannot_be_written_is_one_sentence(checkout: Path) -> None:
    checkout.chmod(0o555)
    code, said = made(checkout)
    checkout.chmod(0o755)
    assert code == 2
    assert "cannot make the environment" in said
    assert "a folder of your own" in said

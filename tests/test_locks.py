"""The locks: complete, hashed, nameless about where packages come from, and resolvable."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tests.absent import absent

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("daemon", "dev", "export", "readers")
COMPILED = {"evdev", "pyscard"}
"""In the readers' lock alone, because a compiler is needed."""
MACHINES = [
    (python, machine)
    for python in ("3.10", "3.11", "3.12", "3.13", "3.14")
    for machine in ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28")
]


def _lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")


def _name(package: str) -> str:
    """One spelling for all (PEP 503)."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _pins(name: str) -> dict[str, set[str]]:
    """Package to the versions pinned for one machine or another."""
    pins: dict[str, set[str]] = {}
    for package, version in re.findall(
        r"^([A-Za-z0-9._\-]+)==([^ ;\\]+)", _lock(name), re.MULTILINE
    ):
        pins.setdefault(_name(package), set()).add(version)
    return pins


def _listed(section: str) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    listed: list[str] = project["dependencies"] if section == "dependencies" else extras[section]
    return listed


def _wanted(section: str) -> set[str]:
    return {_name(re.split(r"[<>=!;\[ ]", item)[0]) for item in _listed(section)}


@pytest.mark.parametrize(
    ("lock", "section"),
    [
        ("daemon", "dependencies"),
        ("dev", "dev"),
        ("dev", "demo"),
        ("dev", "evaluate"),
        ("dev", "lock"),
        ("readers", "readers"),
        ("export", "export"),
        ("export", "training"),
    ],
)
def test_every_dependency_is_pinned(lock: str, section: str) -> None:
    wanted = _wanted(section)
    assert wanted
    assert wanted <= set(_pins(lock))


@pytest.mark.parametrize("lock", [*LOCKS, "mediapipe"])
def test_every_pin_has_a_hash_and_no_index_is_named(lock: str) -> None:
    text = _lock(lock)
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    assert all("--hash=sha256:" in entry for entry in entries if entry.strip())
    assert "://" not in text


@pytest.mark.parametrize("section", ["dependencies", "demo", "evaluate", "dev", "readers"])
def test_the_lowest_versions_that_are_stated_are_those_that_are_tested(section: str) -> None:
    """A bound that another package lifts would be stated and never run."""
    pins = _pins("lowest")
    for item in _listed(section):
        bound = re.fullmatch(r"([^<>=!;\[ ]+)>=([^,; ]+).*", item)
        assert bound is not None, f"{item} has no lower bound"
        pinned = pins[_name(bound[1])]  # several where a newer Python has no wheel of the lowest
        assert any(f"{each}.".startswith(f"{bound[2]}.") for each in pinned), (
            f"{item}, but {', '.join(pinned)} is tested"
        )


def test_the_tests_run_on_the_lock_that_make_names() -> None:
    """A second lock in the same environment once brought today's versions over the lowest."""
    named = os.environ.get("EDGEVERIFY_LOCK")
    if named is None:
        absent("no lock is named (`make unit` names one)")
    pins = _pins(Path(named).stem)
    others = {
        f"{package}=={found}"
        for each in metadata.distributions()
        if (package := _name(each.name)) in pins and (found := each.version) not in pins[package]
    }
    assert pins
    assert not others, f"{named} does not have what is installed: {sorted(others)}"


def test_the_locks_agree_with_each_other() -> None:
    everything = _pins("export")
    for lock in ("daemon", "dev", "readers"):
        for package, versions in _pins(lock).items():
            assert package in COMPILED or versions <= everything[package], package
    assert set(_pins("readers")) - set(everything) == COMPILED


def test_the_daemons_lock_is_free_of_the_workshop() -> None:
    assert {"torch", "torchvision", "timm"}.isdisjoint(_pins("daemon"))
    assert "torch" in _pins("export")


@pytest.mark.slow
@pytest.mark.parametrize(("python", "machine"), MACHINES)
def test_the_daemons_lock_installs_on(python: str, machine: str, tmp_path: Path) -> None:
    """Resolved against the package index, wheels only, hashes checked; nothing is installed."""
    command = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--dry-run"]
    command += ["--python-version", python, "--python-platform", machine]
    command += ["--target", str(tmp_path), "--require-hashes", "--only-binary", ":all:"]
    command += ["-r", str(ROOT / "requirements" / "daemon.lock")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert result.returncode == 0, result.stderr
    assert "Would install" in result.stderr

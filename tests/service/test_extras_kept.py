"""What a door was given beside its own packages stays through upgrades and the way back."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from edgeverify.errors import EdgeverifyError
from edgeverify.installation import perform, plan_install, plan_rollback
from edgeverify.installation.extras import extras_of, packages_by_extra
from tests.service.test_installation import as_root, release, target

__all__ = ["as_root"]

REQUIRES = """\
Provides-Extra: page
Provides-Extra: reader
Requires-Dist: numpy>=2
Requires-Dist: tiny_page>=1; extra == "page"
Requires-Dist: tiny-reader>=1; extra == "reader"
Requires-Dist: tiny-wire>=1; extra == 'reader'
"""


def tiny(folder: Path, name: str) -> None:
    """A wheel with nothing in it."""
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        wheel.writestr(f"{info}/METADATA", about)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")  # fmt: skip  # noqa: E501
        wheel.writestr(f"{info}/RECORD", "")


def put(folder: Path, name: str, about: str = "") -> None:
    info = folder / f"lib/python3.11/site-packages/{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{about}")


def test_the_packages_of_each_extra_are_read_from_the_releases_own_words() -> None:
    lines = [line.removeprefix("Requires-Dist: ") for line in REQUIRES.splitlines()]
    assert packages_by_extra(lines) == {
        "page": ("tiny_page",),
        "reader": ("tiny-reader", "tiny-wire"),
    }


def test_an_extra_counts_where_every_package_of_it_is_there(tmp_path: Path) -> None:
    assert extras_of(None) == ()
    assert extras_of(tmp_path) == ()
    put(tmp_path, "edgeverify", REQUIRES)
    put(tmp_path, "tiny_reader")
    assert extras_of(tmp_path) == ()
    put(tmp_path, "Tiny.Page")
    assert extras_of(tmp_path) == ("page",)
    put(tmp_path, "tiny-wire")
    assert extras_of(tmp_path) == ("page", "reader")


def test_a_plan_names_them_before_anything_is_switched(tmp_path: Path) -> None:
    root = tmp_path / "image"
    running = root / "opt/edgeverify/1.0.0"
    put(running, "edgeverify", REQUIRES)
    (root / "opt/edgeverify/current").symlink_to("1.0.0")
    wheel = release(tmp_path, "1.1.0", requires=REQUIRES)
    assert not any("[" in step.line for step in plan_install(target(root, wheel)))
    put(running, "tiny-page")
    lines = [step.line for step in plan_install(target(root, wheel))]
    (extras,) = (number for number, line in enumerate(lines) if f"{wheel}[page]" in line)
    (switch,) = (number for number, line in enumerate(lines) if "ln -sfn 1.1.0" in line)
    assert extras < switch
    put(root / "opt/edgeverify/0.9.0", "edgeverify", REQUIRES)
    (root / "opt/edgeverify/previous").symlink_to("0.9.0")
    back = [step.line for step in plan_rollback(target(root, Path()))]
    assert "edgeverify[page]" in back[-1]


@pytest.mark.slow
@pytest.mark.usefixtures("as_root")
def test_they_stay_through_an_upgrade_and_the_way_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With real environments and a real pip; the index is a folder."""
    for name in ("tiny_page", "tiny_reader", "tiny_wire"):
        tiny(tmp_path, name)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    requires = REQUIRES.replace("Requires-Dist: numpy>=2\n", "")
    root = tmp_path / "image"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text(Path("/etc/passwd").read_text())
    (root / "etc/group").write_text(Path("/etc/group").read_text())
    current = root / "opt/edgeverify/current"

    def install(version: str) -> None:
        wheel = release(tmp_path, version, requires=requires)
        perform("install", target(root, wheel), lambda _: None)

    def add(extra: str) -> None:
        python = str(current.resolve() / "bin/python")
        pip = [python, "-m", "pip", "install", "--quiet", f"edgeverify[{extra}]"]
        subprocess.run(pip, check=True)

    install("1.0.0")
    assert extras_of(current.resolve()) == ()
    add("page")
    install("1.1.0")
    assert current.resolve().name == "1.1.0"
    assert extras_of(current.resolve()) == ("page",)
    add("reader")
    perform("rollback", target(root, Path()), lambda _: None)
    assert current.resolve().name == "1.0.0"
    assert extras_of(current.resolve()) == ("page", "reader")
    # Without the index a release whose extras cannot be had is not switched to.
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    with pytest.raises(EdgeverifyError, match="could not install the extras page,reader"):
        install("1.2.0")
    assert current.resolve().name == "1.0.0"

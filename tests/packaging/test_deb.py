"""The Debian package: built, installed, run under a real systemd, upgraded, removed and purged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.absent import absent
from tests.fresh.machine import HOME, USER, fresh_machine
from tests.systemd.container import Container, base_system
from tests.systemd.wheels import CHECKOUT, PYTHONS, SUITE

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(3600)]
CACHE = CHECKOUT / ".cache/packaging"
TOOLS = "make dpkg-dev debhelper dh-virtualenv python3-venv"


@pytest.fixture(scope="module")
def package() -> Path:
    """`make deb` of this checkout, or the file that EDGEVERIFY_DEB names.

    For another Debian than this one (`make test-packaging DEBIAN=trixie`) it is made there.
    """
    if made := os.environ.get("EDGEVERIFY_DEB"):
        return Path(made)
    if sys.version_info[:2] != PYTHONS[SUITE]:
        return _made_on(SUITE)
    if shutil.which("dpkg-buildpackage") is None or shutil.which("dh_virtualenv") is None:
        absent("dpkg-dev, debhelper or dh-virtualenv is missing (make test-packaging)")
    done = subprocess.run(
        ["make", "deb"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return max((CHECKOUT / "dist").glob("edgeverify_*.deb"), key=lambda path: path.stat().st_mtime)


def _made_on(suite: str) -> Path:
    """Have a newcomer to a bare Debian make the package, as docs/installation.md says."""
    CACHE.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=True
    ).stdout
    with fresh_machine(suite, CHECKOUT / ".cache/fresh", CACHE / f"deb-{suite}.log") as made:
        source = made.files / HOME.lstrip("/") / "edgeverify"
        for name in filter(None, listed.decode().split("\0")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, source / name)
        made.run(f"chown -R {USER}: {HOME}/edgeverify && apt-get update -qq")
        made.run(f"DEBIAN_FRONTEND=noninteractive apt-get install -y -qq {TOOLS}")
        made.run("cd edgeverify && make deb", user=USER)
        (package,) = (source / "dist").glob("edgeverify_*.deb")
        kept = CACHE / suite / package.name
        kept.parent.mkdir(exist_ok=True)
        return Path(shutil.copy(package, kept))


@pytest.fixture(scope="module")
def machine(package: Path) -> Iterator[Container]:
    if os.geteuid() != 0 or not (shutil.which("systemd-nspawn") and shutil.which("debootstrap")):
        absent("booting a container needs root, debootstrap and systemd-nspawn")
    layer = CACHE / f"run-{os.getpid()}"
    base = base_system(CHECKOUT / ".cache/systemd", SUITE)
    booted = Container(base, layer, bind_read_only={package.parent: "/packages"})
    try:
        yield booted
    finally:
        booted.close()


def _dpkg(machine: Container, *words: str) -> str:
    done = machine.run("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", *words, seconds=600)
    return done.stdout + done.stderr


def test_it_installs_serves_and_goes_again(machine: Container, package: Path) -> None:
    said = _dpkg(machine, "--install", f"/packages/{package.name}")
    assert "systemctl start edgeverify" in said
    assert machine.run("edgeverify", "--version").stdout.startswith("edgeverify ")
    assert machine.show("edgeverify.service", "UnitFileState") == "enabled"
    assert machine.show("edgeverify.service", "ActiveState") == "inactive"
    config = machine.run("stat", "--format", "%a %U %G", "/etc/edgeverify/edgeverify.yaml").stdout
    assert config.split() == ["640", "root", "edgeverify"]
    assert (
        machine.run("stat", "--format", "%U", "/var/lib/edgeverify").stdout.strip() == "edgeverify"
    )
    assert "edgeverify-web" in machine.run("getent", "passwd", "edgeverify-web").stdout
    machine.run("systemd-analyze", "verify", "/lib/systemd/system/edgeverify.service")

    machine.write("/etc/edgeverify/edgeverify.yaml", "door: mine\ntime_zone: UTC\n", 0o640)
    _dpkg(machine, "--install", f"/packages/{package.name}")
    kept = (machine.files / "etc/edgeverify/edgeverify.yaml").read_text()
    assert kept.startswith("door: mine"), "an upgrade leaves the config alone"

    (machine.files / "var/lib/edgeverify/front").mkdir()
    _dpkg(machine, "--remove", "edgeverify")
    assert not (machine.files / "opt/edgeverify/current").exists()
    assert not (machine.files / "usr/bin/edgeverify").exists()
    assert (machine.files / "etc/edgeverify/edgeverify.yaml").exists(), "configs stay"
    assert (machine.files / "var/lib/edgeverify/front").exists(), "and so does the state"

    _dpkg(machine, "--install", f"/packages/{package.name}")
    _dpkg(machine, "--purge", "edgeverify")
    for gone in ("etc/edgeverify", "var/lib/edgeverify", "opt/edgeverify", "var/cache/edgeverify"):
        assert not (machine.files / gone).exists(), gone
    units = ("systemctl", "list-unit-files", "edgeverify*", "--no-legend")
    assert machine.run(*units, check=False).stdout.strip() == ""


def test_it_refuses_to_lie_over_a_release_of_make_install(
    machine: Container, package: Path
) -> None:
    machine.run("mkdir", "-p", "/opt/edgeverify/0.1.0")
    machine.run("ln", "-s", "0.1.0", "/opt/edgeverify/current")
    done = machine.run("dpkg", "--install", f"/packages/{package.name}", check=False, seconds=300)
    assert done.returncode != 0
    assert "edgeverify install-service --uninstall" in done.stderr
    assert (machine.files / "opt/edgeverify/current").is_symlink()

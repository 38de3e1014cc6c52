"""Installing, upgrading, going back and taking away, in an image's folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from edgeverify.errors import EdgeverifyError
from edgeverify.installation import Target, perform, plan_install, target_of
from edgeverify.installation.plans import LOADS_LATE
from tests.absent import absent

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAM = """
import pathlib, sys
def main():
    print("edgeverify {version}")
    if "downgrade-state" in sys.argv:
        state = pathlib.Path(sys.argv[sys.argv.index("--state") + 1])
        (state / "fitted").write_text(" ".join(sys.argv[4:]) + " by {version}")
"""


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        absent("only root can make a system's users")


def release(
    folder: Path, version: str, *, mark: str = "", schema: int = 1, requires: str = ""
) -> Path:
    """A real wheel with the real units, and a program that knows its version and its schemas."""
    wheel = folder / f"edgeverify-{version}-py3-none-any.whl"
    info = f"edgeverify-{version}.dist-info"
    data = f"edgeverify-{version}.data/data/share/edgeverify"
    files = {
        "edgeverify/__init__.py": PROGRAM.format(version=version),
        "edgeverify/journal/schema.py": f"VERSION = {schema}\n",
        "edgeverify/references/database.py": "VERSION = 1\n",
        "edgeverify/daemon/run.py": "",
        "edgeverify/models/build.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: edgeverify\nVersion: {version}\n"
        + requires,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nedgeverify = edgeverify:main\n",
        f"{data}/config/edgeverify.yaml": f"# {version}\ndoor: front-door\n",
    }
    for path in sorted((CHECKOUT / "systemd").glob("*.*")):
        files[f"{data}/systemd/{path.name}"] = path.read_text() + mark
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


def target(root: Path, wheel: Path, **more: object) -> Target:
    values = {"root": root, "wheel": wheel, "python": sys.executable, **more}
    return Target(**values)  # type: ignore[arg-type]


def lines(root: Path, wheel: Path, **more: object) -> list[str]:
    return [step.line for step in plan_install(target(root, wheel, **more))]


def test_a_rehearsal_says_every_step_and_does_none(tmp_path: Path) -> None:
    root = tmp_path / "image"
    root.mkdir()
    told: list[str] = []
    perform("install", target(root, release(tmp_path, "1.0.0")), told.append, dry_run=True)
    assert list(root.iterdir()) == []
    for expected in (f"venv {root}/opt/edgeverify/1.0.0", "ln -sfn 1.0.0", "edgeverify.service"):
        assert any(expected in line for line in told), expected


def test_taking_it_away_leaves_an_integrator_s_own_drop_ins(tmp_path: Path) -> None:
    units = tmp_path / "etc/systemd/system"
    for service in ("edgeverify.service", "edgeverify@.service"):
        (units / f"{service}.d").mkdir(parents=True)
        for name in (service, f"{service}.d/50-profile.conf", f"{service}.d/40-restart-steps.conf"):
            (units / name).touch()
    mine = units / "edgeverify.service.d/60-broker-password.conf"
    mine.write_text("[Service]\nLoadCredential=broker-password:/etc/secret\n")
    wanted = units / "multi-user.target.wants/edgeverify@front.service"
    wanted.parent.mkdir()
    wanted.symlink_to("../edgeverify@.service")
    others = units / "other.service"
    others.touch()
    for is_purge in (False, True):
        perform("uninstall", target(tmp_path, Path()), lambda _: None, purge=is_purge)
        left = sorted(path for path in units.rglob("*") if not path.is_dir() or path.is_symlink())
        assert left == [mine, others]


def test_the_command_line_rehearses_the_same(tmp_path: Path) -> None:
    wheel = release(tmp_path, "1.0.0")
    arguments = ["--wheel", str(wheel), "--dry-run", "--python", "/usr/bin/env"]
    program = [sys.executable, "-m", "edgeverify.installation", "install", *arguments]
    plain = subprocess.run(program, capture_output=True, text=True, check=True, cwd=CHECKOUT)
    command = [sys.executable, "-m", "edgeverify", "install-service", *arguments]
    typed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=CHECKOUT)
    of_the_lock = ("--require-hashes", "what no door loads")
    locked, rest = [], []
    for line in typed.stdout.splitlines():
        (locked if any(mark in line for mark in of_the_lock) else rest).append(line)
    assert f"-r {CHECKOUT}/requirements/daemon.lock" in locked[0]
    assert "--only-binary :all:" in locked[0]
    assert len(locked) == 2
    late = f", {LOADS_LATE}"
    assert [line.replace(late, "") for line in rest] == plain.stdout.splitlines()
    assert "systemctl daemon-reload" in plain.stdout


def test_on_a_jetson_the_environment_sees_the_systems_packages(tmp_path: Path) -> None:
    root = tmp_path / "image"
    (root / "etc").mkdir(parents=True)
    (root / "etc/nv_tegra_release").touch()
    wheel = release(tmp_path, "1.0.0")
    seen = target_of(root, wheel=wheel, requirements=None, profile="auto", python="/usr/bin/env")
    assert seen.shares_system_packages
    assert seen.profile == "gpu"
    assert any("--system-site-packages" in step.line for step in plan_install(seen))
    assert not any("--system-site-packages" in line for line in lines(tmp_path, wheel))


def test_growing_pauses_only_where_systemd_knows_them(tmp_path: Path) -> None:
    wheel = release(tmp_path, "1.0.0")
    old = " ".join(lines(tmp_path, wheel, systemd_version=249))
    new = " ".join(lines(tmp_path, wheel, systemd_version=254))
    assert "restart-steps" not in old
    assert "restart-steps" in new


def test_without_a_release_it_asks_for_one(tmp_path: Path) -> None:
    with pytest.raises(EdgeverifyError, match="no release was named"):
        plan_install(target(tmp_path, Path()))


@pytest.mark.parametrize("name", ["edgeverify.whl", "other-1.0.0-py3-none-any.whl"])
def test_what_is_no_release_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    with pytest.raises(EdgeverifyError, match="is not a wheel of edgeverify"):
        plan_install(target(tmp_path, path))


def test_a_python_in_a_home_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgeverifyError, match="is in somebody's home folder"):
        target_of(
            tmp_path, wheel=None, requirements=None, profile="cpu", python="/home/ada/bin/python"
        )


def test_going_back_without_an_earlier_release_is_said(tmp_path: Path) -> None:
    with pytest.raises(EdgeverifyError, match="no earlier release"):
        perform("rollback", target(tmp_path, Path()), lambda _: None)


def test_only_root_changes_the_running_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EdgeverifyError, match="only root"):
        perform("install", target(Path("/"), release(tmp_path, "1.0.0")), lambda _: None)


@pytest.mark.slow
def test_a_broken_release_changes_nothing_that_runs(tmp_path: Path) -> None:
    root = tmp_path / "image"
    wheel = tmp_path / "edgeverify-2.0.0-py3-none-any.whl"
    wheel.write_bytes(b"no wheel at all")
    with pytest.raises(EdgeverifyError, match="pip could not install the release"):
        perform("install", target(root, wheel), lambda _: None)
    assert not (root / "opt/edgeverify/current").exists()
    assert not (root / "etc").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("as_root")
def test_years_of_releases(tmp_path: Path) -> None:
    """Install, edit the config, upgrade, go back, forward, and take it away."""
    root = tmp_path / "image"
    (root / "etc").mkdir(parents=True)
    shutil.copy("/etc/passwd", root / "etc/passwd")
    shutil.copy("/etc/group", root / "etc/group")
    config = root / "etc/edgeverify/edgeverify.yaml"
    unit = root / "etc/systemd/system/edgeverify.service"
    program = root / "opt/edgeverify/current/bin/edgeverify"

    def runs() -> str:
        return subprocess.run(
            [str(program)], capture_output=True, text=True, check=True
        ).stdout.strip()

    def install(version: str, schema: int = 1) -> None:
        wheel = release(tmp_path, version, mark=f"# {version}\n", schema=schema)
        perform("install", target(root, wheel), lambda _: None)

    install("1.0.0")
    assert runs() == "edgeverify 1.0.0"
    assert config.read_text().startswith("# 1.0.0")
    assert config.stat().st_mode & 0o777 == 0o640
    assert "edgeverify" in (root / "etc/passwd").read_text()
    assert (root / "etc/systemd/system/multi-user.target.wants/edgeverify.service").is_symlink()
    state = root / "var/lib/edgeverify/edgeverify/journal.sqlite"
    state.parent.mkdir(parents=True)
    state.write_text("years of decisions")
    (state.parent / "door").write_text("front-door\n")
    fitted = state.parent / "fitted"
    config.write_text("door: my-own\n")

    install("1.1.0", schema=2)
    assert runs() == "edgeverify 1.1.0"
    assert config.read_text() == "door: my-own\n"
    assert (config.parent / "edgeverify.yaml.example").read_text().startswith("# 1.1.0")
    assert unit.read_text().endswith("# 1.1.0\n")

    perform("rollback", target(root, Path()), lambda _: None)
    assert runs() == "edgeverify 1.0.0"
    assert unit.read_text().endswith("# 1.0.0\n")
    # The newer release made the state fit the older; on the way forward the daemon does.
    assert fitted.read_text() == "--journal-schema 1 --references-schema 1 by 1.1.0"
    fitted.unlink()
    perform("rollback", target(root, Path()), lambda _: None)
    assert runs() == "edgeverify 1.1.0"
    assert not fitted.exists()

    install("1.1.0", schema=2)  # the same once more: never into the environment that runs
    left = {path.name for path in (root / "opt/edgeverify").iterdir()}
    assert left == {"1.1.0", "1.1.0-2", "current", "previous"}
    assert runs() == "edgeverify 1.1.0"
    assert state.read_text() == "years of decisions"

    perform("uninstall", target(root, Path()), lambda _: None)
    assert not program.exists()
    assert not unit.exists()
    assert state.exists()
    assert config.exists()
    perform("uninstall", target(root, Path()), lambda _: None, purge=True)
    assert not config.parent.exists()
    assert not state.parent.parent.exists()

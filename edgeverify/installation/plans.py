"""What is done, in which order, to install, go back and take away."""

from __future__ import annotations

import re
from pathlib import Path

from edgeverify.errors import EdgeverifyError
from edgeverify.installation.extras import extras_of
from edgeverify.installation.states import active_doors, make_states_fit
from edgeverify.installation.steps import (
    Step,
    copy,
    folder,
    install,
    link,
    remove,
    remove_if_empty,
    run,
    take_spare,
)
from edgeverify.installation.target import Target

SERVICES = ("edgeverify.service", "edgeverify@.service")
PAGE = "edgeverify-web@.service"
"""The local page's; put in place, started where somebody wants one."""
PROFILE = "50-profile.conf"
RESTART_STEPS = "40-restart-steps.conf"
"""The drop-ins that are ours; others in the folder are their owner's."""
LOADS = "import edgeverify.daemon.run, edgeverify.models.build"
"""What a door runs: its daemon, and the fetching of its models."""

LOADS_LATE = "onnxruntime, PIL.ImageOps, PIL.JpegImagePlugin, PIL.TiffImagePlugin"
"""What these load only when they need it."""

WHEEL_NAME = re.compile(r"^edgeverify-(?P<version>[0-9][A-Za-z0-9.+!]*)-.+\.whl$")


def plan_install(target: Target) -> list[Step]:
    """Plan to install `target.wheel` and switch to it, or to a first release of it."""
    version = _version(target.wheel)
    release = _unused(target.releases, version)
    pip = [str(release / "bin/python"), "-m", "pip", "install", "--disable-pip-version-check"]
    venv = [
        target.python,
        "-m",
        "venv",
        *(["--system-site-packages"] * target.shares_system_packages),
    ]
    loads = [str(release / "bin/python"), "-I", "-c"]  # -I: not what lies in this folder
    steps = [
        folder(target.releases, 0o755),
        run([*venv, str(release)], why="an environment of its own, beside the one that runs"),
    ]
    if target.requirements is not None:
        lock = ["--require-hashes", "-r", str(target.requirements)]
        lean = ["--only-binary", ":all:", "--no-compile"]
        steps.append(
            install(
                [*pip, *lean, *lock],
                what="the locked packages",
                release=release,
                why="locked, by hash; nothing compiled",
            )
        )
    load = LOADS if target.requirements is None else f"{LOADS}, {LOADS_LATE}"
    steps += [
        install(
            [*pip, "--no-deps", str(target.wheel)],
            what="the release",
            release=release,
            why="the release itself",
        ),
        *_extras(target, pip, release),
        *([] if target.requirements is None else [take_spare(release)]),
        run([str(release / "bin/edgeverify"), "--version"]),
        run([*loads, load], why="it loads, or nothing changes; keeps bytecode of what it loads"),
        *_units(target, release),
        *_configs(target, release),
        *_switch(target, release),
        *_tell_systemd(target),
    ]
    return [*steps, *_forget_old(target, release)]


def plan_rollback(target: Target) -> list[Step]:
    """Plan to go back to the release that ran before; once more goes forward again."""
    previous = _linked(target.releases / "previous")
    if previous is None:
        raise EdgeverifyError(
            f"there is no earlier release under {target.releases} to go back to",
            advice="Install one: `edgeverify install-service --wheel FILE`.",
        )
    running = _linked(target.releases / "current")
    fit = [] if running is None else make_states_fit(target, running, previous)
    there = [*_units(target, previous), *_switch(target, previous), *_tell_systemd(target)]
    extras = _extras_that_came_since(running, previous)
    if not fit:
        return [*there, *extras]
    doors = active_doors() if target.is_live else []
    stop = [run(["systemctl", "stop", *doors], why="their state is changed")] if doors else []
    start = [run(["systemctl", "start", *doors])] if doors else []
    return [*stop, *fit, *there, *start, *extras]


def plan_uninstall(target: Target, *, purge: bool) -> list[Step]:
    """Plan to remove the service; configs, state and user stay, unless `purge`.

    Drop-ins that somebody else has put beside ours stay in any case.
    """
    steps: list[Step] = []
    if target.is_live:
        stop = ["systemctl", "disable", "--now", "edgeverify.service"]
        steps.append(run(stop, why="stop it", may_fail=True))
        others = ["edgeverify@*.service", "edgeverify-web@*.service"]
        steps.append(run(["systemctl", "stop", *others], may_fail=True))
    for service in SERVICES:
        drop_ins = target.units / f"{service}.d"
        ours = [remove(drop_ins / name) for name in (PROFILE, RESTART_STEPS)]
        steps += [remove(target.units / service), *ours, remove_if_empty(drop_ins)]
    for enabled in ("*.wants/edgeverify@*.service", "*.wants/edgeverify-web@*.service"):
        steps += [remove(path) for path in sorted(target.units.glob(enabled))]
    steps.append(remove(target.units / PAGE))
    steps += [
        remove(target.root / "etc/sysusers.d/edgeverify.conf"),
        remove(target.root / "etc/tmpfiles.d/edgeverify.conf"),
        remove(target.root / "usr/local/bin/edgeverify"),
        remove(target.releases),
    ]
    if target.is_live:
        steps.append(run(["systemctl", "daemon-reload"]))
    if purge:
        steps += [
            remove(target.root / "etc/edgeverify"),
            remove(target.root / "var/lib/edgeverify"),
            remove(target.root / "var/lib/edgeverify-web"),
            remove(target.root / "var/cache/edgeverify"),
        ]
    return steps


def _extras(target: Target, pip: list[str], release: Path) -> list[Step]:
    """Return the steps that bring what the running release has beside a door's own packages."""
    kept = ",".join(extras_of(_linked(target.releases / "current")))
    if not kept:
        return []
    return [
        install(
            [*pip, f"{target.wheel}[{kept}]"],
            what=f"the extras {kept}",
            release=release,
            why="extras that the release which runs has",
        )
    ]


def _extras_that_came_since(running: Path | None, previous: Path) -> list[Step]:
    """Plan to give an earlier release the extras that only the later one was given.

    It is the last step and may fail: going back must wait for no network.
    """
    lacks = ",".join(sorted(set(extras_of(running)) - set(extras_of(previous))))
    if not lacks:
        return []
    pip = [str(previous / "bin/python"), "-m", "pip", "install", "--disable-pip-version-check"]
    why = "extras that came since; without a network, type it again later"
    return [run([*pip, "--quiet", f"edgeverify[{lacks}]"], why=why, may_fail=True)]


def _units(target: Target, release: Path) -> list[Step]:
    """Return the units and drop-ins of this release: a rollback brings its own units back."""
    shared = release / "share/edgeverify/systemd"
    etc = target.root / "etc"
    steps = [
        copy(shared / "edgeverify.sysusers.conf", etc / "sysusers.d/edgeverify.conf"),
        copy(shared / "edgeverify.tmpfiles.conf", etc / "tmpfiles.d/edgeverify.conf"),
    ]
    for service in SERVICES:
        drop_ins = target.units / f"{service}.d"
        steps.append(copy(shared / service, target.units / service))
        steps.append(copy(shared / f"profile-{target.profile}.conf", drop_ins / PROFILE))
        if target.systemd_version >= 254:
            steps.append(copy(shared / "restart-steps.conf", drop_ins / RESTART_STEPS))
    # A release that ran before the page came has none.
    if not shared.is_dir() or (shared / PAGE).exists():
        steps.append(copy(shared / PAGE, target.units / PAGE))
    root = [] if target.is_live else [f"--root={target.root}"]
    return [
        *steps,
        run(["systemd-sysusers", *root, "edgeverify.conf"], why="the user"),
        run(["systemd-tmpfiles", *root, "--create", "edgeverify.conf"], why="its folders"),
    ]


def _configs(target: Target, release: Path) -> list[Step]:
    shipped = release / "share/edgeverify/config/edgeverify.yaml"
    etc = target.root / "etc/edgeverify"
    steps = [copy(shipped, etc / "edgeverify.yaml.example", why="the manual of every key")]
    if not (etc / "edgeverify.yaml").exists():
        steps.append(copy(shipped, etc / "edgeverify.yaml", mode=0o640))
        steps.append(run(["chown", f"--reference={etc}", str(etc / "edgeverify.yaml")]))
    return steps


def _switch(target: Target, release: Path) -> list[Step]:
    running = _linked(target.releases / "current")
    steps = []
    if running is not None and running != release:
        steps.append(link(target.releases / "previous", running.name))
    steps.append(link(target.releases / "current", release.name, why="the switch, in one rename"))
    command = target.root / "usr/local/bin/edgeverify"
    steps.append(link(command, "/opt/edgeverify/current/bin/edgeverify"))
    return steps


def _tell_systemd(target: Target) -> list[Step]:
    if not target.is_live:
        enable = ["systemctl", f"--root={target.root}", "enable", "edgeverify.service"]
        return [run(enable, why="at boot")]
    return [
        run(["systemctl", "daemon-reload"]),
        run(["systemctl", "enable", "--quiet", "edgeverify.service"], why="at boot"),
        run(
            [
                "systemctl",
                "try-restart",
                "edgeverify.service",
                "edgeverify@*.service",
                "edgeverify-web@*.service",
            ],
            why="doors that run go on with this release",
        ),
    ]


def _forget_old(target: Target, release: Path) -> list[Step]:
    running = _linked(target.releases / "current")
    keep = {release, running, target.releases / "current", target.releases / "previous"}
    if not target.releases.is_dir():
        return []
    old = sorted(path for path in target.releases.iterdir() if path not in keep)
    return [remove(path) for path in old if path.is_dir()]


def _version(wheel: Path) -> str:
    if wheel == Path():
        raise EdgeverifyError(
            "no release was named", advice="Name one: --wheel edgeverify-VERSION-py3-none-any.whl."
        )
    found = WHEEL_NAME.match(wheel.name)
    if found is None or not wheel.is_file():
        raise EdgeverifyError(
            f"{wheel} is not a wheel of edgeverify",
            advice="Name one with --wheel, such as edgeverify-0.1.0-py3-none-any.whl.",
        )
    return found["version"]


def _unused(releases: Path, version: str) -> Path:
    """Return the release's folder, numbered where the same version is installed once more."""
    taken = 1
    folder = releases / version
    while folder.exists():
        taken += 1
        folder = releases / f"{version}-{taken}"
    return folder


def _linked(link: Path) -> Path | None:
    """Return the release a link names, or None where there is none."""
    if not link.is_symlink():
        return None
    folder = link.parent / link.readlink()
    return folder if folder.is_dir() else None

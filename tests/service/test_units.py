"""The unit files: how much they shut in, and that they fit an old systemd."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.absent import absent

UNITS = Path(__file__).resolve().parents[2] / "systemd"
SERVICES = ("edgeverify.service", "edgeverify@.service")
PAGE = "edgeverify-web@.service"
NEWER_THAN_249 = (
    "RestartSteps=",  # 254
    "RestartMaxDelaySec=",  # 254
    "LoadCredentialEncrypted=",  # 250
    "ImportCredential=",  # 254
    "Type=notify-reload",  # 253
    "MemoryZSwapMax=",  # 253
    "ProtectControlGroups=private",  # 257
    "PrivatePIDs=",  # 257
    "%d",  # 250
)


def analyse(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        absent("systemd-analyze is not here (systemd/prerequisites test brings it)")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def root_with(folder: Path, service: str, profile: str) -> Path:
    units = folder / "etc/systemd/system"
    drop_ins = units / f"{service}.d"
    drop_ins.mkdir(parents=True)
    shutil.copy(UNITS / service, units)
    shutil.copy(UNITS / f"profile-{profile}.conf", drop_ins / "50-profile.conf")
    return folder


def exposure(root: Path, service: str) -> float:
    name = service.replace("@.", "@front.")
    done = analyse("security", "--offline=true", "--no-pager", f"--root={root}", name)
    if "unrecognized option" in done.stderr:  # before 250
        absent("this systemd-analyze cannot look at units offline: 250 or later can")
    if "'/run/systemd/': Permission denied" in done.stderr:  # a container that was not booted
        absent("systemd-analyze needs a machine that systemd has started, or root")
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    return float(found[1])


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(("profile", "highest"), [("cpu", 1.3), ("gpu", 1.5)])
def test_a_door_is_shut_in(tmp_path: Path, service: str, profile: str, highest: float) -> None:
    assert exposure(root_with(tmp_path, service, profile), service) <= highest


def test_the_local_page_is_shut_in_more_than_a_door_and_is_another_user(tmp_path: Path) -> None:
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    text = (UNITS / PAGE).read_text(encoding="utf-8")
    (units / PAGE).write_text(text, encoding="utf-8")
    assert exposure(tmp_path, PAGE) <= 1.2
    assert [word for word in NEWER_THAN_249 if word in text and word != "%d"] == []
    assert "User=edgeverify-web\n" in text
    assert "InaccessiblePaths=-/var/lib/edgeverify -/etc/edgeverify/credentials" in text
    (writes,) = re.findall(r"^ReadWritePaths=(.*)$", text, re.MULTILINE)
    assert writes == "-/etc/edgeverify/people"
    for door in SERVICES:  # both meet where the page's group may enter
        assert "EDGEVERIFY_PAGE_SOCKETS=/run/edgeverify-page\n" in (UNITS / door).read_text()
    assert "EDGEVERIFY_PAGE_SOCKETS=/run/edgeverify-page\n" in text


def test_the_measure_would_notice_an_open_door(tmp_path: Path) -> None:
    """A control: the same program, without a sandbox."""
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    (units / "edgeverify.service").write_text("[Service]\nExecStart=/bin/true\n")
    assert exposure(tmp_path, "edgeverify.service") > 9


def test_both_units_are_the_same_but_for_the_instance() -> None:
    one, many = ((UNITS / service).read_text() for service in SERVICES)
    one, many = (text[text.index("[Unit]") :] for text in (one, many))
    assert many.replace(" at the door %i", " at the door").replace("%i", "edgeverify") == one


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_in_the_units_is_newer_than_systemd_249(service: str) -> None:
    text = (UNITS / service).read_text()
    assert [newer for newer in NEWER_THAN_249 if newer in text] == []


@pytest.mark.parametrize("service", SERVICES)
def test_it_never_gives_up_but_for_a_broken_config(service: str) -> None:
    lines = (UNITS / service).read_text().splitlines()
    assert "Type=notify" in lines
    assert "Restart=always" in lines
    assert "StartLimitIntervalSec=0" in lines
    assert f"RestartPreventExitStatus={os.EX_CONFIG}" in lines
    assert any(re.match(r"WatchdogSec=\d+$", line) for line in lines)


def test_the_gpu_profile_keeps_what_cuda_needs(tmp_path: Path) -> None:
    text = (UNITS / "profile-gpu.conf").read_text()
    assert "MemoryDenyWriteExecute=no" in text
    assert "DeviceAllow=char-nvidia* rw" in text
    assert exposure(root_with(tmp_path, SERVICES[0], "gpu"), SERVICES[0]) > 0


def test_every_file_that_the_installer_copies_is_carried_in_the_wheel() -> None:
    carried = {path.name for path in UNITS.glob("*.*")}
    assert carried >= {
        *SERVICES,
        PAGE,
        "profile-cpu.conf",
        "profile-gpu.conf",
        "restart-steps.conf",
        "edgeverify.sysusers.conf",
        "edgeverify.tmpfiles.conf",
        "credential-master-key.conf",
        "credential-broker-password.conf",
        "edgeverify-pcsc.rules",
    }

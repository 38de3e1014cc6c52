"""No process of the product reports to anybody: no file, no look-up, no call but the door's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgeverify.demo.scenes import OWNER_CARD
from edgeverify.domain import Outcome
from edgeverify.models.build import ensure_bundle
from tests.faces import DATA
from tests.models.conftest import CACHE
from tests.outgoing_traffic.recording import Contact, Observed, reporting, reports_by_itself
from tests.runtime.tiny import tiny_network
from tests.soak.conftest import props
from tests.soak.props import OWNER, Props
from tests.soak.traffic import Witness
from tests.soak.world import ROOT, THRESHOLD, world
from tests.waiting import until

__all__ = ["props"]

SESSION = """
import os, {first}
os.environ.pop("ORT_DISABLE_TELEMETRY") if {forget} else None
import onnxruntime
"""
CHECKPOINT = """
import sys, torch
from edgeverify_export.networks.table import ARCHITECTURES
torch.save(ARCHITECTURES["mobilefacenet"].build({}).state_dict(), sys.argv[1])
"""
WORKSHOP = "from edgeverify_export.cli import main; main()"
TALKING = """
import socket
try:
    socket.getaddrinfo("somebody.invalid", 443)
except OSError:
    pass
with socket.socket(type=socket.SOCK_DGRAM) as probe:
    probe.connect(("192.0.2.1", 9))
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
    probe.sendto(b"", ("::1", 9))
with socket.socket() as listener:
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1])
"""


@pytest.fixture
def observed(tmp_path: Path) -> Observed:
    folder = tmp_path / "observed"
    folder.mkdir()
    return Observed(folder)


def test_the_record_holds_every_kind_of_contact(observed: Observed) -> None:
    port = int(observed.run("-c", TALKING).stdout)
    assert observed.contacts() == [
        Contact("lookup", "somebody.invalid", 0),
        Contact("connect", "192.0.2.1", 9),
        Contact("send", "::1", 9),
        Contact("listen", "127.0.0.1", port),
    ]
    assert [each.kind for each in observed.outside()] == ["lookup", "connect"]
    assert observed.called() == {9}


@pytest.mark.parametrize(
    "first", ["edgeverify", "edgeverify.cli.main", "edgeverify_export", "benchmarks"]
)
@pytest.mark.parametrize("said_before", ["", "0"])
def test_whoever_comes_first_the_reports_are_off(
    observed: Observed, first: str, said_before: str
) -> None:
    script = SESSION.format(first=first, forget=False)
    result = observed.run("-c", script, ORT_DISABLE_TELEMETRY=said_before, PYTHONPATH=str(ROOT))
    assert result.returncode == 0, result.stderr
    assert observed.foreign_files() == []


def test_without_the_variable_onnx_runtime_leaves_files(observed: Observed) -> None:
    if not reports_by_itself():
        pytest.skip("the installed ONNX Runtime is older than its reports")
    assert observed.run("-c", SESSION.format(first="edgeverify", forget=True)).returncode == 0
    assert any("onnxruntime" in name for name in observed.foreign_files())


def test_the_workshop_adopts_and_halves_a_network_in_silence(
    observed: Observed, tmp_path: Path
) -> None:
    (tmp_path / "tiny.onnx").write_bytes(tiny_network())
    feeding = ("--statistics", "unit", "--template", "arcface-112")
    for words in (
        ("adopt", tmp_path / "tiny.onnx", *feeding, "-o", tmp_path / "bundle"),
        ("fp16", tmp_path / "bundle"),
    ):
        result = observed.run("-c", WORKSHOP, *words)
        assert result.returncode == 0, result.stderr
    assert (tmp_path / "bundle" / "model.fp16.onnx").exists()
    assert observed.contacts() == []
    assert observed.foreign_files() == []


@pytest.mark.export
@pytest.mark.slow
def test_the_workshop_exports_a_checkpoint_in_silence(observed: Observed, tmp_path: Path) -> None:
    made = observed.run("-c", CHECKPOINT, tmp_path / "best.pt")
    assert made.returncode == 0, made.stderr
    words = ("onnx", tmp_path / "best.pt", "--arch", "mobilefacenet", "-o", tmp_path / "bundle")
    with reporting(tmp_path / "reporting"):
        result = observed.run("-c", WORKSHOP, *words)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "bundle" / "model.onnx").exists()
    assert observed.contacts() == []
    assert observed.foreign_files() == []


@pytest.mark.slow
def test_the_daemon_talks_to_its_broker_and_its_camera_alone(
    observed: Observed, tmp_path: Path, props: Props, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CI", "ORT_DISABLE_TELEMETRY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "world"
    folder.mkdir()
    with (
        world(folder, props, environ=observed.environ) as door,
        reporting(tmp_path / "reporting"),
        Witness(door.broker.port) as witness,
    ):
        door.start()
        door.camera.show(OWNER)
        claim = witness.claim(OWNER_CARD)
        until(lambda: witness.answer(claim), "a decision")
        decision = witness.answer(claim)
        assert decision is not None
        assert decision.outcome is Outcome.GRANT
        # The maker's own process reports before this one may stop.
    assert observed.outside() == []
    assert observed.called() == {door.proxy.port, door.camera.port}
    assert observed.foreign_files() == []


@pytest.mark.slow
def test_two_photos_are_compared_without_a_word_to_anybody(
    observed: Observed, tmp_path: Path, props: Props
) -> None:
    (tmp_path / "owner.jpg").write_bytes(props.owner_id_photo)
    (tmp_path / "other.jpg").write_bytes(props.other_id_photo)
    with reporting(tmp_path / "reporting"):
        result = observed.run(
            *("-m", "edgeverify", "verify", tmp_path / "owner.jpg", tmp_path / "other.jpg"),
            *("--bundle", props.models / "dlib-resnet", "--threshold", THRESHOLD),
        )
    assert result.returncode == 1, result.stderr
    assert result.stdout.startswith("non-match")
    assert observed.contacts() == []
    assert observed.foreign_files() == []


@pytest.mark.slow
def test_measuring_tells_nobody(
    observed: Observed, tmp_path: Path, props: Props, testdata: Path
) -> None:
    for person in ("Abel_Pacheco", "Adam_Sandler"):
        source = testdata / "lfw" / "lfw-deepfunneled" / person
        shutil.copytree(source, tmp_path / "album" / person)
    with reporting(tmp_path / "reporting"):
        result = observed.run(
            *("-m", "edgeverify", "evaluate", tmp_path / "album", "--threshold", THRESHOLD),
            *("--bundle", props.models / "dlib-resnet", "--plots", tmp_path / "plots"),
        )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "plots" / "evaluation.json").exists()
    assert observed.contacts() == []
    assert observed.foreign_files() == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demo_stays_on_the_machine(observed: Observed, tmp_path: Path, props: Props) -> None:
    assert props
    ensure_bundle("sface", DATA / "edgeverify" / "models")  # its first fetch is another test's
    with reporting(tmp_path / "reporting"):
        result = observed.run(
            *("-m", "edgeverify", "demo", "--folder", tmp_path / "demo"),
            CACHE_DIRECTORY=str(CACHE),
        )
    # How its scenes end is another test's; here it must only have played them all.
    assert "scenes ended as they must" in result.stdout, result.stdout + result.stderr
    assert any(each.kind == "connect" for each in observed.contacts())
    assert observed.outside() == []
    assert observed.foreign_files() == []

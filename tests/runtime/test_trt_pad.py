"""A door's two models, embedder and liveness, on one GPU: one road, one thread, one context."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest
from edgeverify_export.cli import app
from edgeverify_export.half import to_half
from typer.testing import CliRunner

from edgeverify.bundle.loading import Bundle, PadBundle, load_bundle, load_pad_bundle
from edgeverify.bundle.manifest import PadNetwork
from edgeverify.errors import BundleError, RuntimeUnavailableError
from edgeverify.models.bundle_writer import EmbedderRecipe, PadRecipe, write_embedder, write_pad
from edgeverify.models.golden_check import check_golden, check_pad_golden
from edgeverify.models.graphs.graph import GraphBuilder
from edgeverify.runtime.open_session import open_pad_sessions, open_session
from edgeverify.runtime.tensorrt import device as trt_device
from edgeverify.runtime.tensorrt import session as trt
from edgeverify.runtime.tensorrt.device import CudaDevice
from edgeverify.runtime.tensorrt.gpu_thread import GpuThread
from edgeverify.runtime.tensorrt.library import of_module
from edgeverify.settings import ModelSettings
from tests.runtime.tensorrt_surface.cuda_driver import MEMORY
from tests.runtime.tensorrt_surface.gpu import Gpu
from tests.runtime.tiny import FEEDING

AUTO = ModelSettings()
NAMED = ModelSettings(runtime="tensorrt")


def network(bias: float | None = None) -> bytes:
    """What the fake GPU computes: each plane's mean and a hundredth of its corner."""
    kernel = np.zeros((3, 3, 32, 32), np.float32)
    for plane in range(3):
        kernel[plane, plane] = 1 / 1024
        kernel[plane, plane, 0, 0] += 0.01
    graph = GraphBuilder("means")
    added = None if bias is None else np.full(3, bias, np.float32)
    means = graph.convolution("input", kernel, added)
    return graph.build(graph.node("Flatten", means, axis=1), size=32, outputs=3)


def half(model: bytes) -> bytes:
    made = to_half(onnx.load_model_from_string(model), np.ones((1, 3, 32, 32), np.float32))
    return bytes(made.model.SerializeToString())


@pytest.fixture
def embedder(tmp_path: Path) -> Bundle:
    recipe = EmbedderRecipe(
        name="face",
        arch="means",
        source_sha256="ab" * 32,
        weights_sha256="cd" * 32,
        feeding=FEEDING,
        template="arcface-112",
        embedding_size=3,
        licence="none",
    )
    write_embedder(tmp_path / "face", recipe, {"fp32": network(), "fp16": half(network())})
    return load_bundle(tmp_path / "face")


@pytest.fixture
def pad(tmp_path: Path) -> PadBundle:
    networks = tuple(
        PadNetwork(
            file=f"{name}.onnx",
            half_file=f"{name}.fp16.onnx",
            crop_scale=crop,
            source_sha256=source * 32,
        )
        for name, crop, source in (("near", 1.5, "ab"), ("far", 4.0, "cd"))
    )
    recipe = PadRecipe(
        name="live",
        arch="means",
        feeding=FEEDING,
        networks=networks,
        classes=3,
        live_index=1,
        licence="none",
    )
    models = {"near.onnx": network(), "far.onnx": network(bias=0.0)}
    halves = {f"{name}.fp16.onnx": half(models[f"{name}.onnx"]) for name in ("near", "far")}
    write_pad(tmp_path / "live", recipe, {**models, **halves})
    return load_pad_bundle(tmp_path / "live")


@pytest.fixture(params=("8.5", "8.6", "10", "11"))
def gpu(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Gpu:
    """A machine with a GPU, TensorRT and CUDA's bindings."""
    made = Gpu(request.param)
    library = of_module(made.tensorrt)
    monkeypatch.setattr(trt, "load_tensorrt", lambda: library)
    monkeypatch.setattr("edgeverify.runtime.tensorrt.library.load_tensorrt", lambda: library)
    monkeypatch.setattr(trt_device, "_load_bindings", lambda: made.cuda)
    return made


def build(bundle: Bundle | PadBundle) -> str:
    done = CliRunner().invoke(app, ["engine", str(bundle.folder)])
    assert done.exit_code == 0, done.output
    return done.output


def test_engine_builds_every_liveness_network_and_asks_for_its_answers(
    gpu: Gpu, pad: PadBundle
) -> None:
    said = build(pad)
    assert "live/near: built" in said
    assert "live/far: built" in said
    assert "golden check: cosine 1.0000" in said
    assert all(facts["half"] for facts in gpu.built)
    assert "profile input (1, 3, 32, 32)" in gpu.calls
    assert "live/near: found" in build(pad)
    assert gpu.calls.count("push") == gpu.calls.count("pop")
    assert not MEMORY


def test_both_models_of_a_door_run_on_one_thread_with_one_context(
    gpu: Gpu, embedder: Bundle, pad: PadBundle
) -> None:
    build(embedder)
    build(pad)
    gpu.calls.clear()
    gpu.threads.clear()
    face = open_session(embedder, AUTO)
    live = open_pad_sessions(pad, AUTO)
    assert [face.session.name, *(one.name for one in live.sessions)] == ["tensorrt"] * 3
    assert [one.precision for one in live.sessions] == ["fp16", "fp16"]
    assert face.refused == live.refused == ()
    assert check_golden(embedder, face.session) > 0.9999
    assert check_pad_golden(pad, live.sessions) > 0.9999
    assert gpu.calls.count("push") == 1
    assert len(gpu.threads) == 1
    assert threading.get_ident() not in gpu.threads
    face.session.close()
    assert check_pad_golden(pad, live.sessions) > 0.9999, "the other model goes on"
    assert "pop" not in gpu.calls
    for session in live.sessions:
        session.close()
    assert gpu.calls[-2:] == ["pop", "release"]
    assert not MEMORY


@pytest.mark.usefixtures("gpu")
def test_liveness_without_its_engine_runs_on_the_next_back_end_and_says_why(
    embedder: Bundle, pad: PadBundle
) -> None:
    build(embedder)
    live = open_pad_sessions(pad, AUTO)
    assert [one.name for one in live.sessions] == ["onnxruntime-cpu", "onnxruntime-cpu"]
    assert [one.name for one in live.refused] == ["tensorrt", "onnxruntime-cuda"]
    assert "no engine was built for the bundle live/near" in live.refused[0].detail
    assert f"edgeverify-export engine {pad.folder}" in live.refused[0].detail
    assert check_pad_golden(pad, live.sessions) > 0.9999
    with pytest.raises(RuntimeUnavailableError, match="no engine was built"):
        open_pad_sessions(pad, NAMED)


def test_half_of_the_engines_is_none(gpu: Gpu, pad: PadBundle) -> None:
    """The second network's engine is gone: the first is given back, both run on the CPU."""
    build(pad)
    newest = max((pad.folder.parent / "engines").glob("*.engine"), key=lambda p: p.stat().st_mtime)
    newest.unlink()
    live = open_pad_sessions(pad, AUTO)
    assert {one.name for one in live.sessions} == {"onnxruntime-cpu"}
    assert gpu.calls.count("push") == gpu.calls.count("pop")
    assert not MEMORY


def test_a_gpu_that_answers_otherwise_is_found_out_at_the_start(gpu: Gpu, pad: PadBundle) -> None:
    build(pad)
    live = open_pad_sessions(pad, NAMED)
    gpu.answers_otherwise = True
    with pytest.raises(BundleError, match=r"golden check: tensorrt \(fp16\) gives other answers"):
        check_pad_golden(pad, live.sessions)
    for session in live.sessions:
        session.close()


def test_the_embedders_precision_is_not_asked_of_liveness(pad: PadBundle) -> None:
    live = open_pad_sessions(pad, ModelSettings(runtime="onnxruntime-cpu", precision="int8"))
    assert [one.precision for one in live.sessions] == ["fp32", "fp32"]


@pytest.mark.usefixtures("gpu")
def test_a_bundle_without_fp16_says_which_command_makes_it(pad: PadBundle) -> None:
    networks = tuple(n.model_copy(update={"half_file": None}) for n in pad.manifest.networks)
    files = {k: v for k, v in pad.manifest.files.items() if "fp16" not in k}
    plain = pad.manifest.model_copy(update={"networks": networks, "files": files})
    (pad.folder / "manifest.json").write_text(plain.model_dump_json())
    done = CliRunner().invoke(app, ["engine", str(pad.folder)])
    assert done.exit_code != 0
    assert "edgeverify-export fp16" in done.output


def test_a_hung_gpu_is_not_waited_for_twice() -> None:
    gpu = Gpu("10")
    thread = GpuThread(partial(CudaDevice, gpu.cuda))
    leave = thread.join()
    released = threading.Event()
    with pytest.raises(RuntimeUnavailableError, match="has not answered for"):
        thread.run(lambda _: released.wait(20), limit_seconds=0.1)
    with pytest.raises(RuntimeUnavailableError, match="still has not answered"):
        thread.run(lambda _: None, limit_seconds=20)
    released.set()
    leave()
    assert gpu.calls[-2:] == ["pop", "release"]

"""What a first run on a real GPU would have met: each is refused or changed by the strict fake."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from edgeverify_export.half import KEPT_SINGLE, kept_single, to_half

from edgeverify.bundle.loading import Bundle, load_bundle
from edgeverify.errors import BundleError, RuntimeUnavailableError
from edgeverify.models.bundle_writer import write_embedder
from edgeverify.models.graphs.graph import GraphBuilder
from edgeverify.runtime.open_session import open_session
from edgeverify.runtime.tensorrt import device as trt_device
from edgeverify.runtime.tensorrt import session as trt
from edgeverify.runtime.tensorrt.device import CudaDevice
from edgeverify.runtime.tensorrt.library import of_module
from edgeverify.runtime.tensorrt.session import engine_folder
from edgeverify.settings import ModelSettings
from tests.runtime.tensorrt_surface.cuda_driver import MEMORY
from tests.runtime.tensorrt_surface.gpu import Gpu
from tests.runtime.test_trt_session import VERSIONS, build, faces, opened
from tests.runtime.tiny import tiny_network, tiny_recipe


@pytest.fixture(params=VERSIONS)
def gpu(request: pytest.FixtureRequest) -> Gpu:
    return Gpu(request.param)


def with_half(folder: Path, model: bytes, *, large: float = 1.0) -> Bundle:
    inputs = np.full((1, 3, 32, 32), large, np.float32)
    half = to_half(onnx.load_model_from_string(model), inputs)
    models = {"fp32": model, "fp16": half.model.SerializeToString()}
    write_embedder(folder, tiny_recipe(), models)  # type: ignore[arg-type]
    return load_bundle(folder)


def loud_network() -> bytes:
    """The first convolution's values pass FP16's range where the input is as large as 60,000."""
    random = np.random.default_rng(5)
    graph = GraphBuilder("loud")
    x = graph.convolution("input", np.full((3, 3, 1, 1), 1.0, np.float32))
    x = graph.convolution(x, np.full((3, 3, 1, 1), 1e-5, np.float32))
    kernel = random.normal(size=(3, 3, 8, 8), scale=0.01).astype(np.float32)
    x = graph.node("Flatten", graph.convolution(x, kernel, stride=8), axis=1)
    x = graph.linear(x, random.normal(size=(8, 48)).astype(np.float32))
    return graph.build(x, size=32, outputs=8)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return with_half(tmp_path / "tiny", tiny_network())


def machine(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trt, "load_tensorrt", lambda: of_module(gpu.tensorrt))
    monkeypatch.setattr(trt_device, "_load_bindings", lambda: gpu.cuda)


def test_a_graph_with_a_fixed_batch_gets_an_engine_of_that_batch(gpu: Gpu, tmp_path: Path) -> None:
    """Batch 1 and a mirror image: two inferences, not a profile of 2, which TensorRT refuses."""
    model = onnx.load_model_from_string(tiny_network())
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    bundle = with_half(tmp_path / "fixed", model.SerializeToString())
    assert bundle.batch == 2, "a probe is looked at with its mirror image"
    assert build(gpu, bundle).fresh
    assert not [call for call in gpu.calls if call.startswith(("profile", "refused"))]
    session = opened(gpu, bundle)
    batch = faces(2)
    wanted = batch.mean(axis=(2, 3)) + 0.01 * batch[:, :, 0, 0]
    assert np.allclose(session.run(batch), wanted, atol=1e-6)
    session.close()


def test_an_fp16_engine_needs_the_fp16_graph_on_every_version(gpu: Gpu, tmp_path: Path) -> None:
    """8.x built FP16 from the FP32 graph; the door, which saw no FP16 graph, asked for FP32."""
    write_embedder(tmp_path / "single", tiny_recipe(), {"fp32": tiny_network()})
    single = load_bundle(tmp_path / "single")
    with pytest.raises(RuntimeUnavailableError, match="has no FP16 graph") as refused:
        build(gpu, single)
    assert "edgeverify-export fp16" in refused.value.advice
    assert not gpu.built, "nothing is built that no door would ask for"


def test_the_door_takes_the_fp32_engine_where_that_is_the_one_there_is(
    gpu: Gpu, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(gpu, monkeypatch)
    build(gpu, bundle, "fp32")
    found = open_session(bundle, ModelSettings())
    assert (found.session.name, found.session.precision) == ("tensorrt", "fp32")
    assert found.refused == ()
    found.session.close()
    with pytest.raises(RuntimeUnavailableError, match="precision is fp16"):
        open_session(bundle, ModelSettings(runtime="tensorrt", precision="fp16"))
    build(gpu, bundle)
    best = open_session(bundle, ModelSettings()).session
    assert best.precision == "fp16"
    best.close()


def test_engines_that_others_may_touch_are_passed_over_not_fatal(
    gpu: Gpu, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(gpu, monkeypatch)
    build(gpu, bundle)
    engine_folder(bundle).chmod(0o755)
    found = open_session(bundle, ModelSettings())
    assert found.session.name == "onnxruntime-cpu"
    assert "others may enter" in found.refused[0].detail
    assert "chmod 700" in found.refused[0].detail
    found.session.close()
    with pytest.raises(RuntimeUnavailableError, match="others may enter"):
        open_session(bundle, ModelSettings(runtime="tensorrt"))
    with pytest.raises(BundleError, match="others may enter"):
        build(gpu, bundle, again=True)
    assert len(gpu.built) == 1, "nor is a build begun that could not be kept"


def test_a_damaged_secret_is_passed_over_too(
    gpu: Gpu, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(gpu, monkeypatch)
    build(gpu, bundle)
    (engine_folder(bundle) / ".hmac-key").write_bytes(b"short")
    found = open_session(bundle, ModelSettings())
    assert found.session.name == "onnxruntime-cpu"
    assert "is damaged" in found.refused[0].detail
    found.session.close()


def test_fp32_is_fp32_and_not_tf32(gpu: Gpu, bundle: Bundle) -> None:
    build(gpu, bundle, "fp32")
    build(gpu, bundle, "fp16")
    assert all("TF32" not in facts["flags"] for facts in gpu.built)


@pytest.mark.parametrize("version", ["8.5", "8.6"])
def test_8_x_is_told_which_operators_stay_fp32(version: str, tmp_path: Path) -> None:
    """The convolution's values pass FP16's range; the flag alone would let it run in FP16."""
    gpu = Gpu(version)
    bundle = with_half(tmp_path / "large", loud_network(), large=60000.0)
    kept = kept_single(bundle.model_bytes("fp16"))
    assert kept == ("conv0", "conv1"), "its own values, and what reads them"
    build(gpu, bundle)
    (facts,) = gpu.built
    assert set(facts["single"]) == set(kept)
    assert "OBEY_PRECISION_CONSTRAINTS" in facts["flags"]


def test_8_x_refuses_what_it_cannot_spare(tmp_path: Path) -> None:
    gpu = Gpu("8.6")
    gpu.loses_names = True
    bundle = with_half(tmp_path / "large", loud_network(), large=60000.0)
    with pytest.raises(RuntimeUnavailableError, match="must stay FP32"):
        build(gpu, bundle)
    assert not gpu.built


def test_8_x_asks_for_an_fp16_graph_that_says_what_it_spared(bundle: Bundle) -> None:
    """One made by an earlier release does not."""
    old = onnx.load_model_from_string(bundle.model_bytes("fp16"))
    assert [entry.key for entry in old.metadata_props] == [KEPT_SINGLE]
    del old.metadata_props[:]
    models = {"fp32": bundle.model_bytes("fp32"), "fp16": old.SerializeToString()}
    write_embedder(bundle.folder, tiny_recipe(), models)  # type: ignore[arg-type]
    earlier = load_bundle(bundle.folder)
    with pytest.raises(RuntimeUnavailableError, match="does not say which operators"):
        build(Gpu("8.6"), earlier)
    assert build(Gpu("10"), earlier).fresh


def test_one_fused_layer_is_judged_by_the_parsed_network(gpu: Gpu, bundle: Bundle) -> None:
    gpu.one_fused_layer = True
    assert build(gpu, bundle).fresh
    assert build(gpu, bundle, "fp32").fresh


def test_a_timing_cache_that_tensorrt_cannot_read_is_begun_anew(gpu: Gpu, bundle: Bundle) -> None:
    build(gpu, bundle)
    gpu.foreign_timing = True
    assert build(gpu, bundle, again=True).fresh
    assert gpu.calls.count("timing cache of 6 bytes") == 1
    gpu.refuses_timing = True
    assert build(gpu, bundle, again=True).fresh, "without any timing cache it is only slower"


def test_a_tensorrt_newer_than_the_driver_is_said_plainly(
    gpu: Gpu, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(gpu, monkeypatch)
    build(gpu, bundle)
    gpu.driver_too_old = True
    with pytest.raises(RuntimeUnavailableError, match="cannot start on this GPU's driver") as said:
        build(gpu, bundle, again=True)
    assert "newer driver" in said.value.advice
    found = open_session(bundle, ModelSettings())
    assert found.session.name == "onnxruntime-cpu"
    assert "cannot start on this GPU's driver" in found.refused[0].detail
    found.session.close()


@pytest.mark.parametrize("how", ["raises", "refuses"])
def test_a_recording_that_fails_leaves_the_stream_usable(
    gpu: Gpu, bundle: Bundle, how: str
) -> None:
    build(gpu, bundle)
    gpu.raises_while_recording = how == "raises"
    if how == "refuses":
        gpu.refuses_while_recording = True
    session = opened(gpu, bundle, cuda_graph=True)
    assert session.remark.startswith("CUDA graph not used: ")
    assert not gpu.recording
    batch = faces(2)
    wanted = batch.mean(axis=(2, 3)) + 0.01 * batch[:, :, 0, 0]
    assert np.allclose(session.run(batch), wanted, atol=1e-6)
    session.close()
    assert gpu.cuda.left == {"pinned": 0, "graphs": 0, "contexts": 0}


def test_graphs_are_given_back_whether_they_are_used_or_not(gpu: Gpu, bundle: Bundle) -> None:
    build(gpu, bundle)
    before = set(MEMORY)
    for wrong in (False, True):
        gpu.wrong_graph = wrong
        session = opened(gpu, bundle, cuda_graph=True)
        session.run(faces(2))
        session.close()
        assert gpu.cuda.left == {"pinned": 0, "graphs": 0, "contexts": 0}
    assert before == set(MEMORY)


def test_a_process_has_one_logger(gpu: Gpu, bundle: Bundle) -> None:
    build(gpu, bundle)
    build(gpu, bundle, "fp32")
    sessions = [opened(gpu, bundle) for _ in range(2)]
    for session in sessions:
        session.close()
    assert gpu.loggers == 1


@pytest.mark.parametrize("missing", ["no_driver", "no_device"])
def test_no_driver_or_no_gpu_is_said_plainly(missing: str) -> None:
    gpu = Gpu("10")
    setattr(gpu, missing, True)
    with pytest.raises(RuntimeUnavailableError, match="no GPU can be used") as said:
        CudaDevice(gpu.cuda)
    assert "docs/gpu.md" in said.value.advice


def test_without_the_bindings_it_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    # PyTorch brings them: the workshop's environment has them, a door's has not.
    monkeypatch.setitem(sys.modules, "cuda.bindings.driver", None)
    with pytest.raises(RuntimeUnavailableError, match="cuda-bindings cannot be imported"):
        CudaDevice()


def test_a_context_without_a_stream_does_not_stay_on_the_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The thread lives on, and would end with a context pushed, or push a second over it."""
    gpu = Gpu("10")
    refused = gpu.cuda.CUresult.CUDA_ERROR_INVALID_VALUE
    monkeypatch.setattr(gpu.cuda, "cuStreamCreate", lambda _flags: (refused, 0))
    with pytest.raises(RuntimeUnavailableError):
        CudaDevice(gpu.cuda)
    assert gpu.cuda.left["contexts"] == 0
    assert [call for call in gpu.calls if call in {"push", "pop", "release"}] == [
        "push", "pop", "release"
    ]  # fmt: skip

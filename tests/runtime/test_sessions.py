"""The back end that runs is the one that was named, or the best that works, and it says so."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from edgeverify.bundle.loading import Bundle, load_bundle, load_pad_bundle
from edgeverify.errors import BundleError, RuntimeUnavailableError
from edgeverify.runtime import open_session as choosing
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession
from edgeverify.runtime.open_session import open_pad_sessions, open_session, thread_count
from edgeverify.settings import ModelSettings
from tests.runtime.tiny import tiny_network, write_tiny, write_tiny_pad


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    write_tiny(tmp_path / "tiny")
    return load_bundle(tmp_path / "tiny")


@pytest.fixture
def without_tensorrt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)


@pytest.mark.usefixtures("without_tensorrt")
def test_auto_ends_on_the_cpu_and_says_why_not_the_others(bundle: Bundle) -> None:
    opened = open_session(bundle, ModelSettings())
    assert opened.session.name == "onnxruntime-cpu"
    assert [entry.name for entry in opened.refused] == ["tensorrt", "onnxruntime-cuda"]
    assert all(entry.detail for entry in opened.refused)


def test_auto_takes_tensorrt_where_it_works(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Engine:
        name = "tensorrt"

    monkeypatch.setattr(choosing, "open_trt", lambda *_: Engine())
    opened = open_session(bundle, ModelSettings())
    assert opened.session.name == "tensorrt"
    assert opened.refused == ()


def test_an_engine_that_is_not_there_is_a_reason_and_the_next_one_runs(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeUnavailableError("no engine was built on this device")

    monkeypatch.setattr(choosing, "open_trt", refuse)
    opened = open_session(bundle, ModelSettings())
    assert opened.session.name == "onnxruntime-cpu"
    assert opened.refused[0].detail == "no engine was built on this device"


@pytest.mark.usefixtures("without_tensorrt")
@pytest.mark.parametrize("runtime", ["tensorrt", "onnxruntime-cuda"])
def test_a_named_back_end_that_is_not_here_is_an_error(bundle: Bundle, runtime: str) -> None:
    with pytest.raises(RuntimeUnavailableError):
        open_session(bundle, ModelSettings.model_validate({"runtime": runtime}))


def test_a_silent_fallback_of_onnx_runtime_is_noticed(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that CUDA is there, takes the CPU without a message, and is found out."""
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    real = onnxruntime.InferenceSession

    def falls_back(model: bytes, options: object, providers: list[object]) -> object:
        assert providers[0] == (
            "CUDAExecutionProvider",
            {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"},
        )
        return real(model, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(onnxruntime, "InferenceSession", falls_back)
    with pytest.raises(RuntimeUnavailableError, match="silently took CPUExecutionProvider"):
        open_session(bundle, ModelSettings(runtime="onnxruntime-cuda"))


def test_a_precision_that_the_bundle_lacks_is_an_error(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="has no fp16 model"):
        open_session(bundle, ModelSettings(runtime="onnxruntime-cpu", precision="fp16"))


def test_batches_give_what_single_chips_give(bundle: Bundle) -> None:
    session = open_session(bundle, ModelSettings(runtime="onnxruntime-cpu")).session
    batch = np.random.default_rng(0).normal(size=(5, 3, 32, 32)).astype(np.float32)
    together = session.run(batch)
    alone = np.concatenate([session.run(batch[i : i + 1]) for i in range(5)])
    assert together.shape == (5, 8)
    assert np.abs(together - alone).max() < 1e-4


@pytest.mark.parametrize("fixed", [1, 2, 4])
def test_a_network_with_a_fixed_batch_takes_any_number_of_chips(fixed: int) -> None:
    model = onnx.load_model_from_string(tiny_network())
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = fixed
    session = OnnxRuntimeSession(
        model.SerializeToString(), device="cpu", precision="fp32", threads=1
    )
    free = OnnxRuntimeSession(tiny_network(), device="cpu", precision="fp32", threads=1)
    batch = np.random.default_rng(0).normal(size=(3, 3, 32, 32)).astype(np.float32)
    assert np.abs(session.run(batch) - free.run(batch)).max() < 1e-4


@pytest.mark.parametrize("fixed", [None, 1, 4])
@pytest.mark.parametrize("chips", [1, 2, 5])
def test_halves_side_by_side_give_what_the_whole_gives(chips: int, fixed: int | None) -> None:
    model = onnx.load_model_from_string(tiny_network())
    if fixed is not None:
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = fixed
    halved = OnnxRuntimeSession(
        model.SerializeToString(), device="cpu", precision="fp32", threads=2, side_by_side=True
    )
    whole = OnnxRuntimeSession(tiny_network(), device="cpu", precision="fp32", threads=1)
    batch = np.random.default_rng(0).normal(size=(chips, 3, 32, 32)).astype(np.float32)
    assert np.abs(halved.run(batch) - whole.run(batch)).max() < 1e-6
    halved.close()
    halved.close()


@pytest.mark.parametrize("chips", [1, 2])
def test_a_half_that_fails_is_named_and_not_a_traceback(chips: int) -> None:
    halved = OnnxRuntimeSession(
        tiny_network(), device="cpu", precision="fp32", threads=2, side_by_side=True
    )
    with pytest.raises(RuntimeUnavailableError, match="inference failed in onnxruntime-cpu"):
        halved.run(np.zeros((chips, 3, 31, 32), dtype=np.float32))
    halved.close()
    with pytest.raises(RuntimeUnavailableError, match="closed"):
        halved.run(np.zeros((chips, 3, 32, 32), dtype=np.float32))


def test_a_closed_session_does_not_answer(bundle: Bundle) -> None:
    session = open_session(bundle, ModelSettings(runtime="onnxruntime-cpu")).session
    session.close()
    session.close()
    with pytest.raises(RuntimeUnavailableError, match="closed"):
        session.run(np.zeros((1, 3, 32, 32), dtype=np.float32))


def test_an_inference_that_fails_is_named_and_not_a_traceback(bundle: Bundle) -> None:
    session = open_session(bundle, ModelSettings(runtime="onnxruntime-cpu")).session
    with pytest.raises(RuntimeUnavailableError, match="inference failed in onnxruntime-cpu"):
        session.run(np.zeros((1, 3, 31, 32), dtype=np.float32))


def test_every_network_of_a_pad_bundle_is_opened_in_order(tmp_path: Path) -> None:
    write_tiny_pad(tmp_path / "pad")
    bundle = load_pad_bundle(tmp_path / "pad")
    sessions = open_pad_sessions(bundle, ModelSettings()).sessions
    x = np.ones((1, 3, 32, 32), dtype=np.float32)
    near = OnnxRuntimeSession(tiny_network(2, outputs=3), device="cpu", precision="fp32", threads=1)
    assert len(sessions) == 2
    assert np.abs(sessions[0].run(x) - near.run(x)).max() < 1e-4


def test_threads_are_what_was_set_or_at_most_four() -> None:
    assert thread_count(ModelSettings(threads=7)) == 7
    assert 1 <= thread_count(ModelSettings()) <= 4

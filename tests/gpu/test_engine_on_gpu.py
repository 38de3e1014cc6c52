"""`make test-gpu`: the engine on the GPU that is here. Never run on the machines of this project
so far; docs/gpu.md says what was.
"""

from __future__ import annotations

import time

import numpy as np
import psutil
import pytest
from edgeverify_export.sessions import cosine_rows
from edgeverify_export.tensorrt.build import Order, build_engine, compile_engine

from edgeverify.bundle.loading import Bundle, PadBundle
from edgeverify.models.golden_check import check_golden, check_pad_golden
from edgeverify.progress import silent
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession
from edgeverify.runtime.open_session import open_pad_sessions, open_session
from edgeverify.runtime.tensorrt.device import CudaDevice
from edgeverify.runtime.tensorrt.library import TensorRt
from edgeverify.runtime.tensorrt.session import TensorRtSession, engine_key, engine_source
from edgeverify.settings import ModelSettings

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(1800)]

INFERENCES = 10_000


def faces(count: int, size: int = 112) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    shape = (count, 3, size, size)
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


@pytest.fixture
def engine(tensorrt: TensorRt, device: CudaDevice, bundle: Bundle) -> None:
    build_engine(
        bundle,
        tensorrt,
        device.describe(),
        precision="fp16",
        workspace_mebibytes=1024,
        progress=silent,
    )


@pytest.mark.usefixtures("engine")
def test_the_engine_gives_the_bundles_answers(tensorrt: TensorRt, bundle: Bundle) -> None:
    session = TensorRtSession(bundle, tensorrt, "fp16")
    try:
        assert check_golden(bundle, session) >= 0.999
        cpu = OnnxRuntimeSession(
            bundle.model_bytes("fp32"), device="cpu", precision="fp32", threads=2
        )
        batch = faces(64)
        assert cosine_rows(cpu.run(batch), session.run(batch)).min() >= 0.999
    finally:
        session.close()


@pytest.mark.usefixtures("engine")
def test_liveness_networks_run_beside_the_embedder(
    tensorrt: TensorRt, device: CudaDevice, bundle: Bundle, pad_bundle: PadBundle
) -> None:
    for network in pad_bundle.networks:
        build_engine(
            network,
            tensorrt,
            device.describe(),
            precision="fp16",
            workspace_mebibytes=1024,
            progress=silent,
        )
    named = ModelSettings(runtime="tensorrt")
    face = open_session(bundle, named).session
    live = open_pad_sessions(pad_bundle, named).sessions
    try:
        assert check_pad_golden(pad_bundle, live) >= 0.999
        assert check_golden(bundle, face) >= 0.999
    finally:
        for session in (face, *live):
            session.close()


@pytest.mark.usefixtures("engine")
def test_a_cuda_graph_gives_the_same_answers(tensorrt: TensorRt, bundle: Bundle) -> None:
    plain = TensorRtSession(bundle, tensorrt, "fp16")
    recorded = TensorRtSession(bundle, tensorrt, "fp16", cuda_graph=True)
    try:
        assert recorded.remark == "CUDA graph in use"
        batch = faces(10)
        assert np.abs(plain.run(batch) - recorded.run(batch)).max() <= 1e-6
    finally:
        recorded.close()
        plain.close()


@pytest.mark.usefixtures("engine")
def test_ten_thousand_inferences_leak_nothing(tensorrt: TensorRt, bundle: Bundle) -> None:
    session = TensorRtSession(bundle, tensorrt, "fp16")
    try:
        batch = faces(2)
        for _ in range(200):
            session.run(batch)
        process = psutil.Process()
        before, handles = process.memory_info().rss, process.num_fds()
        for _ in range(INFERENCES):
            session.run(batch)
        assert process.memory_info().rss - before < 20 << 20
        assert process.num_fds() == handles
    finally:
        session.close()


@pytest.mark.usefixtures("engine")
def test_latency_beside_the_engines_own(tensorrt: TensorRt, bundle: Bundle) -> None:
    """Prints the median of a whole inference, copies included; compare with `trtexec`."""
    session = TensorRtSession(bundle, tensorrt, "fp16")
    try:
        batch = faces(2)
        times = []
        for _ in range(1000):
            start = time.perf_counter()
            session.run(batch)
            times.append(time.perf_counter() - start)
        print(f"median {np.median(times) * 1000:.3f} ms, p95 {np.quantile(times, 0.95) * 1000:.3f}")  # noqa: T201
        assert len(times) == 1000
    finally:
        session.close()


def test_an_fp32_graph_is_not_passed_off_as_fp16(
    tensorrt: TensorRt, device: CudaDevice, bundle: Bundle
) -> None:
    from edgeverify.errors import ParityError  # noqa: PLC0415

    if not tensorrt.is_strongly_typed:
        pytest.skip("8.x takes FP16 from a flag")
    key = engine_key(bundle, tensorrt, device.describe(), "fp32")
    order = Order(
        onnx=engine_source(bundle, tensorrt, "fp32"),
        precision="fp16",
        batch=key.batch,
        size=key.size,
        workspace_mebibytes=1024,
    )
    with pytest.raises(ParityError):
        compile_engine(tensorrt, order, b"", silent)

"""`make test-gpu`: ONNX Runtime's CUDA provider on the GPU that is here; needs no TensorRT.

Never run on the machines of this project so far; docs/gpu.md says what was.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Literal

import numpy as np
import psutil
import pytest
from edgeverify_export.sessions import cosine_rows

from edgeverify.bundle.loading import Bundle, PadBundle
from edgeverify.models.golden_check import check_golden, check_pad_golden
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession
from edgeverify.runtime.open_session import open_pad_sessions, open_session
from edgeverify.settings import ModelSettings
from tests.gpu.test_engine_on_gpu import faces

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(1800), pytest.mark.usefixtures("cuda_provider")]

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
NAMED = ModelSettings(runtime="onnxruntime-cuda")
Form = Literal["fp32", "fp16"]


def on_cuda(bundle: Bundle, precision: Form) -> OnnxRuntimeSession:
    return OnnxRuntimeSession(
        bundle.model_bytes(precision), device="cuda", precision=precision, threads=1
    )


def test_auto_takes_cuda_with_the_fp16_graph_where_there_is_no_engine(bundle: Bundle) -> None:
    found = open_session(bundle, ModelSettings())
    try:
        assert (found.session.name, found.session.precision) == ("onnxruntime-cuda", "fp16")
        assert [one.name for one in found.refused] == ["tensorrt"]
    finally:
        found.session.close()


@pytest.mark.parametrize(("precision", "cosine"), [("fp32", 0.9999), ("fp16", 0.999)])
def test_it_gives_the_bundles_answers(bundle: Bundle, precision: Form, cosine: float) -> None:
    """Golden frames, and 64 inputs beside the CPU in FP32."""
    session = on_cuda(bundle, precision)
    cpu = OnnxRuntimeSession(bundle.model_bytes("fp32"), device="cpu", precision="fp32", threads=2)
    try:
        golden = check_golden(bundle, session)
        batch = faces(64)
        worst = float(cosine_rows(cpu.run(batch), session.run(batch)).min())
        print(f"{precision}: golden cosine {golden:.6f}, worst of 64 {worst:.6f}")  # noqa: T201
        assert golden >= cosine
        assert worst >= cosine
    finally:
        session.close()
        cpu.close()


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_every_operator_runs_on_the_gpu(bundle: Bundle, precision: Form, tmp_path: Path) -> None:
    """CUDA stands first among the providers, and no operator of the network fell to the CPU."""
    import onnxruntime  # noqa: PLC0415 - where the GPU package is

    onnxruntime.preload_dlls()
    options = onnxruntime.SessionOptions()
    options.enable_profiling = True
    options.profile_file_prefix = str(tmp_path / "profile")
    session = onnxruntime.InferenceSession(
        bundle.model_bytes(precision), options, providers=[CUDA, CPU]
    )
    assert session.get_providers()[0] == CUDA
    session.run(None, {session.get_inputs()[0].name: faces(2)})
    events = json.loads(Path(session.end_profiling()).read_text("utf-8"))
    ran = [event["args"] for event in events if "provider" in event.get("args", {})]
    assert ran, "the profile names no operator: nothing was checked"
    fallen = {one["op_name"] for one in ran if one["provider"] != CUDA}
    assert not fallen, f"{fallen} ran on the CPU"


def test_liveness_networks_run_there_too(pad_bundle: PadBundle) -> None:
    live = open_pad_sessions(pad_bundle, NAMED).sessions
    try:
        assert {one.precision for one in live} == {"fp16"}
        assert check_pad_golden(pad_bundle, live) >= 0.999
    finally:
        for session in live:
            session.close()


def test_two_thousand_inferences_leak_nothing(bundle: Bundle) -> None:
    session = on_cuda(bundle, "fp16")
    try:
        batch = faces(2)
        for _ in range(200):
            session.run(batch)
        process = psutil.Process()
        before, handles = process.memory_info().rss, process.num_fds()
        for _ in range(2000):
            session.run(batch)
        assert process.memory_info().rss - before < 20 << 20
        assert process.num_fds() == handles
    finally:
        session.close()


def test_latency_beside_the_cpus(bundle: Bundle) -> None:
    """Prints the medians of a whole inference of a face and its mirror image, copies included."""
    batch = faces(2)
    cpu = OnnxRuntimeSession(bundle.model_bytes("fp32"), device="cpu", precision="fp32", threads=2)
    sessions = {
        "CUDA FP32": on_cuda(bundle, "fp32"),
        "CUDA FP16": on_cuda(bundle, "fp16"),
        "CPU FP32": cpu,
    }
    for name, session in sessions.items():
        times = []
        for _ in range(300):
            start = time.perf_counter()
            session.run(batch)
            times.append(time.perf_counter() - start)
        settled = np.array(times[50:]) * 1000
        print(f"{name}: median {np.median(settled):.3f} ms, p95 {np.quantile(settled, 0.95):.3f}")  # noqa: T201
        session.close()
        assert len(settled) == 250

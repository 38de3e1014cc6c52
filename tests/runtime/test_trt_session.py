"""TensorRT from building to closing, on a fake GPU that has only what the real bindings have."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest
from edgeverify_export.half import to_half
from edgeverify_export.tensorrt.build import Built, build_engine

from edgeverify.bundle.loading import Bundle, load_bundle
from edgeverify.errors import ParityError, RuntimeUnavailableError
from edgeverify.models.bundle_writer import write_embedder
from edgeverify.progress import silent
from edgeverify.runtime.session import Network
from edgeverify.runtime.tensorrt import session as trt_module
from edgeverify.runtime.tensorrt.device import CudaDevice
from edgeverify.runtime.tensorrt.gpu_thread import GpuThread
from edgeverify.runtime.tensorrt.library import load_tensorrt, of_module
from edgeverify.runtime.tensorrt.session import TensorRtSession, engine_folder
from tests.runtime.tensorrt_surface.cuda_driver import MEMORY
from tests.runtime.tensorrt_surface.gpu import Gpu
from tests.runtime.tiny import tiny_network, tiny_recipe

VERSIONS = ("8.5", "8.6", "10", "11")


@pytest.fixture(params=VERSIONS)
def gpu(request: pytest.FixtureRequest) -> Gpu:
    return Gpu(request.param)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    model = tiny_network()
    half = to_half(onnx.load_model_from_string(model), np.ones((1, 3, 32, 32), np.float32))
    models = {"fp32": model, "fp16": half.model.SerializeToString()}
    write_embedder(tmp_path / "tiny", tiny_recipe(), models)  # type: ignore[arg-type]
    return load_bundle(tmp_path / "tiny")


def build(gpu: Gpu, bundle: Network, precision: str = "fp16", *, again: bool = False) -> Built:
    device = CudaDevice(gpu.cuda)
    try:
        return build_engine(
            bundle,
            of_module(gpu.tensorrt),
            device.describe(),
            precision=precision,  # type: ignore[arg-type]
            workspace_mebibytes=256,
            progress=silent,
            again=again,
        )
    finally:
        device.close()


def opened(
    gpu: Gpu,
    bundle: Network,
    *,
    cuda_graph: bool = False,
    limit: float = 10.0,
    thread: GpuThread | None = None,
) -> TensorRtSession:
    return TensorRtSession(
        bundle,
        of_module(gpu.tensorrt),
        "fp16",
        cuda_graph=cuda_graph,
        gpu=thread or GpuThread(partial(CudaDevice, gpu.cuda)),
        limit_seconds=limit,
    )


def faces(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(count).normal(size=(count, 3, 32, 32)).astype(np.float32)


def test_each_version_builds_fp16_in_its_own_way(gpu: Gpu, bundle: Bundle) -> None:
    built = build(gpu, bundle)
    assert built.fresh
    (facts,) = gpu.built
    assert facts["half"]
    assert facts["strong"] is (gpu.tensorrt.__version__[0] != "8")
    obeyed = [] if facts["strong"] else ["FP16", "OBEY_PRECISION_CONSTRAINTS"]
    assert facts["flags"] == obeyed, "and no TF32"
    assert "profile input (2, 3, 32, 32)" in gpu.calls
    assert f"WORKSPACE {256 << 20}" in gpu.calls


def test_a_second_build_finds_the_engine(gpu: Gpu, bundle: Bundle) -> None:
    first = build(gpu, bundle)
    second = build(gpu, bundle)
    assert not second.fresh
    assert second.path == first.path
    assert build(gpu, bundle, again=True).fresh
    assert "timing cache of 6 bytes" in gpu.calls


def test_an_fp32_engine_is_another_engine(gpu: Gpu, bundle: Bundle) -> None:
    assert build(gpu, bundle, "fp32").path != build(gpu, bundle).path
    assert [facts["half"] for facts in gpu.built] == [False, True]


def test_an_engine_of_the_wrong_precision_is_not_stored(gpu: Gpu, bundle: Bundle) -> None:
    gpu.ignores_precision = True
    with pytest.raises(ParityError, match="only 0% of its layers compute in FP16"):
        build(gpu, bundle)
    assert not list(engine_folder(bundle).glob("*.engine"))


def test_tensorrts_own_reason_is_told(gpu: Gpu, bundle: Bundle) -> None:
    gpu.parse_fails = True
    with pytest.raises(RuntimeUnavailableError, match="operator Magic is not supported"):
        build(gpu, bundle)
    gpu.parse_fails, gpu.build_fails = False, True
    with pytest.raises(RuntimeUnavailableError, match="could not build"):
        build(gpu, bundle)


def test_a_timing_cache_of_another_gpu_is_begun_anew(gpu: Gpu, bundle: Bundle) -> None:
    build(gpu, bundle)
    gpu.refuses_timing = True
    build(gpu, bundle, again=True)
    assert gpu.calls[-4:].count("timing cache of 0 bytes") == 1


def test_the_session_answers_for_every_chip(gpu: Gpu, bundle: Bundle) -> None:
    build(gpu, bundle)
    session = opened(gpu, bundle)
    for count in (1, 2, 5):
        batch = faces(count)
        wanted = batch.mean(axis=(2, 3)) + 0.01 * batch[:, :, 0, 0]
        assert np.allclose(session.run(batch), wanted, atol=1e-6)
    session.close()


def test_one_thread_owns_the_gpu_and_gives_everything_back(gpu: Gpu, bundle: Bundle) -> None:
    build(gpu, bundle)
    gpu.calls.clear()
    gpu.threads.clear()
    session = opened(gpu, bundle)
    workers = [threading.Thread(target=session.run, args=(faces(2),)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    session.close()
    session.close()
    assert len(gpu.threads) == 1
    assert threading.get_ident() not in gpu.threads
    assert gpu.calls[:3] == ["init", "retain", "push"]
    assert gpu.calls[-4:] == ["free", "free", "pop", "release"]
    assert gpu.calls.count("push") == gpu.calls.count("pop") == 1
    assert not MEMORY
    with pytest.raises(RuntimeUnavailableError, match="closed"):
        session.run(faces(1))


def test_inferences_allocate_nothing(gpu: Gpu, bundle: Bundle) -> None:
    build(gpu, bundle)
    session = opened(gpu, bundle)
    before = set(MEMORY)
    batch = faces(2)
    for _ in range(500):
        session.run(batch)
    assert set(MEMORY) == before
    assert len(before) == 2
    session.close()


def test_a_cuda_graph_is_used_when_it_agrees(gpu: Gpu, bundle: Bundle) -> None:
    build(gpu, bundle)
    session = opened(gpu, bundle, cuda_graph=True)
    assert session.remark == "CUDA graph in use"
    gpu.calls.clear()
    session.run(faces(2))
    assert "launch" in gpu.calls
    assert "execute" not in gpu.calls
    session.close()


def test_a_cuda_graph_that_disagrees_is_not_used(gpu: Gpu, bundle: Bundle) -> None:
    build(gpu, bundle)
    gpu.wrong_graph = True
    session = opened(gpu, bundle, cuda_graph=True)
    assert "off by" in session.remark
    gpu.calls.clear()
    session.run(faces(2))
    assert "execute" in gpu.calls
    session.close()


def test_without_an_engine_it_says_how_to_build_one(gpu: Gpu, bundle: Bundle) -> None:
    with pytest.raises(RuntimeUnavailableError) as refused:
        opened(gpu, bundle)
    assert "no engine was built" in refused.value.problem
    assert "edgeverify-export engine" in refused.value.advice
    assert gpu.calls[-2:] == ["pop", "release"]


def test_a_failed_start_of_inference_is_an_error(gpu: Gpu, bundle: Bundle) -> None:
    build(gpu, bundle)
    session = opened(gpu, bundle)
    gpu.execute_fails = True
    with pytest.raises(RuntimeUnavailableError, match="could not start"):
        session.run(faces(2))
    session.close()


def test_a_hung_gpu_is_noticed(bundle: Bundle) -> None:
    gpu = Gpu("10")
    build(gpu, bundle)
    session = opened(gpu, bundle, limit=0.2)
    released = threading.Event()
    gpu.hang = released.wait
    with pytest.raises(RuntimeUnavailableError, match="has not answered"):
        session.run(faces(2))
    released.set()
    session.close()


def test_int8_is_not_built(bundle: Bundle) -> None:
    with pytest.raises(RuntimeUnavailableError, match="FP16 or FP32"):
        build(Gpu("10"), bundle, "int8")


def test_no_tensorrt_is_said_plainly() -> None:
    with pytest.raises(RuntimeUnavailableError, match="cannot be imported"):
        load_tensorrt()


def test_an_old_tensorrt_is_refused() -> None:
    class Old:
        __version__ = "8.4.1"

    with pytest.raises(RuntimeUnavailableError, match="too old"):
        of_module(Old())


def test_open_trt_without_tensorrt_names_it(bundle: Bundle) -> None:
    from edgeverify.settings import ModelSettings  # noqa: PLC0415

    with pytest.raises(RuntimeUnavailableError, match="TensorRT"):
        trt_module.open_trt(bundle, ModelSettings(), "fp16")

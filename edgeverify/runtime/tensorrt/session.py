"""TensorRT as a `Session`: an engine built on this device beforehand, on the GPU's own thread.

The daemon never builds an engine; `edgeverify-export engine BUNDLE` does.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.bundle.graph_check import fixed_batch
from edgeverify.bundle.manifest import Precision
from edgeverify.errors import EdgeverifyError, RuntimeUnavailableError
from edgeverify.feeding.preprocessing import Batch
from edgeverify.runtime.session import Network
from edgeverify.runtime.tensorrt.cache import EngineCache, Miss
from edgeverify.runtime.tensorrt.device import CudaDevice
from edgeverify.runtime.tensorrt.engine import LoadedEngine
from edgeverify.runtime.tensorrt.gpu_thread import LIMIT_SECONDS, THIS_PROCESS, GpuThread
from edgeverify.runtime.tensorrt.key import Device, EngineKey
from edgeverify.runtime.tensorrt.library import TensorRt, load_tensorrt
from edgeverify.settings import ModelSettings

OPENING_SECONDS = 60.0
"""CUDA's start and reading an engine take seconds on a small device."""


def engine_folder(network: Network) -> Path:
    """Return where engines for a bundle lie: `engines`, beside the bundle's own folder."""
    return network.folder.resolve().parent / "engines"


def engine_source(network: Network, tensorrt: TensorRt, precision: Precision) -> bytes:
    """Return the ONNX graph that an engine of that precision is built from.

    FP16 takes the FP16 graph where TensorRT is strongly typed (10 and later), and the FP32 graph
    with a flag before; there the FP16 graph says which operators stay FP32, so both need it.
    RuntimeUnavailableError where the bundle has none, and for INT8, of which no engine is built.
    """
    if precision == "int8":
        raise RuntimeUnavailableError(
            "TensorRT engines are FP16 or FP32", advice="Set model.precision to auto."
        )
    if precision == "fp16" and not network.has("fp16"):
        raise RuntimeUnavailableError(
            f"{network.name} has no FP16 graph to build an FP16 engine from",
            advice=f"Make it: edgeverify-export fp16 {network.folder}, or take --precision fp32.",
        )
    if precision == "fp16" and tensorrt.is_strongly_typed:
        return network.model_bytes("fp16")
    return network.model_bytes("fp32")


def engine_key(
    network: Network, tensorrt: TensorRt, device: Device, precision: Precision
) -> EngineKey:
    """Make the key of the engine that this network needs on this device.

    A graph with a fixed batch has an engine of that batch: TensorRT refuses any other.
    """
    source = engine_source(network, tensorrt, precision)
    return EngineKey(
        onnx_sha256=sha256_of(source),
        tensorrt=tensorrt.full_version,
        device=device,
        precision=precision,
        batch=fixed_batch(source) or network.batch,
        size=network.size,
    )


def open_trt(network: Network, settings: ModelSettings, precision: Precision) -> TensorRtSession:
    """Open the engine that was built here for this network.

    RuntimeUnavailableError where there is no TensorRT, CUDA, GPU or engine; it says which, and
    for an engine built for something else, what has changed.
    """
    tensorrt = load_tensorrt()
    return TensorRtSession(network, tensorrt, precision, cuda_graph=settings.cuda_graph)


class TensorRtSession:
    """One engine on the thread that talks to the GPU."""

    def __init__(
        self,
        network: Network,
        tensorrt: TensorRt,
        precision: Precision,
        *,
        cuda_graph: bool = False,
        gpu: GpuThread = THIS_PROCESS,
        limit_seconds: float = LIMIT_SECONDS,
    ) -> None:
        self._precision: Precision = precision
        self._limit = limit_seconds
        self._gpu = gpu
        self._closing = threading.Lock()
        self._closed = False
        self._engine: LoadedEngine | None = None
        self._leave: Callable[[], None] = gpu.join()
        opening = partial(self._open, network, tensorrt, cuda_graph)
        try:
            gpu.run(opening, limit_seconds=OPENING_SECONDS)
        except BaseException as error:
            self.close()
            if isinstance(error, EdgeverifyError) or not isinstance(error, Exception):
                raise
            raise RuntimeUnavailableError(f"TensorRT failed to start: {error}") from error

    @property
    def name(self) -> str:
        """`tensorrt`."""
        return "tensorrt"

    @property
    def precision(self) -> Precision:
        """Which of the bundle's forms is loaded."""
        return self._precision

    @property
    def remark(self) -> str:
        """Whether a CUDA graph is in use, or why not."""
        return "" if self._engine is None else self._engine.graph_remark

    def run(self, batch: Batch) -> Batch:
        """Infer: float32 (b, 3, size, size) to (b, d); RuntimeUnavailableError on any failure."""
        if self._closed:
            raise RuntimeUnavailableError("the session is closed")
        try:
            return self._gpu.run(partial(self._infer, batch), limit_seconds=self._limit)
        except EdgeverifyError:
            raise
        except Exception as error:  # noqa: BLE001 - tensorrt raises many types
            raise RuntimeUnavailableError(f"inference failed in tensorrt: {error}") from None

    def close(self) -> None:
        """Release everything in the owning thread; a second call does nothing."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        # A GPU that hangs must not hang whoever closes the session.
        with contextlib.suppress(RuntimeUnavailableError):
            if self._engine is not None:
                self._gpu.run(self._release, limit_seconds=self._limit)
        self._leave()

    def _open(
        self,
        network: Network,
        tensorrt: TensorRt,
        cuda_graph: bool,  # noqa: FBT001 - handed on to another thread
        device: CudaDevice,
    ) -> None:
        key = engine_key(network, tensorrt, device.describe(), self._precision)
        found = EngineCache(engine_folder(network)).load(key, bundle=network.name)
        if isinstance(found, Miss):
            raise RuntimeUnavailableError(
                f"no TensorRT engine to use: {found.reason}",
                advice=found.advice
                or f"Build it on this machine: edgeverify-export engine {network.folder}",
            )
        shape = (key.batch, network.depth, key.size, key.size)
        self._engine = LoadedEngine(tensorrt, device, found, shape=shape, cuda_graph=cuda_graph)

    def _infer(self, batch: Batch, _device: CudaDevice) -> Batch:
        engine = self._engine
        if engine is None:
            raise RuntimeUnavailableError("the session is closed")
        parts = []
        for start in range(0, len(batch), engine.batch):
            part = batch[start : start + engine.batch]
            missing = engine.batch - len(part)
            full = np.concatenate([part, np.repeat(part[:1], missing, 0)]) if missing else part
            parts.append(engine.infer(full)[: len(part)])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _release(self, _device: CudaDevice) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None

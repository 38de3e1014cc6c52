"""TensorRT as a `Session`: one owning thread, an engine built on this device beforehand.

The daemon never builds an engine; `edgeverify-export engine BUNDLE` does.
"""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import TypeVar

import numpy as np

from edgeverify.errors import EdgeverifyError, RuntimeUnavailableError
from edgeverify.runtime.bundle import Bundle
from edgeverify.runtime.canonical import sha256_of
from edgeverify.runtime.manifest import Precision
from edgeverify.runtime.session import Batch
from edgeverify.runtime.trt_cache import EngineCache, Miss
from edgeverify.runtime.trt_device import CudaDevice
from edgeverify.runtime.trt_engine import LoadedEngine
from edgeverify.runtime.trt_key import Device, EngineKey
from edgeverify.runtime.trt_library import TensorRt, load_tensorrt
from edgeverify.settings import ModelSettings

T = TypeVar("T")

LIMIT_SECONDS = 10.0
"""TensorRT releases the GIL while it works, so a hung GPU would go unseen without a limit."""


def engine_folder(bundle: Bundle) -> Path:
    """Where engines for a bundle lie: `engines`, beside the bundle's own folder."""
    return bundle.folder.resolve().parent / "engines"


def engine_source(bundle: Bundle, tensorrt: TensorRt, precision: Precision) -> bytes:
    """Give the ONNX graph that an engine of that precision is built from.

    FP16 takes the FP16 graph where TensorRT is strongly typed (10 and later), and the FP32 graph
    with a flag before. INT8 engines are not built: RuntimeUnavailableError.
    """
    if precision == "int8":
        raise RuntimeUnavailableError(
            "TensorRT engines are FP16 or FP32", advice="Set model.precision to auto."
        )
    if precision == "fp16" and tensorrt.is_strongly_typed:
        return bundle.model_bytes("fp16")
    return bundle.model_bytes("fp32")


def engine_key(
    bundle: Bundle, tensorrt: TensorRt, device: Device, precision: Precision
) -> EngineKey:
    """Make the key of the engine that this bundle needs on this device."""
    return EngineKey(
        onnx_sha256=sha256_of(engine_source(bundle, tensorrt, precision)),
        tensorrt=tensorrt.full_version,
        device=device,
        precision=precision,
        batch=engine_batch(bundle),
        size=bundle.manifest.feeding.size,
    )


def engine_batch(bundle: Bundle) -> int:
    """Chips in one inference: a face, and its mirror image where the manifest says so."""
    return 2 if bundle.manifest.mirror else 1


def open_trt(bundle: Bundle, settings: ModelSettings, precision: Precision) -> TensorRtSession:
    """Open the engine that was built here for this bundle.

    RuntimeUnavailableError where there is no TensorRT, pycuda, GPU or engine; it says which, and
    for an engine built for something else, what has changed.
    """
    tensorrt = load_tensorrt()
    return TensorRtSession(bundle, tensorrt, precision, cuda_graph=settings.cuda_graph)


class TensorRtSession:
    """An engine and the one thread that talks to the GPU."""

    def __init__(
        self,
        bundle: Bundle,
        tensorrt: TensorRt,
        precision: Precision,
        *,
        cuda_graph: bool = False,
        device: type[CudaDevice] = CudaDevice,
        limit_seconds: float = LIMIT_SECONDS,
    ) -> None:
        self._precision: Precision = precision
        self._limit = limit_seconds
        self._closing = threading.Lock()
        self._closed = False
        self._owner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tensorrt")
        self._device: CudaDevice | None = None
        self._engine: LoadedEngine | None = None
        try:
            self._owner.submit(self._open, bundle, tensorrt, device, cuda_graph).result()
        except BaseException as error:
            self.close()
            if isinstance(error, EdgeverifyError):
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
            return self._wait(self._owner.submit(self._infer, batch))
        except EdgeverifyError:
            raise
        except Exception as error:  # noqa: BLE001 - tensorrt and pycuda raise many types
            raise RuntimeUnavailableError(f"inference failed in tensorrt: {error}") from None

    def close(self) -> None:
        """Give everything back in the owning thread, then end it; a second call does nothing."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        released = self._owner.submit(self._release)
        with contextlib.suppress(FutureTimeout):
            released.result(timeout=self._limit)
        # A GPU that hangs must not hang whoever closes the session.
        self._owner.shutdown(wait=False)

    def _wait(self, future: Future[T]) -> T:
        try:
            return future.result(timeout=self._limit)
        except FutureTimeout:
            raise RuntimeUnavailableError(
                f"the GPU has not answered for {self._limit:g} s"
            ) from None

    def _open(
        self,
        bundle: Bundle,
        tensorrt: TensorRt,
        device: type[CudaDevice],
        cuda_graph: bool,  # noqa: FBT001
    ) -> None:
        self._device = device()
        key = engine_key(bundle, tensorrt, self._device.describe(), self._precision)
        found = EngineCache(engine_folder(bundle)).load(key, bundle=bundle.manifest.name)
        if isinstance(found, Miss):
            raise RuntimeUnavailableError(
                f"no TensorRT engine to use: {found.reason}",
                advice=f"Build it on this machine: edgeverify-export engine {bundle.folder}",
            )
        shape = (key.batch, 3, key.size, key.size)
        self._engine = LoadedEngine(
            tensorrt, self._device, found, shape=shape, cuda_graph=cuda_graph
        )

    def _infer(self, batch: Batch) -> Batch:
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

    def _release(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        if self._device is not None:
            self._device.close()
            self._device = None

"""The GPU through NVIDIA's own bindings (cuda-python), as one thread owns it.

The primary context is retained and pushed once by the owning thread; `close` gives everything
back in the opposite order.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import RuntimeUnavailableError
from edgeverify.runtime.tensorrt.key import Device

_ADVICE = "See `docs/gpu.md` for what this machine needs, and check nvidia-smi."


@dataclass(slots=True, eq=False)
class Buffer:
    """A pinned array on the host and memory of the same size on the device, by address."""

    host: NDArray[Any]
    pinned: int
    device: Any


class CudaDevice:
    """The first GPU, its primary context pushed in the thread that made this object."""

    def __init__(self, driver: Any | None = None) -> None:
        """RuntimeUnavailableError where there are no bindings, no driver or no GPU."""
        self._cuda = driver if driver is not None else _load_bindings()
        self._buffers: list[Buffer] = []
        try:
            self._call("cuInit", 0)
            self._handle = self._call("cuDeviceGet", 0)
            self._context = self._call("cuDevicePrimaryCtxRetain", self._handle)
        except RuntimeError as error:
            # The bindings look for the driver's library when it is first called.
            words = str(error).rstrip(".")
            raise RuntimeUnavailableError(f"no GPU can be used: {words}", advice=_ADVICE) from None
        except RuntimeUnavailableError as error:
            raise RuntimeUnavailableError(
                f"no GPU can be used: {error.problem}", advice=_ADVICE
            ) from None
        try:
            self._call("cuCtxPushCurrent", self._context)
            try:
                flags = self._cuda.CUstream_flags.CU_STREAM_NON_BLOCKING
                self._stream = self._call("cuStreamCreate", int(flags))
            except BaseException:
                # Left on the thread, it would be found there by the next attempt, and at the end.
                self._call("cuCtxPopCurrent")
                raise
        except BaseException:
            self._call("cuDevicePrimaryCtxRelease", self._handle)
            raise

    @property
    def stream_handle(self) -> int:
        """The stream's address, as TensorRT takes it."""
        return int(self._stream)

    def describe(self) -> Device:
        """Name the GPU and the software below TensorRT.

        `cuda` is the major version that the bindings are made for, `driver` the newest CUDA that
        the driver supports, as it says it (12060 for 12.6).
        """
        attributes = self._cuda.CUdevice_attribute
        major, minor = (
            self._call("cuDeviceGetAttribute", attribute, self._handle)
            for attribute in (
                attributes.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
                attributes.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
            )
        )
        name: bytes = self._call("cuDeviceGetName", 128, self._handle)
        return Device(
            gpu=name.split(b"\0")[0].decode("utf-8", "replace"),
            compute_capability=f"{major}.{minor}",
            cuda=str(int(self._cuda.CUDA_VERSION) // 1000),
            driver=str(self._call("cuDriverGetVersion")),
        )

    def allocate(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        """Allocate pinned host memory and device memory for an array."""
        size = max(1, int(np.prod(shape)) * dtype.itemsize)
        pinned = int(self._call("cuMemHostAlloc", size, 0))
        try:
            memory = self._call("cuMemAlloc", size)
        except BaseException:
            self._call("cuMemFreeHost", pinned)
            raise
        raw = (ctypes.c_uint8 * size).from_address(pinned)
        host = np.ndarray(shape, dtype, buffer=memoryview(raw))
        buffer = Buffer(host=host, pinned=pinned, device=memory)
        self._buffers.append(buffer)
        return buffer

    def free(self, buffer: Buffer) -> None:
        """Free an engine's buffer before the device goes; another engine may go on."""
        self._buffers.remove(buffer)
        self._free(buffer)

    def to_device(self, buffer: Buffer) -> None:
        """Copy host to device on the stream."""
        self._call(
            "cuMemcpyHtoDAsync", buffer.device, buffer.pinned, buffer.host.nbytes, self._stream
        )

    def to_host(self, buffer: Buffer) -> None:
        """Copy device to host on the stream."""
        self._call(
            "cuMemcpyDtoHAsync", buffer.pinned, buffer.device, buffer.host.nbytes, self._stream
        )

    def wait(self) -> None:
        """Wait for everything on the stream."""
        self._call("cuStreamSynchronize", self._stream)

    def record(self, work: Callable[[], None]) -> Any:
        """Record what `work` puts on the stream as a CUDA graph, to be replayed by `launch`.

        Whatever happens in between, the stream records no longer afterwards: a stream left in
        capture refuses every later call. RuntimeUnavailableError where CUDA cannot record it;
        what `work` raises comes out.
        """
        # Of this thread alone: another thread's CUDA calls must not spoil it.
        mode = self._cuda.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
        self._call("cuStreamBeginCapture", self._stream, mode)
        try:
            work()
        except BaseException:
            error, graph = self._cuda.cuStreamEndCapture(self._stream)
            if error == self._cuda.CUresult.CUDA_SUCCESS:
                self._call("cuGraphDestroy", graph)
            raise
        graph = self._call("cuStreamEndCapture", self._stream)
        try:
            return self._call("cuGraphInstantiate", graph, 0)
        finally:
            self._call("cuGraphDestroy", graph)

    def launch(self, recorded: Any) -> None:
        """Put a recorded graph on the stream."""
        self._call("cuGraphLaunch", recorded, self._stream)

    def forget(self, recorded: Any) -> None:
        """Release a recorded graph."""
        self._call("cuGraphExecDestroy", recorded)

    def close(self) -> None:
        """Free all buffers, then pop and release the context; by the owning thread."""
        for buffer in self._buffers:
            self._free(buffer)
        self._buffers.clear()
        self._call("cuStreamDestroy", self._stream)
        self._call("cuCtxPopCurrent")
        self._call("cuDevicePrimaryCtxRelease", self._handle)

    def _free(self, buffer: Buffer) -> None:
        self._call("cuMemFree", buffer.device)
        self._call("cuMemFreeHost", buffer.pinned)

    def _call(self, function: str, *arguments: Any) -> Any:
        """Call the driver; its one answer, or None. RuntimeUnavailableError with its own words."""
        error, *values = getattr(self._cuda, function)(*arguments)
        if error != self._cuda.CUresult.CUDA_SUCCESS:
            _, words = self._cuda.cuGetErrorString(error)
            text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(error)
            raise RuntimeUnavailableError(f"{function} failed: {text}", advice=_ADVICE)
        return values[0] if values else None


def _load_bindings() -> Any:
    try:
        return importlib.import_module("cuda.bindings.driver")
    except (ImportError, OSError) as error:
        words = (str(error).splitlines() or [type(error).__name__])[0]
        raise RuntimeUnavailableError(
            f"cuda-bindings cannot be imported ({words})", advice=_ADVICE
        ) from None

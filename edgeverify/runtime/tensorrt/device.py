"""pycuda, as one thread owns it: context, stream, buffers, and giving all of it back.

The primary context is retained and pushed once by the owning thread. pycuda aborts the process at
exit while a context is still pushed, so `close` frees the buffers first, then pops.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import RuntimeUnavailableError
from edgeverify.runtime.tensorrt.key import Device

_ADVICE = "See `docs/gpu.md` for what this machine needs (pycuda needs nvcc), and check nvidia-smi."


@dataclass(slots=True, eq=False)
class Buffer:
    """A pinned array on the host and memory of the same size on the device."""

    host: NDArray[Any]
    device: Any


class CudaDevice:
    """The first GPU, its primary context pushed in the thread that made this object."""

    def __init__(self, cuda: Any | None = None) -> None:
        """RuntimeUnavailableError where there is no pycuda, driver or GPU."""
        self._cuda = cuda if cuda is not None else _load_pycuda()
        try:
            self._cuda.init()
            self._handle = self._cuda.Device(0)
            self._context = self._handle.retain_primary_context()
        except Exception as error:  # noqa: BLE001 - pycuda's errors have no common base
            raise RuntimeUnavailableError(f"no GPU can be used: {error}", advice=_ADVICE) from None
        self._context.push()
        self._buffers: list[Buffer] = []
        self.stream = self._cuda.Stream()

    def describe(self) -> Device:
        """Name the GPU and the software below TensorRT."""
        major, minor = self._handle.compute_capability()
        return Device(
            gpu=str(self._handle.name()),
            compute_capability=f"{major}.{minor}",
            cuda=".".join(str(part) for part in self._cuda.get_version()),
            driver=str(self._cuda.get_driver_version()),
        )

    def allocate(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        """Allocate pinned host memory and device memory for an array."""
        host = self._cuda.pagelocked_empty(shape, dtype)
        buffer = Buffer(host=host, device=self._cuda.mem_alloc(max(1, host.nbytes)))
        self._buffers.append(buffer)
        return buffer

    def free(self, buffer: Buffer) -> None:
        """Free an engine's buffer before the device goes; another engine may go on."""
        self._buffers.remove(buffer)
        _free(buffer)

    def to_device(self, buffer: Buffer) -> None:
        """Copy host to device on the stream."""
        self._cuda.memcpy_htod_async(buffer.device, buffer.host, self.stream)

    def to_host(self, buffer: Buffer) -> None:
        """Copy device to host on the stream."""
        self._cuda.memcpy_dtoh_async(buffer.host, buffer.device, self.stream)

    def wait(self) -> None:
        """Wait for everything on the stream."""
        self.stream.synchronize()

    @property
    def can_record(self) -> bool:
        """True where this pycuda has CUDA graphs."""
        return hasattr(self.stream, "begin_capture") and hasattr(self.stream, "end_capture")

    def close(self) -> None:
        """Free all buffers, then pop and release the context; by the owning thread."""
        for buffer in self._buffers:
            _free(buffer)
        self._buffers.clear()
        self.stream = None
        self._context.pop()
        self._context.detach()


def _free(buffer: Buffer) -> None:
    buffer.device.free()
    base: Any = buffer.host.base
    if hasattr(base, "free"):
        base.free()


def _load_pycuda() -> Any:
    try:
        return importlib.import_module("pycuda.driver")
    except (ImportError, OSError) as error:
        raise RuntimeUnavailableError(
            f"pycuda cannot be imported ({str(error).splitlines()[0]})", advice=_ADVICE
        ) from None

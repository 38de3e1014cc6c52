"""A CUDA driver made of numpy, with the names and parameters of NVIDIA's own bindings.

Like the driver it refuses on a stream that records: waiting, copying from pageable memory and
whatever else is not recorded spoil the recording, and an unended one spoils everything after.
"""

from __future__ import annotations

import ctypes
import json
import threading
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tests.runtime.tensorrt_surface.gpu import Gpu

SURFACE = json.loads(Path(__file__).with_name("surface_cuda.json").read_text("utf-8"))
MEMORY: dict[int, np.ndarray[Any, np.dtype[np.float32]]] = {}
"""Device memory by address."""


class CUresult(IntEnum):
    CUDA_SUCCESS = 0
    CUDA_ERROR_INVALID_VALUE = 1
    CUDA_ERROR_NO_DEVICE = 100
    CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900
    CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = 901


OK = CUresult.CUDA_SUCCESS


class FakeDriver:
    """The module `cuda.bindings.driver`; what happened goes to `gpu.calls`."""

    CUresult = CUresult
    CUDA_VERSION = 12090

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._pinned: dict[int, Any] = {}
        self._graphs = 0
        self._depth = 0
        self._recorder = 0
        for kind, values in SURFACE["enums"].items():
            if kind != "CUresult":
                setattr(self, kind, IntEnum(kind, values))  # type: ignore[misc]

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if not name.startswith("cu"):
            return found
        wanted = SURFACE["functions"].get(name)
        if wanted is None:
            raise AssertionError(f"{name} is not among the functions read off the real bindings")
        return _checked(name, found, wanted)

    def cuInit(self, flags: int) -> tuple[CUresult]:  # noqa: N802
        assert flags == 0
        if self._gpu.no_driver:
            raise RuntimeError('"cuda" is an NVIDIA driver library: not found')
        self._gpu.note("init")
        return (CUresult.CUDA_ERROR_NO_DEVICE if self._gpu.no_device else OK,)

    def cuGetErrorString(self, error: CUresult) -> tuple[CUresult, bytes]:  # noqa: N802
        return OK, error.name.encode()

    def cuDeviceGet(self, ordinal: int) -> tuple[CUresult, int]:  # noqa: N802
        assert ordinal == 0
        return OK, 0

    def cuDeviceGetName(self, length: int, dev: int) -> tuple[CUresult, bytes]:  # noqa: N802
        assert dev == 0
        return OK, b"Orin".ljust(length, b"\0")

    def cuDeviceGetAttribute(self, attrib: IntEnum, dev: int) -> tuple[CUresult, int]:  # noqa: N802
        assert dev == 0
        return OK, 8 if attrib.name.endswith("MAJOR") else 7

    def cuDriverGetVersion(self) -> tuple[CUresult, int]:  # noqa: N802
        return OK, 12060

    def cuDevicePrimaryCtxRetain(self, dev: int) -> tuple[CUresult, int]:  # noqa: N802
        self._gpu.note("retain")
        return OK, dev + 1

    def cuDevicePrimaryCtxRelease(self, dev: int) -> tuple[CUresult]:  # noqa: N802
        assert dev == 0
        self._gpu.note("release")
        return (OK,)

    def cuCtxPushCurrent(self, ctx: int) -> tuple[CUresult]:  # noqa: N802
        assert ctx == 1
        self._depth += 1
        self._gpu.note("push")
        return (OK,)

    def cuCtxPopCurrent(self) -> tuple[CUresult, int]:  # noqa: N802
        self._depth -= 1
        self._gpu.note("pop")
        return OK, 1

    def cuStreamCreate(self, flags: int) -> tuple[CUresult, int]:  # noqa: N802
        assert flags == 1
        return OK, 7

    def cuStreamDestroy(self, stream: int) -> tuple[CUresult]:  # noqa: N802
        assert stream == 7
        assert not self._gpu.recording, "a stream is given back while it records"
        return (OK,)

    def cuStreamSynchronize(self, stream: int) -> tuple[CUresult]:  # noqa: N802
        assert stream == 7
        self._gpu.note("wait")
        return (self._not_recorded(),)

    def cuMemHostAlloc(self, size: int, flags: int) -> tuple[CUresult, int]:  # noqa: N802
        assert flags == 0
        block = np.zeros(size, np.uint8)
        self._pinned[block.ctypes.data] = block
        return OK, block.ctypes.data

    def cuMemFreeHost(self, address: int) -> tuple[CUresult]:  # noqa: N802
        del self._pinned[address]
        return (OK,)

    def cuMemAlloc(self, size: int) -> tuple[CUresult, int]:  # noqa: N802
        address = max(MEMORY, default=4096) + 4096
        MEMORY[address] = np.zeros(size // 4, np.float32)
        return OK, address

    def cuMemFree(self, address: int) -> tuple[CUresult]:  # noqa: N802
        self._gpu.note("free")
        del MEMORY[address]
        return (OK,)

    def cuMemcpyHtoDAsync(  # noqa: N802
        self, device: int, host: int, size: int, stream: int
    ) -> tuple[CUresult]:
        assert (host in self._pinned, stream) == (True, 7)
        self._gpu.hang()
        values = (ctypes.c_float * (size // 4)).from_address(host)
        MEMORY[device][:] = np.frombuffer(values, np.float32)
        return (self._not_recorded(),)

    def cuMemcpyDtoHAsync(  # noqa: N802
        self, host: int, device: int, size: int, stream: int
    ) -> tuple[CUresult]:
        assert (host in self._pinned, stream) == (True, 7)
        if self._gpu.answers_otherwise:
            MEMORY[device].fill(0.5)
        ctypes.memmove(host, MEMORY[device].ctypes.data, size)
        return (self._not_recorded(),)

    def cuStreamBeginCapture(self, stream: int, mode: IntEnum) -> tuple[CUresult]:  # noqa: N802
        assert (stream, mode.name) == (7, "CU_STREAM_CAPTURE_MODE_THREAD_LOCAL")
        if self._gpu.recording:
            return (CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,)
        self._gpu.note("capture")
        self._gpu.recording, self._gpu.spoilt = True, False
        self._recorder = threading.get_ident()
        return (OK,)

    def cuStreamEndCapture(self, stream: int) -> tuple[CUresult, int | None]:  # noqa: N802
        assert stream == 7
        if not self._gpu.recording:
            return CUresult.CUDA_ERROR_INVALID_VALUE, None
        # A recording that is not relaxed ends in the thread that began it.
        assert self._recorder == threading.get_ident()
        self._gpu.recording = False
        if self._gpu.spoilt:
            return CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, None
        self._graphs += 1
        return OK, 100

    def cuGraphInstantiate(self, graph: int, flags: int) -> tuple[CUresult, int]:  # noqa: N802
        assert (graph, flags) == (100, 0)
        self._graphs += 1
        return OK, 200

    def cuGraphLaunch(self, executable: int, stream: int) -> tuple[CUresult]:  # noqa: N802
        assert (executable, stream) == (200, 7)
        self._gpu.note("launch")
        self._gpu.replay()
        if self._gpu.wrong_graph:
            for address in MEMORY:
                MEMORY[address] += 1
        return (OK,)

    def cuGraphDestroy(self, graph: int) -> tuple[CUresult]:  # noqa: N802
        assert graph == 100
        self._graphs -= 1
        return (OK,)

    def cuGraphExecDestroy(self, executable: int) -> tuple[CUresult]:  # noqa: N802
        assert executable == 200
        self._graphs -= 1
        return (OK,)

    @property
    def left(self) -> dict[str, int]:
        """What was not given back."""
        return {"pinned": len(self._pinned), "graphs": self._graphs, "contexts": self._depth}

    def _not_recorded(self) -> CUresult:
        if not self._gpu.recording:
            return OK
        self._gpu.spoilt = True
        return CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED


def _checked(
    name: str, function: Callable[..., Any], wanted: list[str]
) -> Callable[..., tuple[Any, ...]]:
    def call(*arguments: Any) -> tuple[Any, ...]:
        assert len(arguments) == len(wanted), f"the real {name} takes {wanted}"
        answer: tuple[Any, ...] = function(*arguments)
        return answer

    return call

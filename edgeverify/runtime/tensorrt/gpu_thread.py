"""The one thread of this process that talks to the GPU, shared by all of its engines.

A CUDA context belongs to the thread that pushed it, so the embedder's engine and the liveness
networks' live on one thread with the primary context pushed once. It begins with the first engine
and gives everything back with the last.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar, cast

from edgeverify.errors import RuntimeUnavailableError
from edgeverify.runtime.tensorrt.device import CudaDevice

T = TypeVar("T")
_Job: TypeAlias = tuple[Future[object], Callable[[CudaDevice], Any]]

LIMIT_SECONDS = 10.0
"""TensorRT releases the GIL while it works, so a hung GPU would go unseen without a limit."""


class GpuThread:
    """A thread with the GPU's primary context pushed, for the engines that joined it."""

    def __init__(self, open_device: Callable[[], CudaDevice] = CudaDevice) -> None:
        """`open_device` is called in the thread, when the first engine needs it."""
        self._open_device = open_device
        self._lock = threading.Lock()
        self._engines = 0
        self._worker: _Worker | None = None

    def join(self) -> Callable[[], None]:
        """Begin to use the thread; gives what must be called, once, to leave it."""
        with self._lock:
            if self._worker is None:
                self._worker = _Worker(self._open_device)
            self._engines += 1
        return self._leave

    def run(self, work: Callable[[CudaDevice], T], *, limit_seconds: float = LIMIT_SECONDS) -> T:
        """Do `work` in the thread; RuntimeUnavailableError where the GPU has not answered in time.

        Whatever `work` raises comes out. A GPU that hangs is not waited for a second time.
        """
        with self._lock:
            worker = self._worker
        if worker is None:
            raise RuntimeUnavailableError("the session is closed")
        return worker.run(work, limit_seconds)

    def _leave(self) -> None:
        with self._lock:
            self._engines -= 1
            if self._engines:
                return
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()


class _Worker:
    """The thread itself and the device that it has opened.

    A daemon thread, so that a GPU that hangs does not hold up the end of the process; what was
    not closed by then is given back at exit.
    """

    def __init__(self, open_device: Callable[[], CudaDevice]) -> None:
        self._open_device = open_device
        self._late: Future[object] | None = None
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="tensorrt", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def run(self, work: Callable[[CudaDevice], T], limit_seconds: float) -> T:
        if self._late is not None and not self._late.done():
            raise RuntimeUnavailableError("the GPU still has not answered an earlier question")
        future: Future[object] = Future()
        self._jobs.put((future, work))
        wait([future], timeout=limit_seconds)
        if not future.done():
            self._late = future
            raise RuntimeUnavailableError(f"the GPU has not answered for {limit_seconds:g} s")
        return cast("T", future.result())

    def close(self) -> None:
        atexit.unregister(self.close)
        self._jobs.put(None)
        self._thread.join(LIMIT_SECONDS)

    def _serve(self) -> None:
        device: CudaDevice | None = None
        while (job := self._jobs.get()) is not None:
            future, work = job
            try:
                device = device or self._open_device()
                future.set_result(work(device))
            except BaseException as error:  # noqa: BLE001 - it comes out where it was asked for
                future.set_exception(error)
            # Or the last batch would live until the next one.
            del job, future, work
        if device is not None:
            device.close()


THIS_PROCESS = GpuThread()
"""What every session uses outside tests."""

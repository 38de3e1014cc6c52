"""Networks in TensorFlow Lite's format, run by LiteRT on the CPU (XNNPACK).

LiteRT writes one line about itself to standard error when the first network is made and has no
switch for it, so that descriptor points nowhere meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

from edgeverify.errors import BundleError, RuntimeUnavailableError
from edgeverify.feeding.preprocessing import Batch

_ONE_AT_A_TIME = threading.Lock()
"""Two threads that both saved and restored descriptor 2 could leave it at nowhere for ever."""


class LiteRtNetwork:
    """One network of fixed shapes in one process; used by one thread at a time."""

    def __init__(self, model: bytes, *, name: str, threads: int = 1) -> None:
        """Make it ready; `name` is for messages, `threads` are those of its arithmetic.

        RuntimeUnavailableError where LiteRT cannot be loaded here, BundleError where the bytes
        are not a network that it can run.
        """
        self.name = name
        with _native_lines_dropped():
            self._interpreter = _interpreter(model, name, threads)
        (self._input,) = (each["index"] for each in self._interpreter.get_input_details())
        self._outputs = tuple(each["index"] for each in self._interpreter.get_output_details())

    def run(self, batch: Batch) -> tuple[Batch, ...]:
        """Infer, float32 (1, h, w, 3) to the network's outputs in its order, each a copy.

        RuntimeUnavailableError where it fails.
        """
        if self._interpreter is None:
            raise RuntimeUnavailableError(f"the network {self.name} was given back")
        try:
            self._interpreter.set_tensor(self._input, batch)
            self._interpreter.invoke()
            return tuple(self._interpreter.get_tensor(index) for index in self._outputs)
        except (RuntimeError, ValueError) as error:
            raise RuntimeUnavailableError(f"the network {self.name} fails: {error}") from None

    def close(self) -> None:
        """Release everything; a second call does nothing."""
        self._interpreter = None


def _interpreter(model: bytes, name: str, threads: int) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - heavy
    except ImportError as error:
        raise RuntimeUnavailableError(
            f"LiteRT cannot be loaded: {error}",
            advice="Install the package ai-edge-litert for this Python again.",
        ) from None
    try:
        interpreter: Any = Interpreter(model_content=model, num_threads=threads)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise BundleError(
            f"LiteRT cannot run the network {name}: {error}",
            advice="Fetch its bundle again with `edgeverify models fetch`.",
        ) from None
    return interpreter


@contextlib.contextmanager
def _native_lines_dropped() -> Iterator[None]:
    """Send what native code writes to file descriptor 2 to nowhere while the block runs.

    Whoever logs meanwhile needs a descriptor of its own (`running.run_daemon`).
    """
    with _ONE_AT_A_TIME:
        if sys.stderr is not None:
            sys.stderr.flush()
        saved = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(nowhere)

"""Which TensorRT is installed, and what its version means for us."""

from __future__ import annotations

import functools
import importlib
import re
from dataclasses import dataclass
from typing import Any, Literal

from edgeverify.errors import RuntimeUnavailableError

_OLDEST = (8, 5)
_ADVICE = (
    "On Jetson make the environment with --system-site-packages; elsewhere: pip install tensorrt."
)


@dataclass(frozen=True, slots=True)
class TensorRt:
    """The imported module and its version."""

    module: Any
    version: tuple[int, int]
    full_version: str

    @property
    def is_strongly_typed(self) -> bool:
        """True from 10 on: the ONNX graph decides each layer's precision.

        `BuilderFlag.FP16` decides on 8.x; it is deprecated since 10.12 and gone in 11.
        """
        return self.version >= (10, 0)

    @property
    def logger(self) -> Any:
        """The one logger of this process: TensorRT keeps the first and warns of any other."""
        return _logger(self.module)

    def start(self, part: Literal["Builder", "Runtime"]) -> Any:
        """Make a builder or a runtime.

        RuntimeUnavailableError where TensorRT cannot start CUDA: its own CUDA is newer than the
        driver, most often; the bindings then raise a TypeError about a null pointer.
        """
        try:
            made = getattr(self.module, part)(self.logger)
        except Exception as error:  # noqa: BLE001 - pybind11 raises what it likes
            words = (str(error).splitlines() or [type(error).__name__])[0]
            raise RuntimeUnavailableError(
                f"TensorRT {self.full_version} cannot start on this GPU's driver ({words})",
                advice="Its CUDA must not be newer than the driver's: compare nvidia-smi's CUDA "
                "version with docs/gpu.md, then install a newer driver or an older TensorRT.",
            ) from None
        return made


@functools.cache
def _logger(module: Any) -> Any:
    return module.Logger(module.Logger.WARNING)


def load_tensorrt() -> TensorRt:
    """Import TensorRT; RuntimeUnavailableError where it is absent, broken or older than 8.5."""
    try:
        module = importlib.import_module("tensorrt")
    except (ImportError, OSError, RuntimeError) as error:
        words = (str(error).splitlines() or [type(error).__name__])[0]
        raise RuntimeUnavailableError(
            f"TensorRT cannot be imported ({words})", advice=_ADVICE
        ) from None
    return of_module(module)


def of_module(module: Any) -> TensorRt:
    """Read an imported module's version; RuntimeUnavailableError below 8.5."""
    full = str(getattr(module, "__version__", ""))
    numbers = re.match(r"(\d+)\.(\d+)", full)
    if numbers is None:
        raise RuntimeUnavailableError("this TensorRT does not say its version", advice=_ADVICE)
    version = int(numbers.group(1)), int(numbers.group(2))
    if version < _OLDEST:
        raise RuntimeUnavailableError(
            f"TensorRT {full} is too old, 8.5 or later is needed", advice=_ADVICE
        )
    return TensorRt(module=module, version=version, full_version=full)

"""ONNX Runtime as a `Session`, on the CPU or on CUDA."""

from __future__ import annotations

import contextlib
import io
import platform
from typing import Any, Literal

import numpy as np

from edgeverify.bundle.manifest import Precision
from edgeverify.errors import RuntimeUnavailableError
from edgeverify.feeding.preprocessing import Batch
from edgeverify.runtime.onnxruntime.prelu import suits, without_prelu
from edgeverify.runtime.onnxruntime.second_core import SecondCore

Device = Literal["cpu", "cuda"]
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_CUDA_OPTIONS = {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}
"""TF32 is on by default: 10 bits of FP32's 23, another network than was measured. cuDNN's search is
exhaustive by default: it tries every algorithm when a new batch size comes first, which is while
somebody waits, and may choose another one at the next start."""


class OnnxRuntimeSession:
    """One network in ONNX Runtime."""

    def __init__(
        self,
        model: bytes,
        *,
        device: Device,
        precision: Precision,
        threads: int,
        side_by_side: bool = False,
    ) -> None:
        """Load `model` (ONNX bytes) with `threads` CPU threads.

        `side_by_side` gives each half of a batch a thread of its own, so that face and mirror
        image meet once, at the end, and not after each of the network's layers: measured 0.3 to
        0.4 ms less per face on two cores. On the CPU, PReLU is computed in steps (`prelu`). On CUDA
        its libraries are loaded first from where pip put them, and TF32 is off.
        RuntimeUnavailableError where the device is not there: ONNX Runtime would fall back to the
        CPU without a word, so the providers are read back.
        """
        import onnxruntime  # noqa: PLC0415 - 0.2 s that only a command that infers should pay

        wanted = _PROVIDERS[device]
        if wanted not in onnxruntime.get_available_providers():
            raise RuntimeUnavailableError(
                f"this ONNX Runtime has no {wanted}",
                advice="Install onnxruntime-gpu for this CUDA version, or set model.runtime.",
            )
        is_halved = side_by_side and device == "cpu" and threads > 1
        threads_of_each = threads // 2 if is_halved else threads
        options = _session_options(onnxruntime, threads_of_each)
        providers: list[Any] = [wanted]
        preloaded = ""
        if device == "cuda":
            preloaded = _preload(onnxruntime)
            providers = [(wanted, _CUDA_OPTIONS), _PROVIDERS["cpu"]]
        if device == "cpu" and suits(platform.machine()):
            model = without_prelu(model)
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=providers)
        except Exception as error:  # noqa: BLE001 - onnxruntime raises a dozen unrelated types
            raise RuntimeUnavailableError(
                f"ONNX Runtime cannot load the model on {wanted}: {_first_line(error)}"
            ) from None
        # It keeps the file's bytes to start again with other providers, which nobody asks of it.
        vars(self._session).pop("_model_bytes", None)
        if self._session.get_providers()[0] != wanted:
            taken = self._session.get_providers()[0]
            raise RuntimeUnavailableError(
                f"ONNX Runtime silently took {taken} instead of {wanted}{preloaded}",
                advice="Check the CUDA and cuDNN versions that onnxruntime-gpu was built for.",
            )
        self._input = self._session.get_inputs()[0].name
        fixed = self._session.get_inputs()[0].shape[0]
        self._fixed_batch = fixed if isinstance(fixed, int) and fixed > 0 else None
        # One thread computes a batch chip by chip all the same, but holds what lies between the
        # layers for all of it: 28 MiB instead of 9 for two chips of SFace, in the same time, and
        # the answers are the same to the last bit.
        is_one_by_one = device == "cpu" and threads_of_each == 1
        self._at_a_time = self._fixed_batch or (1 if is_one_by_one else None)
        self._helper = SecondCore("second-half") if is_halved else None
        self._device = device
        self._precision = precision

    @property
    def name(self) -> str:
        """`onnxruntime-cpu` or `onnxruntime-cuda`."""
        return f"onnxruntime-{self._device}"

    @property
    def precision(self) -> Precision:
        """Which of the bundle's forms is loaded."""
        return self._precision

    def run(self, batch: Batch) -> Batch:
        """Infer; a network with a fixed batch gets as many chips at a time as it takes."""
        if self._session is None:
            raise RuntimeUnavailableError("the session is closed")
        if self._helper is None or len(batch) < 2:
            return self._infer_all(batch)
        middle = len(batch) // 2
        halves = self._helper.together(
            lambda: self._infer_all(batch[:middle]), lambda: self._infer_all(batch[middle:])
        )
        return np.concatenate(halves)

    def close(self) -> None:
        """Let the session go."""
        if self._helper is not None:
            self._helper.close()
        self._session = None

    def _infer_all(self, batch: Batch) -> Batch:
        limit = self._at_a_time or len(batch)
        parts = [self._infer(batch[start : start + limit]) for start in range(0, len(batch), limit)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _infer(self, batch: Batch) -> Batch:
        missing = 0 if self._fixed_batch is None else self._fixed_batch - len(batch)
        full = batch if not missing else np.concatenate([batch, np.repeat(batch[:1], missing, 0)])
        try:
            answer = self._session.run(None, {self._input: full})[0]
        except Exception as error:  # noqa: BLE001 - as above
            raise RuntimeUnavailableError(
                f"inference failed in {self.name}: {_first_line(error)}"
            ) from None
        return np.asarray(answer[: len(batch)], dtype=np.float32)


def _session_options(onnxruntime: Any, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # An arena keeps the largest inference's memory for ever and wins no time here: 61 MiB with
    # SFace after its golden check, 17.6 and 17.7 ms turn by turn.
    options.enable_cpu_mem_arena = False
    # Waiting threads would spin for a while after every inference and heat the box.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _preload(onnxruntime: Any) -> str:
    """Load CUDA's and cuDNN's libraries where pip put them; what could not be, in words.

    They lie in `site-packages/nvidia`, where the loader does not look by itself. ONNX Runtime has
    the function from 1.21 on and prints what it does not find: libraries of the system may do.
    """
    preload = getattr(onnxruntime, "preload_dlls", None)
    if preload is None:
        return ""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            preload()
    except Exception as error:  # noqa: BLE001 - a library that is there and broken
        return f" ({_first_line(error)})"
    return f" ({said.getvalue().strip().splitlines()[0][:300]})" if said.getvalue().strip() else ""


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]

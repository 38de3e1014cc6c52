"""Choosing the inference back end: the best that works, or the one that was named."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from typing import Literal

from edgeverify.domain import Degradation
from edgeverify.errors import RuntimeUnavailableError
from edgeverify.runtime.bundle import Bundle, PadBundle
from edgeverify.runtime.manifest import Precision
from edgeverify.runtime.onnx_runtime import OnnxRuntimeSession
from edgeverify.runtime.session import Session
from edgeverify.settings import ModelSettings

BackEnd = Literal["tensorrt", "onnxruntime-cuda", "onnxruntime-cpu"]
_BEST_FIRST: tuple[BackEnd, ...] = ("tensorrt", "onnxruntime-cuda", "onnxruntime-cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSession:
    """What was taken, and why not the better ones.

    `refused` holds a `Degradation` per back end that was tried first: its name, and the reason.
    """

    session: Session
    refused: tuple[Degradation, ...]


def open_session(bundle: Bundle, settings: ModelSettings) -> OpenedSession:
    """Open the bundle's network as `settings.runtime` and `settings.precision` say.

    `auto` tries TensorRT, ONNX Runtime on CUDA, then on the CPU. RuntimeUnavailableError where a
    named back end, or every one, cannot run; it is never replaced silently.
    """
    if settings.runtime != "auto":
        return OpenedSession(session=_open(bundle, settings, settings.runtime), refused=())
    refused: list[Degradation] = []
    for back_end in _BEST_FIRST:
        try:
            session = _open(bundle, settings, back_end)
        except RuntimeUnavailableError as error:
            refused.append(Degradation(name=back_end, detail=str(error)))
            continue
        return OpenedSession(session=session, refused=tuple(refused))
    reasons = "; ".join(f"{entry.name}: {entry.detail}" for entry in refused)
    raise RuntimeUnavailableError(f"no inference back end works: {reasons}")


def open_pad_sessions(bundle: PadBundle, settings: ModelSettings) -> tuple[Session, ...]:
    """Open every network of a PAD bundle, in the manifest's order, on the CPU.

    They are so small that copying to a GPU and back takes longer than they do.
    """
    threads = thread_count(settings)
    return tuple(
        OnnxRuntimeSession(
            bundle.read(bundle.manifest, network.file),
            device="cpu",
            precision="fp32",
            threads=threads,
        )
        for network in bundle.manifest.networks
    )


def thread_count(settings: ModelSettings) -> int:
    """Give the CPU threads of one inference: as set, else one a core, at most four."""
    if settings.threads:
        return settings.threads
    return min(4, len(os.sched_getaffinity(0)))


def _open(bundle: Bundle, settings: ModelSettings, back_end: BackEnd) -> Session:
    if back_end == "tensorrt":
        return _open_tensorrt(bundle, settings)
    device: Literal["cpu", "cuda"] = "cuda" if back_end == "onnxruntime-cuda" else "cpu"
    precision = _precision(bundle, settings, on_gpu=device == "cuda")
    return OnnxRuntimeSession(
        bundle.model_bytes(precision),
        device=device,
        precision=precision,
        threads=thread_count(settings),
    )


def _open_tensorrt(bundle: Bundle, settings: ModelSettings) -> Session:
    # `trt.open_trt(bundle, settings, precision) -> Session` raises RuntimeUnavailableError where
    # there is no GPU, no tensorrt or pycuda, or no engine built on this device for this bundle.
    try:
        trt = importlib.import_module("edgeverify.runtime.trt")
    except ImportError as error:
        raise RuntimeUnavailableError(f"TensorRT is not installed ({error.name})") from None
    precision = _precision(bundle, settings, on_gpu=True)
    session: Session = trt.open_trt(bundle, settings, precision)
    return session


def _precision(bundle: Bundle, settings: ModelSettings, *, on_gpu: bool) -> Precision:
    if settings.precision != "auto":
        return settings.precision
    return "fp16" if on_gpu and bundle.has("fp16") else "fp32"

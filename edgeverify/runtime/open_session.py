"""Choosing the inference back end: the best that works, or the one that was named."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edgeverify.bundle.loading import PadBundle
from edgeverify.bundle.manifest import Precision
from edgeverify.domain import Degradation, FaultName
from edgeverify.errors import RuntimeUnavailableError
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession
from edgeverify.runtime.session import Network, Session
from edgeverify.runtime.tensorrt.session import open_trt
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSessions:
    """The same for several networks, in their order: all on one back end."""

    sessions: tuple[Session, ...]
    refused: tuple[Degradation, ...]


def open_session(network: Network, settings: ModelSettings) -> OpenedSession:
    """Open an embedder's network as `settings.runtime` and `settings.precision` say.

    `auto` tries TensorRT, ONNX Runtime on CUDA, then on the CPU. RuntimeUnavailableError where a
    named back end, or every one, cannot run; it is never replaced silently.
    """
    opened = _open_all((network,), settings)
    return OpenedSession(session=opened.sessions[0], refused=opened.refused)


def open_sessions(networks: Sequence[Network], settings: ModelSettings) -> OpenedSessions:
    """Open every network of an embedder on the best back end that runs them all."""
    return _open_all(networks, settings)


def open_pad_sessions(bundle: PadBundle, settings: ModelSettings) -> OpenedSessions:
    """Open every network of a PAD bundle on the best back end that runs them all.

    As `open_session`, but for the precision: the setting is the embedder's (there is no INT8 of
    PAD networks), so these take FP16 on a GPU where the bundle has it, else FP32.
    """
    return _open_all(bundle.networks, settings.model_copy(update={"precision": "auto"}))


def thread_count(settings: ModelSettings) -> int:
    """Return the CPU threads of one inference: as set, else one per core, at most four."""
    if settings.threads:
        return settings.threads
    return min(4, len(os.sched_getaffinity(0)))


def _open_all(networks: Sequence[Network], settings: ModelSettings) -> OpenedSessions:
    if settings.runtime != "auto":
        return OpenedSessions(sessions=_open_on(networks, settings, settings.runtime), refused=())
    refused: list[Degradation] = []
    for back_end in _BEST_FIRST:
        try:
            sessions = _open_on(networks, settings, back_end)
        except RuntimeUnavailableError as error:
            refused.append(Degradation(name=FaultName(back_end), detail=str(error)))
            continue
        return OpenedSessions(sessions=sessions, refused=tuple(refused))
    reasons = "; ".join(f"{entry.name}: {entry.detail}" for entry in refused)
    raise RuntimeUnavailableError(f"no inference back end works: {reasons}")


def _open_on(
    networks: Sequence[Network], settings: ModelSettings, back_end: BackEnd
) -> tuple[Session, ...]:
    """Open all on one back end, or none."""
    opened: list[Session] = []
    try:
        for network in networks:
            opened.append(_open(network, settings, back_end))  # noqa: PERF401 - closed on failure
    except BaseException:
        for session in opened:
            session.close()
        raise
    return tuple(opened)


def _open(network: Network, settings: ModelSettings, back_end: BackEnd) -> Session:
    if back_end == "tensorrt":
        return _open_tensorrt(network, settings)
    device: Literal["cpu", "cuda"] = "cuda" if back_end == "onnxruntime-cuda" else "cpu"
    precision = _precision(network, settings, on_gpu=device == "cuda")
    return OnnxRuntimeSession(
        network.model_bytes(precision),
        device=device,
        precision=precision,
        threads=thread_count(settings),
        side_by_side=network.batch > 1,
    )


def _open_tensorrt(network: Network, settings: ModelSettings) -> Session:
    precision = _precision(network, settings, on_gpu=True)
    try:
        return open_trt(network, settings, precision)
    except RuntimeUnavailableError:
        if settings.precision != "auto" or precision == "fp32":
            raise
        # `engine --precision fp32` was run: that engine is the one there is.
        with contextlib.suppress(RuntimeUnavailableError):
            return open_trt(network, settings, "fp32")
        raise


def _precision(network: Network, settings: ModelSettings, *, on_gpu: bool) -> Precision:
    if settings.precision != "auto":
        return settings.precision
    return "fp16" if on_gpu and network.has("fp16") else "fp32"

"""Opening every form of a bundle that exists here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeverify.bundle.canonical_json import sha256_of_file
from edgeverify.bundle.loading import Bundle, PadGraph
from edgeverify.errors import CheckpointError, EdgeverifyError, RuntimeUnavailableError
from edgeverify.feeding.preprocessing import Batch
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession
from edgeverify.runtime.open_session import open_session
from edgeverify.runtime.session import Network, Session
from edgeverify.settings import ModelSettings

if TYPE_CHECKING:
    from torch import nn

    from edgeverify.bundle.manifest import Precision


class TorchSession:
    """The PyTorch network itself as a `Session`."""

    name = "pytorch"
    precision: Precision = "fp32"

    def __init__(self, network: nn.Module) -> None:
        self._network = network

    def run(self, batch: Batch) -> Batch:
        """Infer: float32 (b, 3, size, size) to (b, d)."""
        from edgeverify_export.onnx_graph import run_network  # noqa: PLC0415 - torch

        return run_network(self._network, batch)

    def close(self) -> None:
        """Nothing to give back."""


@dataclass(frozen=True, slots=True)
class NotRun:
    """A back end that could not take part, and why."""

    name: str
    reason: str


def open_all(network: Network, torch: Session | NotRun) -> Iterator[Session | NotRun]:
    """Open PyTorch, ONNX FP32, FP16, INT8 and TensorRT, whichever exist; the baseline first."""
    yield torch
    precisions: tuple[Precision, ...] = ("fp32", "fp16", "int8")
    for precision in precisions:
        if network.has(precision):
            yield OnnxRuntimeSession(
                network.model_bytes(precision), device="cpu", precision=precision, threads=2
            )
        else:
            yield NotRun(f"onnxruntime-cpu {precision}", "the bundle has no such graph")
    for back_end in ("onnxruntime-cuda", "tensorrt"):
        try:
            settings = ModelSettings.model_validate({"runtime": back_end})
            yield open_session(network, settings).session
        except RuntimeUnavailableError as error:  # noqa: PERF203 - two turns
            yield NotRun(back_end, error.problem)


def open_embedder(bundle: Bundle, checkpoint: Path | None) -> Session | NotRun:
    """Open the PyTorch network that the bundle was made of; CheckpointError for another file."""
    if checkpoint is None:
        return NotRun("pytorch", "no --checkpoint was given")
    missing = _without_torch()
    if missing is not None:
        return missing
    from edgeverify_export.sources import load_source  # noqa: PLC0415 - torch

    if checkpoint.is_dir():
        return _source_among(checkpoint, bundle)
    loaded = load_source(checkpoint, bundle.manifest)
    return TorchSession(loaded.fitted.network)


def _source_among(folder: Path, bundle: Bundle) -> Session | NotRun:
    """Open whichever file of a folder the bundle was made of.

    NotRun for a network that was never PyTorch's; CheckpointError where its file is not there.
    """
    from edgeverify_export.networks.table import ARCHITECTURES  # noqa: PLC0415 - torch
    from edgeverify_export.sources import load_source  # noqa: PLC0415 - torch

    manifest = bundle.manifest
    if manifest.arch not in ARCHITECTURES and ":" not in manifest.arch:
        return NotRun("pytorch", f"{manifest.name} was not made of a PyTorch checkpoint")
    for path in sorted(folder.iterdir()):
        if path.is_file():
            try:
                return TorchSession(load_source(path, manifest).fitted.network)
            except CheckpointError:
                continue
    raise CheckpointError(
        f"{manifest.name} was not made of anything in {folder}",
        advice="Give the folder with the file that it came from.",
    )


def open_liveness(graph: PadGraph, checkpoints: Path | None) -> Session | NotRun:
    """Open one network of a PAD bundle in PyTorch: the file below `checkpoints` with its hash."""
    if checkpoints is None:
        return NotRun("pytorch", "no --checkpoint was given")
    wanted = graph.network.source_sha256
    files = checkpoints.iterdir() if checkpoints.is_dir() else (checkpoints,)
    fitting = [file for file in files if file.is_file() and sha256_of_file(file) == wanted]
    if not fitting:
        raise CheckpointError(
            f"{graph.name} was not made of anything in {checkpoints}",
            advice="Give the folder with the checkpoints, as they were given to `pad`.",
        )
    if fitting[0].suffix == ".onnx":
        return NotRun("pytorch", "the bundle was made of ONNX graphs")
    missing = _without_torch()
    if missing is not None:
        return missing
    from edgeverify_export.pad import load_minifasnet  # noqa: PLC0415 - torch

    return TorchSession(load_minifasnet(fitting[0]))


def _without_torch() -> NotRun | None:
    try:
        from edgeverify_export.extra import require_torch  # noqa: PLC0415

        require_torch()
    except EdgeverifyError as error:
        return NotRun("pytorch", error.problem)
    return None

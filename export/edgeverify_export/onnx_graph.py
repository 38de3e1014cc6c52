"""PyTorch to ONNX: one graph, opset 17, that ONNX Runtime and TensorRT 8.5 to 11 take."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch

from edgeverify.errors import CheckpointError, ParityError
from edgeverify_export.canonical_graph import canonical
from edgeverify_export.sessions import OPSET, cosine_rows, run_graph, unit_rows

if TYPE_CHECKING:
    from torch import nn

    from edgeverify.feeding.preprocessing import Batch

INPUT, OUTPUT = "input", "embedding"
_MAX_DIFFERENCE = 1e-4
_PROBES = 4
_NOISES = 10


def export_graph(
    network: nn.Module, size: int, *, batch: int | None = None, depth: int = 3
) -> onnx.ModelProto:
    """Export to ONNX; `batch` None leaves the batch open, a number fixes it.

    `depth` is the number of channels that the network takes: 3, or 1 for grey.

    Batch norm is folded into the convolution before it, weights stand inside the file, names and
    order are our own, so that the same weights give the same bytes. ParityError where the graph
    answers otherwise than the network (L2-normalised, 1e-4), CheckpointError where the network
    cannot be traced.
    """
    network = network.eval()
    example = probe_batch(size, batch or 2, depth)
    dynamic = None if batch else {INPUT: {0: "batch"}, OUTPUT: {0: "batch"}}
    try:
        with _quiet(), torch.no_grad(), tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "traced.onnx"
            torch.onnx.export(
                network,
                (torch.from_numpy(example),),
                path,
                input_names=[INPUT],
                output_names=[OUTPUT],
                opset_version=OPSET,
                dynamic_axes=dynamic,
                do_constant_folding=True,
                # The tracing exporter: it folds batch norm and writes opset 17 itself, where the
                # newer one writes 18 and converts down.
                dynamo=False,
            )
            traced = path.read_bytes()
    except Exception as error:  # noqa: BLE001 - the user's own forward() may raise anything
        raise CheckpointError(
            f"the network cannot be exported to ONNX: {(str(error) or repr(error)).splitlines()[0]}"
        ) from None
    model = canonical(onnx.load_model_from_string(traced))
    require_equal(network, model, size, batch=batch, depth=depth)
    return model


def require_equal(
    network: nn.Module,
    model: onnx.ModelProto,
    size: int,
    *,
    batch: int | None = None,
    depth: int = 3,
) -> float:
    """Compare network and graph on made-up inputs; the largest difference, or ParityError."""
    inputs = probe_batch(size, batch or _PROBES, depth)
    wanted = run_network(network, inputs)
    found = run_graph(model.SerializeToString(), inputs)
    difference = float(np.abs(unit_rows(wanted) - unit_rows(found)).max())
    if not difference <= _MAX_DIFFERENCE and not difference <= _NOISES * own_noise(network, inputs):
        raise ParityError(
            f"the ONNX graph and the network give different answers: {difference:.2g} on "
            f"normalised outputs, at most {_MAX_DIFFERENCE:g} is allowed (cosine "
            f"{cosine_rows(wanted, found).min():.5f})",
            advice="The network may do something in forward() that cannot be traced.",
        )
    return difference


def own_noise(network: nn.Module, inputs: Batch) -> float:
    """Measure how far the network's own float32 rounding moves its normalised outputs.

    Found by running it in float64 too. A network with batch-norm channels of almost no variance
    multiplies rounding a thousandfold, and no graph can be nearer to it than it is to itself.
    0 where it cannot run in float64.
    """
    try:
        precise = copy.deepcopy(network).double()
        with torch.no_grad():
            answer = precise(torch.from_numpy(inputs.astype(np.float64))).numpy()
    except (RuntimeError, TypeError):
        return 0.0
    wanted = np.asarray(answer, dtype=np.float32)
    return float(np.abs(unit_rows(wanted) - unit_rows(run_network(network, inputs))).max())


def run_network(network: nn.Module, batch: Batch) -> Batch:
    """Return the output of the PyTorch network, float32 (b, d)."""
    with torch.no_grad():
        answer = network(torch.from_numpy(np.ascontiguousarray(batch)))
    if not isinstance(answer, torch.Tensor) or answer.ndim != 2 or len(answer) != len(batch):
        shape = tuple(answer.shape) if isinstance(answer, torch.Tensor) else type(answer).__name__
        raise CheckpointError(
            f"the network must answer with one tensor (batch, embedding size), not {shape}",
            advice="Wrap it in a module whose forward() returns the embedding alone.",
        )
    values: Batch = answer.numpy()
    return values


def probe_batch(size: int, count: int, depth: int = 3) -> Batch:
    """Smooth made-up inputs in the range of fed faces, float32 (count, depth, size, size)."""
    generator = np.random.default_rng(7)
    coarse = generator.normal(size=(count, depth, 8, 8)).astype(np.float32)
    smooth = torch.nn.functional.interpolate(
        torch.from_numpy(coarse), size=(size, size), mode="bilinear", align_corners=False
    )
    values: Batch = smooth.numpy()
    return values


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # The exporter speaks of its own deprecation and of every traced integer; what matters is
    # checked afterwards, by running the graph. Where it fails it prints whole graphs, some of
    # them from C++, so the two streams themselves are turned away.
    logging.disable(logging.WARNING)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for number, stream in zip((1, 2), kept, strict=True):
            os.dup2(stream, number)
            os.close(stream)
        os.close(nowhere)
        logging.disable(logging.NOTSET)

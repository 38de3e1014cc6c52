"""Make a graph simpler, as long as it stays the same function."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

import onnx

from edgeverify.errors import ParityError
from edgeverify_export.canonical_graph import canonical

if TYPE_CHECKING:
    from collections.abc import Callable


def simplified(
    model: onnx.ModelProto, require: Callable[[onnx.ModelProto], object]
) -> tuple[onnx.ModelProto, str]:
    """Simplify with onnxslim; give back the graph and a word on what happened.

    `require` raises ParityError where its argument no longer answers as the original does; then,
    and where onnxslim fails or is not installed, the original is kept.
    """
    try:
        import onnxslim  # noqa: PLC0415 - of the [export] extra; adopting a graph works without
    except ImportError:
        return model, "not simplified: onnxslim is not installed"
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(None):
            slim = canonical(onnxslim.slim(copy))
        require(slim)
    except ParityError:
        return model, "not simplified: onnxslim's graph gave other answers"
    except Exception as error:  # noqa: BLE001 - a foreign optimiser; the original is always there
        return model, f"not simplified: onnxslim failed ({type(error).__name__})"
    finally:
        logging.disable(logging.NOTSET)
    return slim, f"simplified: {len(model.graph.node)} to {len(slim.graph.node)} operators"

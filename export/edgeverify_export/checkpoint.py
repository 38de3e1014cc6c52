"""Read a checkpoint as data, never as a program: names and tensors, and nothing else."""

from __future__ import annotations

import argparse
import pickle
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path, PosixPath
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from edgeverify.bundle.canonical_json import sha256_of_file
from edgeverify.bundle.embedding_space import weights_sha256
from edgeverify.errors import CheckpointError
from edgeverify.models.graphs.dlib_resnet import state_of
from edgeverify.models.weights.dlib_weights import read_dlib_weights
from edgeverify_export.checkpoint_choice import Choice, bare_names, choose, listed, state_dicts
from edgeverify_export.file_kind import is_graph, refuse_folder, refuse_other_kinds

if TYPE_CHECKING:
    from edgeverify_export.networks.architecture import Weights


def read_dlib_state(path: Path) -> dict[str, torch.Tensor]:
    """Parse the file; CheckpointError where it is not that network."""
    state = state_of(read_dlib_weights(path.read_bytes()))
    return {name: torch.from_numpy(values.copy()) for name, values in state.items()}


_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")
_SCALAR, _ARRAY = np.float64(0).__reduce__()[0], np.zeros(1).__reduce__()[0]
_HARMLESS: list[Any] = [
    *(argparse.Namespace, Path, PosixPath, date, datetime, timedelta, timezone),
    *(np.dtype, np.ndarray, *(type(np.dtype(kind)) for kind in "?bhilqBHILQefdSU")),
    # NumPy moved its own modules in 2.0; files name either place.
    *((_SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
    *((_ARRAY, f"numpy.{core}.multiarray._reconstruct") for core in ("core", "_core")),
]
"""What training scripts put beside the weights, and what holds data only: options, paths, times,
and the best figure so far as NumPy's number."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Trained weights, float32 on the CPU, with the SHA-256 of the file they came from.

    `weights_sha256` is of the weights themselves (`edgeverify.bundle.embedding_space`), whatever
    file they lie in. `remarks` say what of the file was left aside.
    """

    path: Path
    sha256: str
    weights_sha256: str
    weights: Weights
    remarks: tuple[str, ...] = ()
    prefix: str = ""
    """What `--prefix` took off the names already."""

    def without(self, names: Sequence[str], why: str) -> Checkpoint:
        """Return the checkpoint without these tensors, and with a word on it."""
        left = {name: value for name, value in self.weights.items() if name not in set(names)}
        return replace(
            self,
            weights=left,
            weights_sha256=hash_of(left),
            remarks=(*self.remarks, f"{why}: {listed(list(names))}"),
        )


def read_checkpoint(path: Path, choice: Choice | None = None) -> Checkpoint:
    """Read PyTorch's files, safetensors or dlib's, whatever they are called.

    What a file is its content says. The weights may stand bare or under a key, with `module.`
    (DataParallel, SWA, EMA) or `_orig_mod.` (torch.compile) in their names; where a file holds
    several sets, `choice` says which. CheckpointError says what is wrong.
    """
    loaded, is_dlib = _read(path)
    chosen = choose(loaded, choice or Choice(), path)
    weights = _usable(chosen.weights, path)
    return Checkpoint(
        path=path,
        sha256=sha256_of_file(path),
        weights_sha256=weights_sha256(read_dlib_weights(path.read_bytes()).tensors)
        if is_dlib
        else hash_of(weights),
        weights=weights,
        remarks=chosen.remarks,
        prefix=(choice.prefix if choice else None) or "",
    )


def sets_in(path: Path) -> dict[str, tuple[str, ...]]:
    """List the sets of weights in a file: where each stands, and the names in it."""
    loaded, _ = _read(path)
    return {key: tuple(bare_names(each)) for key, each in state_dicts(loaded).items()}


def hash_of(weights: Weights) -> str:
    """Hash a state dict's tensors."""
    return weights_sha256({name: value.numpy() for name, value in weights.items()})


def _read(path: Path) -> tuple[object, bool]:
    """Read by content; whether it is dlib's file comes with it."""
    if path.is_dir():
        refuse_folder(path)
    if not path.is_file():
        raise CheckpointError(f"no such file: {path}", advice="Check the path.")
    if path.stat().st_size == 0:
        raise CheckpointError(f"{path} is empty (0 bytes)", advice="Copy or save it again.")
    with path.open("rb") as stream:
        head = stream.read(64)
    if is_graph(path, head):
        raise CheckpointError(f"{path} is an ONNX graph", advice="Take `edgeverify-export adopt`.")
    refuse_other_kinds(path, head)
    if head.startswith((b"PK", b"\x80")):
        return _read_pickle(path), False
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size:
        return _read_safetensors(path), False
    if path.suffix == ".safetensors":
        return _read_safetensors(path), False
    if path.suffix == ".dat":
        return read_dlib_state(path), True
    raise CheckpointError(
        f"{path} is not a checkpoint: it begins neither as PyTorch's nor as safetensors do",
        advice="Save model.state_dict() with torch.save, or as safetensors. A network of another "
        "framework becomes an ONNX graph there, for `edgeverify-export adopt`.",
    )


def _read_safetensors(path: Path) -> object:
    from safetensors import SafetensorError  # noqa: PLC0415 - only where such a file comes
    from safetensors.torch import load_file  # noqa: PLC0415

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is not a whole safetensors file: {_first(error)}",
            advice="Copy or download it again.",
        ) from None


def _read_pickle(path: Path) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with torch.serialization.safe_globals(_HARMLESS):
                return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        wanted = _GLOBAL.search(str(error))
        if wanted or "weights_only" in str(error) or "Unsupported" in str(error):
            name = f" ({wanted.group(1)})" if wanted else ""
            raise CheckpointError(
                f"{path} holds more than weights: its pickle wants to run code{name}; refused",
                advice="Save model.state_dict() instead of the model, or use safetensors.",
            ) from None
        raise CheckpointError(f"{path} is not a checkpoint of PyTorch: {_first(error)}") from None
    except (
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        AssertionError,
        UnicodeDecodeError,
    ) as error:
        raise CheckpointError(
            f"{path} cannot be read as a checkpoint: {_first(error)}",
            advice="It may be cut short: copy or save it again.",
        ) from None


def _first(error: BaseException) -> str:
    """Return the first sentence: PyTorch's go on about its insides and those who made them."""
    return (str(error) or type(error).__name__).splitlines()[0].partition(". ")[0][:160]


def _usable(weights: Mapping[str, object], path: Path) -> dict[str, torch.Tensor]:
    strangers = [key for key, value in weights.items() if not isinstance(value, torch.Tensor)]
    if strangers:
        raise CheckpointError(
            f"{path}: not tensors: {listed(strangers)}",
            advice="Save model.state_dict() alone.",
        )
    tensors = cast("Mapping[str, torch.Tensor]", weights)
    odd = [key for key, value in tensors.items() if not _is_plain(value)]
    if odd:
        raise CheckpointError(
            f"{path}: {listed(odd)} {'are' if len(odd) > 1 else 'is'} quantised, complex or "
            "without values",
            advice="Save the weights that were trained, as ordinary float tensors.",
        )
    plain = {key: value.detach().to_dense() for key, value in tensors.items()}
    whole = [key for key, value in plain.items() if value.dtype in {torch.int8, torch.uint8}]
    if whole and not any(value.is_floating_point() for value in plain.values()):
        raise CheckpointError(
            f"{path}: every tensor is of whole numbers, {whole[0]} among them",
            advice="Give the weights from before they were quantised; `edgeverify-export int8` "
            "quantises a bundle.",
        )
    spoilt = [
        key
        for key, value in plain.items()
        if value.is_floating_point() and not bool(torch.isfinite(value).all())
    ]
    if spoilt:
        raise CheckpointError(
            f"{path}: NaN or infinite values in {listed(spoilt)}",
            advice="The training diverged; use an earlier checkpoint.",
        )
    return {
        key: value.float() if value.is_floating_point() else value for key, value in plain.items()
    }


def _is_plain(value: torch.Tensor) -> bool:
    return not (value.is_quantized or value.is_complex() or value.is_meta)

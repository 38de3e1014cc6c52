"""Read a checkpoint as data, never as a program: names and tensors, and nothing else."""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch

from edgeverify.bundle.canonical_json import sha256_of_file
from edgeverify.bundle.weights_hash import weights_sha256
from edgeverify.errors import CheckpointError
from edgeverify.models.graphs.dlib_resnet import state_of
from edgeverify.models.weights.dlib_weights import read_dlib_weights

if TYPE_CHECKING:
    from edgeverify_export.networks.architecture import Weights


def read_dlib_state(path: Path) -> dict[str, torch.Tensor]:
    """Parse the file; CheckpointError where it is not that network."""
    state = state_of(read_dlib_weights(path.read_bytes()))
    return {name: torch.from_numpy(values.copy()) for name, values in state.items()}


WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Where training scripts put the weights beside optimiser and epoch."""

_PICKLE_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt")
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")
_LISTED = 8


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Trained weights, float32 on the CPU, with the SHA-256 of the file they came from.

    `weights_sha256` is of the weights themselves (`edgeverify.bundle.weights_hash`), whatever file
    they lie in.
    """

    path: Path
    sha256: str
    weights_sha256: str
    weights: Weights


def read_checkpoint(path: Path) -> Checkpoint:
    """Read `.pt`, `.pth`, `.safetensors` or dlib's `.dat`; CheckpointError says what is wrong.

    The weights may stand bare or under `state_dict`, `model` or `model_state_dict`, with
    `module.` (DataParallel) or `_orig_mod.` (torch.compile) in their names.
    """
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {path}", advice="Check the path.")
    if path.stat().st_size == 0:
        raise CheckpointError(f"{path} is empty (0 bytes)")
    if path.suffix == ".safetensors":
        loaded: object = _read_safetensors(path)
    elif path.suffix == ".dat":
        loaded = read_dlib_state(path)
    elif path.suffix in _PICKLE_SUFFIXES:
        loaded = _read_pickle(path)
    else:
        raise CheckpointError(
            f"{path.name} is not a kind of checkpoint that is read here",
            advice="Save the state dict as .pt, .pth or .safetensors.",
        )
    weights = _usable(_bare_names(_unwrap(loaded, path)), path)
    tensors = read_dlib_weights(path.read_bytes()).tensors if path.suffix == ".dat" else None
    return Checkpoint(
        path=path,
        sha256=sha256_of_file(path),
        weights_sha256=weights_sha256(tensors or {k: v.numpy() for k, v in weights.items()}),
        weights=weights,
    )


def _read_safetensors(path: Path) -> object:
    from safetensors import SafetensorError  # noqa: PLC0415 - only where such a file comes
    from safetensors.torch import load_file  # noqa: PLC0415

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} is not a whole safetensors file: {error}") from None


def _read_pickle(path: Path) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
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
            advice="It may be cut short, or a TorchScript archive; save model.state_dict().",
        ) from None


def _first(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:160]


def _unwrap(loaded: object, path: Path) -> Mapping[str, object]:
    for _ in range(3):
        if not isinstance(loaded, Mapping):
            break
        inner = next((loaded[k] for k in WRAPPERS if isinstance(loaded.get(k), Mapping)), None)
        if inner is None:
            if not loaded or not all(isinstance(key, str) for key in loaded):
                break
            return cast("Mapping[str, object]", loaded)
        loaded = inner
    raise CheckpointError(
        f"{path} holds no state dict (names with tensors), but a {type(loaded).__name__}",
        advice=f"Save model.state_dict(), bare or under one of {', '.join(WRAPPERS)}.",
    )


def _bare_names(weights: Mapping[str, object]) -> dict[str, object]:
    bare = {key.replace("_orig_mod.", ""): value for key, value in weights.items()}
    while bare and all(key.startswith("module.") for key in bare):
        bare = {key.removeprefix("module."): value for key, value in bare.items()}
    return bare


def _usable(weights: Mapping[str, object], path: Path) -> dict[str, torch.Tensor]:
    strangers = [key for key, value in weights.items() if not isinstance(value, torch.Tensor)]
    if strangers:
        raise CheckpointError(
            f"{path}: not tensors: {listed(strangers)}",
            advice="Save model.state_dict() alone.",
        )
    tensors = cast("Mapping[str, torch.Tensor]", weights)
    spoilt = [
        key
        for key, value in tensors.items()
        if value.is_floating_point() and not bool(torch.isfinite(value).all())
    ]
    if spoilt:
        raise CheckpointError(
            f"{path}: NaN or infinite values in {listed(spoilt)}",
            advice="The training diverged; use an earlier checkpoint.",
        )
    return {
        key: value.to_dense().float() if value.is_floating_point() else value
        for key, value in tensors.items()
    }


def listed(names: list[str]) -> str:
    """Name the first few and count the rest."""
    shown = ", ".join(names[:_LISTED])
    rest = len(names) - _LISTED
    return f"{shown} and {rest} more" if rest > 0 else shown

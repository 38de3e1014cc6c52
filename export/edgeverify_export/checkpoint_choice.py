"""Which of the tensors in a checkpoint file are the network's (pure).

Training scripts save optimiser, epoch, averaged copies and loss heads beside it, each in its own
way. What is not the network is left aside and said; where two sets could be meant, the owner says
which.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch

from edgeverify.errors import CheckpointError

_AVERAGED = re.compile(r"ema|swa|averag", re.IGNORECASE)
_ASIDE = re.compile(
    r"optim|sched|loss|criterion|metric|margin|arc_?face|cos_?face|center|scaler|callback|^head$|^w$",
    re.IGNORECASE,
)
"""Keys beside the model that hold a loss's or an optimiser's own tensors."""
_USUAL = ("state_dict", "model_state_dict", "model")
_COUNTERS = ("n_averaged", "initted", "step", "num_updates", "decay")
_AVERAGED_PART = re.compile(r"(^|_)(ema|swa|averaged?)(_|$)", re.IGNORECASE)
"""The first part of a name under which an averaged copy stands beside the network: ema-pytorch's
`ema_model.`, a callback's `ema.`."""
_DEPTH = 3
_LISTED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the owner says of a file: `--key`, `--prefix`, `--drop`, `--ema`.

    `key` is where the state dict stands, dots going inwards. `prefix` is taken off the names that
    begin with it, and all others are left aside. `drop` are patterns of names (`logits.*`). `ema`
    takes the averaged copy.
    """

    key: str | None = None
    prefix: str | None = None
    drop: tuple[str, ...] = ()
    ema: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """Names and tensors of the network, as far as names can tell, and what was left aside."""

    weights: Mapping[str, object]
    remarks: tuple[str, ...]


def choose(loaded: object, choice: Choice, path: Path) -> Chosen:
    """Take the network's tensors out of a file's content; CheckpointError where it is unclear."""
    sets = state_dicts(loaded)
    if not sets:
        raise CheckpointError(
            f"{path} {_instead(loaded)}",
            advice="Save model.state_dict(), bare or under a key such as state_dict.",
        )
    key = _key(sets, choice, path)
    remarks = [f"taken from {key!r} of {path.name}"] if key and len(sets) > 1 else []
    alone = [k for k, v in loaded.items() if isinstance(v, torch.Tensor)] if key else []  # type: ignore[attr-defined]
    aside = [*(name for name in sets if name != key), *alone]
    if aside:
        remarks.append(f"left aside in {path.name}: {listed(aside)}")
    if not any(isinstance(value, torch.Tensor) for value in sets[key].values()):
        raise CheckpointError(
            f"{path} {_instead(sets[key])}",
            advice="Save model.state_dict(), bare or under a key such as state_dict.",
        )
    weights = bare_names(sets[key])
    if choice.ema and not (_AVERAGED.search(key) or _is_averaged(weights)):
        raise CheckpointError(
            f"{path} holds no averaged copy (EMA or SWA)",
            advice=f"It has: {listed(_named(sets))}. Leave out --ema.",
        )
    weights = _averaged_of_one(weights, choice, path)
    weights = bare_names(_under(weights, choice.prefix, path, remarks))
    weights = _kept(weights, choice.drop, path, remarks)
    counters = [name for name in weights if name in _COUNTERS]
    return Chosen({n: v for n, v in weights.items() if n not in counters}, tuple(remarks))


def _instead(loaded: object) -> str:
    """Return what a file without weights holds."""
    if isinstance(loaded, Mapping):
        inner = loaded.get("optimizer", loaded)
        if isinstance(inner, Mapping) and "param_groups" in inner:
            return "holds an optimiser's state and no network's weights"
        if not loaded:
            return "is empty: there is no name in it"
        return f"holds no state dict (names with tensors): {listed([str(n) for n in loaded])}"
    article = "an" if type(loaded).__name__[0] in "aeiou" else "a"
    return f"holds no state dict (names with tensors), but {article} {type(loaded).__name__}"


def state_dicts(loaded: object) -> dict[str, Mapping[str, object]]:
    """Find every state dict in what a file holds, by where it stands; "" is the file itself."""
    found: dict[str, Mapping[str, object]] = {}
    _look(loaded, "", found)
    return found


def _look(loaded: object, key: str, found: dict[str, Mapping[str, object]]) -> None:
    if not isinstance(loaded, Mapping) or not loaded or key.count(".") >= _DEPTH:
        return
    if not all(isinstance(name, str) for name in loaded):
        return
    inner = {name: value for name, value in loaded.items() if isinstance(value, Mapping)}
    # A number kept as a tensor (a callback's best score) is no weight.
    tensors = [
        name for name, value in loaded.items() if isinstance(value, torch.Tensor) and value.ndim
    ]
    before = len(found)
    for name, value in inner.items():
        _look(value, f"{key}.{name}" if key else name, found)
    # A lone tensor beside a state dict is a loss's (ArcFace's W); a dict of anything else is not
    # judged here: `--key` or the file's own top level may name it.
    usual = not key or key.rpartition(".")[2] in _USUAL
    if len(found) == before and (tensors or usual) and not inner:
        found[key] = cast("Mapping[str, object]", loaded)


def _key(sets: Mapping[str, Mapping[str, object]], choice: Choice, path: Path) -> str:
    if choice.key is not None:
        if choice.key not in sets:
            raise CheckpointError(
                f"{path} has no state dict under {choice.key!r}",
                advice=f"It has: {listed(_named(sets))}.",
            )
        return choice.key
    models = [name for name in sets if not _ASIDE.search(name.rpartition(".")[2])] or list(sets)
    averaged = [name for name in models if _AVERAGED.search(name)]
    if choice.ema and averaged:
        models = averaged
    if len(models) == 1:
        return models[0]
    advice = f"Choose with --key {models[0]}"
    if averaged and not choice.ema:
        plain = [name for name in models if name not in averaged]
        advice = f"Choose: --ema (the averaged copy), or --key {plain[0] if plain else models[0]}"
    raise CheckpointError(
        f"{path} holds several sets of weights: {listed(models)}", advice=f"{advice}."
    )


def bare_names(weights: Mapping[str, object]) -> dict[str, object]:
    """Take off what wrappers put before every name: DataParallel, torch.compile, SWA and EMA."""
    bare = {key.replace("_orig_mod.", ""): value for key, value in weights.items()}
    while True:
        named = [key for key in bare if key not in _COUNTERS]
        if not named or not all(key.startswith("module.") for key in named):
            return bare
        bare = {
            key if key in _COUNTERS else key.removeprefix("module."): value
            for key, value in bare.items()
        }


def _is_averaged(weights: Mapping[str, object]) -> bool:
    return "n_averaged" in weights or bool(_averaged_part(weights))


def _averaged_part(weights: Mapping[str, object]) -> str:
    """Find the beginning of the names of an averaged copy ("ema_model."), or ""."""
    firsts = dict.fromkeys(name.partition(".")[0] for name in weights if "." in name)
    return next((f"{first}." for first in firsts if _AVERAGED_PART.search(first)), "")


def _named(sets: Mapping[str, object]) -> list[str]:
    return [name or "weights at its top" for name in sets]


def _averaged_of_one(weights: dict[str, object], choice: Choice, path: Path) -> dict[str, object]:
    """Return the network, or the averaged copy beside it, where one dict holds both."""
    averaged = _averaged_part(weights)
    if not averaged or choice.prefix is not None:
        return weights
    copy = bare_names(
        {k.removeprefix(averaged): v for k, v in weights.items() if k.startswith(averaged)}
    )
    if choice.ema:
        return copy
    wanted = {name for name in copy if name not in _COUNTERS}
    firsts = dict.fromkeys(name.partition(".")[0] + "." for name in weights if "." in name)
    for first in firsts:
        inner = {name.removeprefix(first) for name in weights if name.startswith(first)}
        if first != averaged and wanted <= inner:
            raise CheckpointError(
                f"{path} holds a network and its averaged copy: {first}, {averaged}",
                advice=f"Choose: --ema (the averaged copy), or --prefix {first}",
            )
    return weights


def _under(
    weights: dict[str, object], prefix: str | None, path: Path, remarks: list[str]
) -> dict[str, object]:
    if prefix is None:
        return weights
    taken = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
    if not taken:
        first = sorted({f"'{key.partition('.')[0]}.'" for key in weights})
        raise CheckpointError(
            f"{path}: no name begins with {prefix!r}", advice=f"They begin with {listed(first)}."
        )
    others = [key for key in weights if not key.startswith(prefix)]
    if others:
        remarks.append(f"left aside, not under {prefix!r}: {listed(others)}")
    return taken


def _kept(
    weights: dict[str, object], drop: Sequence[str], path: Path, remarks: list[str]
) -> dict[str, object]:
    for pattern in drop:
        matched = [key for key in weights if fnmatch.fnmatchcase(key, pattern)]
        if not matched:
            raise CheckpointError(
                f"{path}: --drop {pattern!r} matches no name",
                advice=f"Names are {listed(sorted(weights)[:4])}.",
            )
        remarks.append(f"dropped by {pattern!r}: {listed(matched)}")
        weights = {key: value for key, value in weights.items() if key not in set(matched)}
    return weights


def listed(names: Sequence[str]) -> str:
    """Name the first few, each on one line, and count the rest."""
    shown = ", ".join(name.replace("\n", "\\n") for name in names[:_LISTED])
    rest = len(names) - _LISTED
    return f"{shown} and {rest} more" if rest > 0 else shown

"""What a door would find on people who were not trained on, with the weights of the moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from edgeverify_export.statement import Resolved
from numpy.typing import NDArray
from torch import nn

from edgeverify.domain import RgbImage
from edgeverify.evaluation.statistics.rates import curve, fnmr, threshold_at_fmr
from edgeverify.feeding.preprocessing import feed
from edgeverify.feeding.statement import Mirror, Side
from edgeverify.runtime.embed import pool
from edgeverify_train.chance import draws
from edgeverify_train.errors import TrainingError
from edgeverify_train.pictures import BadPicture, as_on_a_card, read_chip, unreadable

Embeddings: TypeAlias = NDArray[np.float32]
_AT_ONCE = 32


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Figures on held-out people, over all pairs of their pictures.

    `fnmr` is at the recipe's FMR, at `threshold`; rates are 0 to 1.
    """

    fnmr: float
    threshold: float
    eer: float
    auc: float
    mated: int
    non_mated: int

    @property
    def key(self) -> tuple[float, float]:
        """What the best checkpoint has the lowest of: FNMR, then the equal error rate."""
        return self.fnmr, self.eer

    @property
    def figures(self) -> dict[str, float]:
        """The figures by name, for tables and curves."""
        return {
            "fnmr": self.fnmr,
            "threshold": self.threshold,
            "eer": self.eer,
            "auc": self.auc,
            "mated": self.mated,
            "non_mated": self.non_mated,
        }

    def __str__(self) -> str:
        return f"FNMR {100 * self.fnmr:.2f} %, EER {100 * self.eer:.2f} %"


class HeldOut:
    """Held-out people's pictures; `on_card`: as references they look like a card's photo."""

    def __init__(
        self,
        pictures: Sequence[Path],
        labels: Sequence[int],
        resolved: Resolved,
        *,
        fmr: float,
        on_card: bool,
        seed: int,
    ) -> None:
        self._pictures = tuple(pictures)
        self.labels: NDArray[np.int64] = np.asarray(labels, dtype=np.int64)
        self._resolved, self._fmr = resolved, fmr
        self._on_card, self._seed = on_card, seed
        upper = np.triu_indices(len(self.labels), k=1)
        self.mated_pairs = int((self.labels[upper[0]] == self.labels[upper[1]]).sum())
        self.non_mated_pairs = len(upper[0]) - self.mated_pairs

    @property
    def remark(self) -> str | None:
        """Return what the people cannot carry; None where they carry the figure."""
        needed = int(np.ceil(1 / self._fmr))
        if self.non_mated_pairs >= needed:
            return None
        return (
            f"{self.non_mated_pairs} non-mated pairs of held-out people cannot show an FMR of "
            f"{self._fmr:g}, which takes {needed}: the threshold stands above all of them"
        )

    def measure(self, network: nn.Module) -> Measured:
        """Embed all of them as the door does, and compare all pairs."""
        scores = self.scores(network)
        first, second = np.triu_indices(len(self.labels), k=1)
        values = scores[first, second].astype(np.float64)
        same = self.labels[first] == self.labels[second]
        mated, non_mated = values[same], values[~same]
        threshold = threshold_at_fmr(non_mated, self._fmr)
        trade_off = curve(mated, non_mated)
        return Measured(
            fnmr=fnmr(mated, threshold),
            threshold=threshold,
            eer=trade_off.eer,
            auc=trade_off.auc,
            mated=len(mated),
            non_mated=len(non_mated),
        )

    def scores(self, network: nn.Module) -> NDArray[np.float32]:
        """Score every picture as probe (rows) against every one as reference; higher is nearer."""
        resolved = self._resolved
        was_training = network.training
        network.eval()
        try:
            probes = self._embedded(network, resolved, "probe")
            same = not self._on_card and resolved.mirror != "reference"
            references = probes if same else self._embedded(network, resolved, "reference")
        finally:
            network.train(was_training)
        if resolved.metric == "cosine":
            return np.asarray(probes @ references.T)
        squares = (probes**2).sum(1)[:, None] + (references**2).sum(1)[None, :]
        return np.asarray(-np.sqrt(np.maximum(squares - 2 * probes @ references.T, 0)))

    def _embedded(self, network: nn.Module, resolved: Resolved, side: Side) -> Embeddings:
        rows = []
        for start in range(0, len(self._pictures), _AT_ONCE):
            chips = [
                self._chip(index, resolved.feeding.size, side)
                for index in range(start, min(start + _AT_ONCE, len(self._pictures)))
            ]
            rows.append(embed(network, chips, resolved, side))
        return np.concatenate(rows)

    def _chip(self, index: int, size: int, side: Side) -> RgbImage:
        chip = read_chip(self._pictures[index], size)
        if isinstance(chip, BadPicture):
            raise unreadable(chip)
        if self._on_card and side == "reference":
            return as_on_a_card(chip, draws(self._seed, "card", index))
        return chip


def embed(
    network: nn.Module, chips: Sequence[RgbImage], resolved: Resolved, side: Side
) -> Embeddings:
    """Embed chips as the door does for that side: fed, mirrored, added, normalised; (n, d)."""
    mirror = is_mirrored(resolved.mirror, side)
    batch = np.concatenate([feed(chip, resolved.feeding, mirror=mirror) for chip in chips])
    device = next(network.parameters()).device
    with torch.no_grad():
        raw = network(torch.from_numpy(batch).to(device)).float().cpu().numpy()
    if not np.isfinite(raw).all():
        raise TrainingError(
            "the network answers with NaN or infinite numbers on held-out people",
            advice="Lower optimiser.learning_rate, or set training.clip_norm.",
        )
    each = 2 if mirror else 1
    return np.stack(
        [
            pool(raw[start : start + each], normalise=resolved.normalise)
            for start in range(0, len(raw), each)
        ]
    )


def is_mirrored(mirror: Mirror, side: Side) -> bool:
    """Return whether a face's mirror image is added on that side, as a manifest says it."""
    return mirror == "both" or (mirror == "reference" and side == "reference")

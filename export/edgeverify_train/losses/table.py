"""From a recipe's `loss:` to a module: pytorch-metric-learning's wherever it has it.

Triplet: Schroff et al., 2015 (arXiv 1503.03832). Contrastive: Hadsell et al., 2006. ArcFace: Deng
et al., 2019 (1801.07698); CosFace: Wang et al., 2018 (1801.09414); sub-centres: Deng et al., 2020.
"""

from __future__ import annotations

import math
from typing import Any

from pytorch_metric_learning import distances, losses, miners
from torch import Tensor, nn

from edgeverify_train.errors import TrainingError
from edgeverify_train.losses import modules
from edgeverify_train.recipe.loss import LossSettings

MARGINS = {
    "triplet": 0.2,
    "contrastive": 1.0,
    "arcface": 0.5,
    "cosface": 0.35,
    "sub-centre-arcface": 0.5,
    "adaface": 0.4,
}


class TrainingLoss(nn.Module):
    """The loss of a recipe, with the weights that it owns (people's centres, a head)."""

    def __init__(self, settings: LossSettings, people: int, embedding_size: int) -> None:
        super().__init__()
        self.settings = settings
        margin = settings.margin if settings.margin is not None else MARGINS.get(settings.kind, 0)
        self.inner: Any = None
        self.miner: Any = None
        if settings.kind == "triplet":
            self.inner = losses.TripletMarginLoss(
                margin=margin, swap=settings.swap, distance=_distance(settings)
            )
            self.miner = _miner(settings, margin)
        elif settings.kind == "contrastive":
            self.inner = modules.PairDistances(settings.distance)
            self.miner = _miner(settings, margin)
        elif settings.kind == "bce":
            self.inner = modules.SigmoidOverDistance(settings.distance)
        elif settings.kind == "adaface":
            self.inner = modules.AdaFace(
                people,
                embedding_size,
                margin=margin,
                scale=settings.scale,
                concentration=settings.concentration,
            )
        elif settings.kind != "distil":
            self.inner = _over_people(settings, margin, people, embedding_size)
        self.margin = margin

    def forward(self, embeddings: Tensor, targets: modules.Targets) -> Tensor:
        """Return the loss of raw embeddings, float32 (b, d)."""
        kind = self.settings.kind
        loss: Tensor
        if kind == "distil":
            if targets.teacher is None:
                raise TrainingError("distillation was given no teacher's embeddings")
            return modules.cosine_to_teacher(embeddings, targets.teacher)
        if kind == "contrastive":
            return self._contrastive(embeddings, targets)
        if kind == "bce":
            loss = self.inner(embeddings, targets.labels, paired=targets.paired)
        elif kind == "adaface" or self.miner is None:
            loss = self.inner(embeddings, targets.labels)
        else:
            loss = self.inner(embeddings, targets.labels, self.miner(embeddings, targets.labels))
        return loss

    def _contrastive(self, embeddings: Tensor, targets: modules.Targets) -> Tensor:
        """Hadsell's: the square of a mated distance, the square of what a non-mated one lacks."""
        distances_, mated = self.inner(embeddings, targets.labels, paired=targets.paired)
        each = distances_.pow(2).where(mated, (self.margin - distances_).clamp(min=0).pow(2))
        if self.settings.mining == "hard":
            # What a mated pair has beyond the nearest non-mated, and the other way round.
            near, far = distances_[~mated], distances_[mated]
            if len(near) and len(far):
                each = each[
                    (mated & (distances_ > near.min())) | (~mated & (distances_ < far.max()))
                ]
        elif self.settings.mining == "semi-hard":
            each = each[mated | (distances_ < self.margin)]
        kept: Tensor = each.mean() if len(each) else distances_.sum() * 0
        return kept


def _distance(settings: LossSettings) -> Any:
    if settings.distance == "cosine":
        return distances.CosineSimilarity()
    return distances.LpDistance(normalize_embeddings=False, p=2)


def _miner(settings: LossSettings, margin: float) -> Any:
    if settings.kind != "triplet" or settings.mining == "none":
        return None
    if settings.mining == "hard":
        return miners.BatchHardMiner(distance=_distance(settings))
    return miners.TripletMarginMiner(
        margin=margin, type_of_triplets="semihard", distance=_distance(settings)
    )


def _over_people(settings: LossSettings, margin: float, people: int, size: int) -> Any:
    if settings.kind == "cosface":
        return losses.CosFaceLoss(people, size, margin=margin, scale=settings.scale)
    degrees = math.degrees(margin)
    if settings.kind == "arcface":
        return losses.ArcFaceLoss(people, size, margin=degrees, scale=settings.scale)
    return losses.SubCenterArcFaceLoss(
        num_classes=people,
        embedding_size=size,
        margin=degrees,
        scale=settings.scale,
        sub_centers=settings.sub_centres,
    )

"""The networks of the product's catalogue: their description is the product's own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgeverify.models.graphs import dlib_resnet as dlib
from edgeverify.models.graphs import minifasnet as fas
from edgeverify.models.graphs import mobilefacenet as mobile
from edgeverify.models.weights.dlib_weights import EMBEDDING_SIZE
from edgeverify_export.networks.architecture import rows
from edgeverify_export.networks.described import DescribedNetwork

if TYPE_CHECKING:
    from torch import nn

    from edgeverify_export.networks.architecture import Weights


def mobilefacenet(weights: Weights) -> nn.Module:
    """Build with the embedding size that `conv3.weight` shows."""
    size = rows(weights, "conv3.weight", mobile.EMBEDDING_SIZE)
    describe = partial(mobile.describe_mobilefacenet, embedding_size=size)
    return DescribedNetwork(describe, weights, mobile.FEEDING.size)


def dlib_resnet(weights: Weights) -> nn.Module:
    """Build with the embedding size that `fc.weight` shows."""
    size = rows(weights, "fc.weight", EMBEDDING_SIZE)
    describe = partial(dlib.describe_dlib_resnet, embedding_size=size)
    return DescribedNetwork(describe, weights, dlib.FEEDING.size)


def minifasnet(weights: Weights) -> nn.Module:
    """Build with the widths that the weights show; KeyError names one that is not there."""
    return DescribedNetwork(fas.describe_minifasnet, weights, fas.FEEDING.size)

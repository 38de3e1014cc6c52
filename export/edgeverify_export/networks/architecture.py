"""What the table of networks says about each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from edgeverify.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from edgeverify.feeding.statement import Channels, Mirror, Numbers

Weights: TypeAlias = "Mapping[str, Tensor]"
"""A state dict: parameter name to tensor."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Statistics of the ImageNet training set, RGB, pixels divided by 255; torchvision's and timm's."""

CAFFE_BGR_MEAN = (103.939, 116.779, 123.68)
"""Mean pixel of the original VGG networks (Simonyan and Zisserman, 2014), BGR, 0 to 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """How pixels become numbers: `(pixel * scale - mean) / std`, in channel order."""

    channels: Channels
    scale: float
    mean: Numbers
    std: Numbers


IMAGENET = Statistics(channels="rgb", scale=1 / 255, mean=IMAGENET_MEAN, std=IMAGENET_STD)
CAFFE_BGR = Statistics(channels="bgr", scale=1.0, mean=CAFFE_BGR_MEAN, std=(1.0, 1.0, 1.0))
SIGNED_UNIT = Statistics(channels="rgb", scale=1 / 255, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
"""-1 to 1."""
UNIT = Statistics(channels="rgb", scale=1 / 255, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
"""0 to 1."""
RAW = Statistics(channels="rgb", scale=1.0, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
"""0 to 255."""
NAMED_STATISTICS: Mapping[str, Statistics] = {
    "imagenet": IMAGENET,
    "caffe-bgr": CAFFE_BGR,
    "signed-unit": SIGNED_UNIT,
    "unit": UNIT,
    "raw": RAW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """One row of the table: the network and how it was fed when it was trained.

    `build` makes the network with the embedding size that the weights show. `template` is None
    where only the owner can say how the training faces were aligned.
    """

    name: str
    description: str
    build: Callable[[Weights], nn.Module]
    size: int
    statistics: Statistics
    template: str | None
    metric: Literal["cosine", "euclidean"]
    mirror: Mirror = "both"
    normalise: bool = True
    published_threshold: float | None = None
    embedding_layer: str | None = None
    """The weight whose rows are the embedding's values."""
    trunk: str = ""
    """Before every name of the network. A file of the published network alone has names without."""


IMAGENET_CLASSES = (1000, 1001, 11221, 21841, 21843)
"""Numbers of classes that published classifiers tell apart."""


def require_embedding(outputs: int, what: str) -> None:
    """Refuse a published ImageNet classifier in an embedding's place; CheckpointError.

    `what` begins the sentence: the file, or a layer of it.
    """
    if outputs in IMAGENET_CLASSES:
        raise CheckpointError(
            f"{what} has {outputs} outputs: that is ImageNet's classifier, not an embedding",
            advice="Train an embedding on people first, or give a checkpoint of one.",
        )


def rows(weights: Weights, key: str, otherwise: int) -> int:
    """Read the embedding size off a layer's weight; `otherwise` where the layer is not there.

    A network can then always be built and compared, so that everything that is missing is listed.
    """
    tensor = weights.get(key)
    return otherwise if tensor is None or tensor.ndim == 0 else int(tensor.shape[0])

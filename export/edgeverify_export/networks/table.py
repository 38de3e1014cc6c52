"""The table of networks that `--arch` names; it is read without PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

from edgeverify.models.graphs.dlib_resnet import FEEDING
from edgeverify_export.networks.architecture import (
    IMAGENET,
    SIGNED_UNIT,
    Architecture,
    Statistics,
)

if TYPE_CHECKING:
    from torch import nn

    from edgeverify_export.networks.architecture import Weights

DLIB_STATISTICS = Statistics(
    channels=FEEDING.channels, scale=FEEDING.scale, mean=FEEDING.mean, std=FEEDING.std
)
"""`(pixel - (122.782, 117.001, 104.298)) / 256`: dlib's `input_rgb_image_sized`."""

FACENET_STATISTICS = Statistics(
    channels="rgb", scale=1 / 128, mean=(127.5 / 128,) * 3, std=(1.0, 1.0, 1.0)
)
"""`(pixel - 127.5) / 128`: facenet-pytorch's fixed_image_standardization."""

GREY_UNIT = Statistics(channels="grey", scale=1 / 255, mean=(0.0,), std=(1.0,))
"""One channel of luma, 0 to 1."""


def _made_by(module: str, name: str) -> Callable[[Weights], nn.Module]:
    """Return a function that imports PyTorch when it is first called, seconds later."""

    def build(weights: Weights) -> nn.Module:
        made = getattr(import_module(f"edgeverify_export.networks.{module}"), name)
        return cast("nn.Module", made(weights))

    return build


ARCHITECTURES: Mapping[str, Architecture] = {
    row.name: row
    for row in (
        Architecture(
            name="siamese-efficientnetv2-b0",
            description="tf_efficientnetv2_b0 under backbone., Linear(1280, n) under embedder.",
            build=_made_by("efficientnet", "siamese_b0"),
            size=224,
            statistics=IMAGENET,
            template=None,
            metric="cosine",
            embedding_layer="embedder.weight",
        ),
        Architecture(
            name="arcface-efficientnetv2-b0",
            description="tf_efficientnetv2_b0 under trunk., classifier is Linear(1280, n)",
            build=_made_by("efficientnet", "arcface_b0"),
            size=224,
            statistics=IMAGENET,
            template="face01-224",
            metric="cosine",
            published_threshold=0.4,
            embedding_layer="trunk.classifier.weight",
            trunk="trunk.",
        ),
        Architecture(
            name="arcface-efficientnetv2-s",
            description="tf_efficientnetv2_s under trunk., classifier is Linear(1280, n)",
            build=_made_by("efficientnet", "arcface_s"),
            size=224,
            statistics=IMAGENET,
            template="face01-224",
            metric="cosine",
            embedding_layer="trunk.classifier.weight",
            trunk="trunk.",
        ),
        Architecture(
            name="siamese-efficientnetv2-s",
            description="torchvision efficientnet_v2_s under backbone., Linear(1000, n) under fc.",
            build=_made_by("efficientnet", "siamese_s"),
            size=224,
            statistics=IMAGENET,
            template=None,
            metric="cosine",
            embedding_layer="fc.weight",
        ),
        Architecture(
            name="siamese-vgg19",
            description="VGG19 features., global average pool, Linear(512, n) under embedder.",
            build=_made_by("vgg19", "siamese_vgg19"),
            size=224,
            statistics=IMAGENET,
            template=None,
            metric="euclidean",
            normalise=False,
            mirror="none",
        ),
        Architecture(
            name="dense-grey-28",
            description="a small dense network on grey 28x28 (hidden., embedder.), to learn on",
            build=_made_by("dense", "dense_grey_28"),
            size=28,
            statistics=GREY_UNIT,
            template=None,
            metric="euclidean",
            normalise=False,
            mirror="none",
            embedding_layer="embedder.weight",
        ),
        Architecture(
            name="mobilefacenet",
            description="MobileFaceNet, published key names (conv1, dw_conv, features, gdconv)",
            build=_made_by("catalogue", "mobilefacenet"),
            size=112,
            statistics=IMAGENET,
            template="arcface-112",
            metric="cosine",
        ),
        Architecture(
            name="inception-resnet-v1",
            description="FaceNet's Inception-ResNet v1, names as in facenet-pytorch",
            build=_made_by("inception_resnet", "inception_resnet_v1"),
            size=160,
            statistics=FACENET_STATISTICS,
            template="mtcnn-160",
            metric="cosine",
            embedding_layer="last_linear.weight",
        ),
        Architecture(
            name="iresnet50",
            description="ArcFace's improved ResNet of 50 layers, names as in arcface_torch",
            build=_made_by("iresnet", "iresnet50"),
            size=112,
            statistics=SIGNED_UNIT,
            template="arcface-112",
            metric="cosine",
            embedding_layer="fc.weight",
        ),
        Architecture(
            name="dlib-resnet",
            description="dlib_face_recognition_resnet_model_v1.dat",
            build=_made_by("catalogue", "dlib_resnet"),
            size=150,
            statistics=DLIB_STATISTICS,
            template="dlib-150",
            metric="cosine",
        ),
    )
}

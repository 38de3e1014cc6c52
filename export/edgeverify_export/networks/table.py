"""The table of networks that `--arch` names."""

from __future__ import annotations

from collections.abc import Mapping

from edgeverify.models.graphs.dlib_resnet import FEEDING
from edgeverify_export.networks.architecture import (
    IMAGENET,
    Architecture,
    Statistics,
)
from edgeverify_export.networks.catalogue import dlib_resnet, mobilefacenet
from edgeverify_export.networks.efficientnet import arcface_b0, siamese_b0, siamese_s
from edgeverify_export.networks.vgg19 import siamese_vgg19

DLIB_STATISTICS = Statistics(
    channels=FEEDING.channels, scale=FEEDING.scale, mean=FEEDING.mean, std=FEEDING.std
)
"""`(pixel - (122.782, 117.001, 104.298)) / 256`: dlib's `input_rgb_image_sized`."""

ARCHITECTURES: Mapping[str, Architecture] = {
    row.name: row
    for row in (
        Architecture(
            name="siamese-efficientnetv2-b0",
            description="tf_efficientnetv2_b0 under backbone., Linear(1280, n) under embedder.",
            build=siamese_b0,
            size=224,
            statistics=IMAGENET,
            template=None,
            metric="cosine",
        ),
        Architecture(
            name="arcface-efficientnetv2-b0",
            description="tf_efficientnetv2_b0 under trunk., classifier is Linear(1280, n)",
            build=arcface_b0,
            size=224,
            statistics=IMAGENET,
            template="face01-224",
            metric="cosine",
            published_threshold=0.4,
        ),
        Architecture(
            name="siamese-efficientnetv2-s",
            description="torchvision efficientnet_v2_s under backbone., Linear(1000, n) under fc.",
            build=siamese_s,
            size=224,
            statistics=IMAGENET,
            template=None,
            metric="cosine",
        ),
        Architecture(
            name="siamese-vgg19",
            description="VGG19 features., global average pool, Linear(512, n) under embedder.",
            build=siamese_vgg19,
            size=224,
            statistics=IMAGENET,
            template=None,
            metric="euclidean",
            normalise=False,
            mirror="none",
        ),
        Architecture(
            name="mobilefacenet",
            description="MobileFaceNet, published key names (conv1, dw_conv, features, gdconv)",
            build=mobilefacenet,
            size=112,
            statistics=IMAGENET,
            template="arcface-112",
            metric="cosine",
        ),
        Architecture(
            name="dlib-resnet",
            description="dlib_face_recognition_resnet_model_v1.dat",
            build=dlib_resnet,
            size=150,
            statistics=DLIB_STATISTICS,
            template="dlib-150",
            metric="cosine",
        ),
    )
}

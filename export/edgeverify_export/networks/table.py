"""The table of networks that `--arch` names."""

from __future__ import annotations

from collections.abc import Mapping

from edgeverify.models.graphs.dlib_resnet import FEEDING
from edgeverify_export.networks.architecture import IMAGENET, SIGNED_UNIT, Architecture, Statistics
from edgeverify_export.networks.catalogue import dlib_resnet, mobilefacenet
from edgeverify_export.networks.dense import dense_grey_28
from edgeverify_export.networks.efficientnet import arcface_b0, arcface_s, siamese_b0, siamese_s
from edgeverify_export.networks.inception_resnet import inception_resnet_v1
from edgeverify_export.networks.iresnet import iresnet50
from edgeverify_export.networks.vgg19 import siamese_vgg19

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
            embedding_layer="embedder.weight",
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
            embedding_layer="trunk.classifier.weight",
        ),
        Architecture(
            name="arcface-efficientnetv2-s",
            description="tf_efficientnetv2_s under trunk., classifier is Linear(1280, n)",
            build=arcface_s,
            size=224,
            statistics=IMAGENET,
            template="face01-224",
            metric="cosine",
            embedding_layer="trunk.classifier.weight",
        ),
        Architecture(
            name="siamese-efficientnetv2-s",
            description="torchvision efficientnet_v2_s under backbone., Linear(1000, n) under fc.",
            build=siamese_s,
            size=224,
            statistics=IMAGENET,
            template=None,
            metric="cosine",
            embedding_layer="fc.weight",
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
            name="dense-grey-28",
            description="a small dense network on grey 28x28 (hidden., embedder.), to learn on",
            build=dense_grey_28,
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
            build=mobilefacenet,
            size=112,
            statistics=IMAGENET,
            template="arcface-112",
            metric="cosine",
        ),
        Architecture(
            name="inception-resnet-v1",
            description="FaceNet's Inception-ResNet v1, names as in facenet-pytorch",
            build=inception_resnet_v1,
            size=160,
            statistics=FACENET_STATISTICS,
            template="mtcnn-160",
            metric="cosine",
            embedding_layer="last_linear.weight",
        ),
        Architecture(
            name="iresnet50",
            description="ArcFace's improved ResNet of 50 layers, names as in arcface_torch",
            build=iresnet50,
            size=112,
            statistics=SIGNED_UNIT,
            template="arcface-112",
            metric="cosine",
            embedding_layer="fc.weight",
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

"""The alignment templates that this release knows by name.

Changing any number of a template is a new version of it, because every embedding made with it
changes; a crop that is still wanted gets a name of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeverify.errors import BundleError
from edgeverify.feeding.template_kinds import (
    BoxTemplate,
    LevelBoxTemplate,
    PointTemplate,
    Template,
    WholePictureTemplate,
)

# dlib's mean positions of its five landmarks, image left eye first: outer and inner corner of
# both eyes, nose base (dlib, image_transforms/interpolation.h, get_face_chip_details).
_DLIB_PLACES = (
    (0.1205750620789, 0.2137274526848),
    (0.3340850613712, 0.2290642403242),
    (0.6460604764104, 0.2289674387677),
    (0.8595674595992, 0.2134981538014),
    (0.4901123135679, 0.6277975316475),
)
_DLIB_POINTS = ((33,), (133,), (362,), (263,), (2,))
"""The mesh's points for dlib's five landmarks: both corners of each eye, and the base of the nose.

On 109 LFW faces chips cut by these lie beside those cut by dlib's own landmarks: scale 0.985,
centre off by 0.6 of 224 pixels, turned by 0.7 degrees, each the median (docs/export.md).
"""
# Eye centres, tip of the nose, corners of the mouth.
FIVE_POINTS = ((33, 133, 159, 145), (263, 362, 386, 374), (1,), (61,), (291,))
# The five points that ArcFace (arXiv 1801.07698) and its successors train on, 112x112.
_ARCFACE_PLACES = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
# Those of Intel's face-reidentification-retail-0095 (Open Model Zoo), as shares of the side.
_INTEL_PLACES = (
    (0.31557, 0.46157),
    (0.68262, 0.46157),
    (0.50026, 0.64051),
    (0.34947, 0.82469),
    (0.65344, 0.82469),
)


def dlib_chip(name: str, size: int, padding: float, *, version: int = 1) -> PointTemplate:
    """Make the template of dlib's `get_face_chip(size, padding)` from five landmarks.

    dlib brings the landmarks to their mean places by a similarity; the mean shape's unit square
    fills the chip but for `padding`, a share of that square, on each side.
    """
    return PointTemplate(
        name=name,
        version=version,
        size=size,
        groups=_DLIB_POINTS,
        places=tuple(
            ((x + padding) / (1 + 2 * padding), (y + padding) / (1 + 2 * padding))
            for x, y in _DLIB_PLACES
        ),
    )


def five_points(
    name: str, size: int, places: Sequence[tuple[float, float]], *, version: int = 1
) -> PointTemplate:
    """Make a template of eye centres, nose tip and mouth corners; `places` are in pixels."""
    return PointTemplate(
        name=name,
        version=version,
        size=size,
        groups=FIVE_POINTS,
        places=tuple((x / size, y / size) for x, y in places),
    )


_MTCNN_FOREHEAD = 0.10
"""MTCNN's box reaches a tenth of the mesh's height above the mesh, which ends below the hair; its
other sides are the mesh's. Medians on 109 LFW faces: -0.01, 0.10, -0.02, -0.02, spread 0.03.
"""

KnownTemplate = PointTemplate | LevelBoxTemplate | BoxTemplate | WholePictureTemplate

TEMPLATES: dict[str, KnownTemplate] = {
    template.name: template
    for template in (
        dlib_chip("dlib-150", 150, 0.25),
        five_points("arcface-112", 112, _ARCFACE_PLACES),
        # FACE01 cuts its chips, those for training too, with get_face_chip(size=224, padding=0.1).
        dlib_chip("face01-224", 224, 0.1, version=2),
        five_points("intel-128", 128, [(x * 128, y * 128) for x, y in _INTEL_PLACES]),
        # What version 1 of face01-224 was: 1.45 times less magnified than FACE01's chips.
        LevelBoxTemplate(name="mesh-box-224", version=1, size=224, level=(33, 263), padding=0.1),
        BoxTemplate(
            name="mtcnn-160", size=160, margins=(0.0, _MTCNN_FOREHEAD, 0.0, 0.0), aspect="stretch"
        ),
        WholePictureTemplate(name="whole-picture", size=224, aspect="stretch"),
    )
}

_SINCE_CHANGED = {
    ("face01-224", 1): "Version 1 was not FACE01's crop. Make the bundle again with this release "
    "and enrol again; a network that was trained on that crop takes --template mesh-box-224."
}


def template_named(name: str) -> Template:
    """Find a template; BundleError, listing those that exist, where there is none of that name."""
    try:
        return TEMPLATES[name]
    except KeyError:
        known = ", ".join(TEMPLATES)
        raise BundleError(
            f"unknown alignment template {name!r}",
            advice=f"This release knows {known}; any other travels in the bundle's manifest "
            "(`edgeverify-export onnx --template FILE`).",
        ) from None


def advice_on_version(name: str, version: int) -> str:
    """Return what to do with a bundle that was made for that version of a template."""
    usual = "Make the bundle again with this release and enrol again."
    return _SINCE_CHANGED.get((name, version), usual)

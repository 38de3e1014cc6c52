"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

BundleFolder = Annotated[Path, typer.Argument(help="The bundle's folder.", show_default=False)]
OutputFolder = Annotated[
    Path, typer.Option("--output", "-o", help="Folder of the new bundle.", show_default=False)
]
Name = Annotated[str | None, typer.Option(help="The bundle's name; default: the folder's.")]
Licence = Annotated[str, typer.Option(help="Licence of the weights, for the manifest.")]
Half = Annotated[bool, typer.Option("--fp16/--no-fp16", help="Make the FP16 graph.")]
Size = Annotated[int | None, typer.Option(help="Input side in pixels.", min=16, max=1024)]
StatisticsName = Annotated[
    str | None,
    typer.Option("--statistics", help="imagenet, caffe-bgr, signed-unit (-1..1), unit, raw."),
]
Channels = Annotated[
    Literal["rgb", "bgr", "grey"] | None,
    typer.Option(help="Order of the colour channels, or grey: one channel."),
]
ColourChannels = Annotated[
    Literal["rgb", "bgr"] | None, typer.Option(help="Order of the colour channels.")
]
Scale = Annotated[float | None, typer.Option(help="Factor on pixels 0..255, before mean and std.")]
Mean = Annotated[
    str | None, typer.Option(help="Three numbers with commas, in channel order; one for grey.")
]
Std = Annotated[
    str | None, typer.Option(help="Three numbers with commas, in channel order; one for grey.")
]
ResizeRule = Annotated[
    Literal["area", "linear"], typer.Option(help="How frames are scaled down to the chip.")
]
TemplateName = Annotated[
    str | None,
    typer.Option(
        "--template",
        help="Alignment: dlib-150, arcface-112, face01-224, intel-128, mtcnn-160, "
        "mesh-box-224, whole-picture, or a FILE that states it.",
    ),
]
Metric = Annotated[
    Literal["cosine", "euclidean"] | None, typer.Option(help="How embeddings are compared.")
]
Mirror = Annotated[
    Literal["both", "reference", "none"] | None,
    typer.Option(help="Which side also gets the face's mirror image: both, reference, none."),
]
Normalise = Annotated[
    bool | None, typer.Option("--normalise/--no-normalise", help="Bring embeddings to length 1.")
]
Aligned = Annotated[
    bool, typer.Option("--aligned", help="The pictures are chips already: look for no face.")
]
Key = Annotated[
    str | None,
    typer.Option(help="Where the weights are in the checkpoint: state_dict, model.net ..."),
]
Prefix = Annotated[
    str | None,
    typer.Option(
        help="Take only names that begin with this, and cut it off: model. (with the dot)."
    ),
]
Drop = Annotated[
    list[str] | None, typer.Option(help="Leave out names of this pattern: 'logits.*'; repeatable.")
]
Ema = Annotated[bool, typer.Option("--ema", help="Take the averaged copy (EMA, SWA).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Images = Annotated[
    Path, typer.Option(help="Folder of photos of faces; with --pairs, of NAME/NAME_0001.jpg.")
]
Pairs = Annotated[Path | None, typer.Option(help="Pair list in LFW's format.")]
Threshold = Annotated[float | None, typer.Option(help="Where decisions are counted as flipped.")]
NoFlips = Annotated[
    bool, typer.Option("--no-flips", help="Pass without pairs: flipped decisions are not counted.")
]
Limit = Annotated[int, typer.Option(help="Without --pairs: at most this many photos.", min=1)]

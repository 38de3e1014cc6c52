"""`edgeverify average-face`: is the alignment good? One picture says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.extras import needs_extra

SHOWN = 10


@plain_errors
@needs_extra("evaluate")
def average_face(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Photos, also in folders below.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The picture.")] = Path(
        "average-face.png"
    ),
    bundle: Annotated[
        str, typer.Option(help="Whose alignment: a model's name, or a bundle folder.")
    ] = "sface",
    face: Annotated[
        str, typer.Option(help="Which face of a photo: largest, central or dominant.")
    ] = "largest",
    limit: Annotated[int, typer.Option(min=1, help="At most this many photos.")] = 1_000_000,
) -> None:
    """Draw the mean of all faces in DIR as the model's alignment puts them.

    Sharp eyes in the mean show that alignment works, blurred ones that it does not. Beside it
    is the mean without alignment. Needs no embedding, so it is quick.

    Example: edgeverify average-face staff-photos --bundle mobilefacenet -o mean.png
    """
    import os

    from edgeverify.bundle.fusion import load_embedder
    from edgeverify.errors import EvaluationError
    from edgeverify.evaluation.images import average_face as measuring
    from edgeverify.evaluation.pictures.average_face import draw_average
    from edgeverify.evaluation.pictures.picture_file import require_picture_path, write_picture
    from edgeverify.models.build import resolve_bundle
    from edgeverify.models.folders import models_directory
    from edgeverify.progress import counted_bar, download_bar
    from edgeverify.settings import VisionSettings
    from edgeverify.verifier.pipeline import open_face_finder
    from edgeverify.vision.dominance import FaceSelection

    if face not in {each.value for each in FaceSelection}:
        raise EvaluationError(f"--face {face}: choose largest, central or dominant")
    require_picture_path(output)
    images = measuring.images_below(folder)[:limit]
    models, settings = models_directory(os.environ), VisionSettings()
    with download_bar() as progress:
        place = resolve_bundle(bundle, models, folder=Path.cwd(), progress=progress)
        embedder = load_embedder(place)
        finder = open_face_finder(models, settings, progress=progress)
    try:
        with counted_bar("faces") as moved:
            average = measuring.average_face(
                _counted(images, moved),
                embedder.parts[0].manifest,
                detector=finder.detector,
                mesher=finder.mesher,
                selection=FaceSelection(face),
                ratio=settings.dominance_ratio,
            )
    finally:
        finder.close()
    write_picture(output, draw_average(average))
    for line in average.left_out[:SHOWN]:
        complain(f"left out: {line}")
    if len(average.left_out) > SHOWN:
        complain(f"left out: {len(average.left_out) - SHOWN} more")
    say(
        f"mean of {average.faces} of {len(images)} photos, aligned as {average.template}; "
        f"{average.sharpness:.1f} times the detail of faces that are only cut out"
    )
    say(f"picture: {output}")


def _counted(images: Sequence[Path], moved: Callable[[int, int, str], None]) -> Iterator[Path]:
    for number, path in enumerate(images):
        moved(number, len(images), path.name)
        yield path

"""The picture of `edgeverify average-face`: without and with alignment, side by side."""

from __future__ import annotations

import io

from edgeverify.evaluation.images.average_face import AverageFace
from edgeverify.evaluation.pictures.fonts import give_glyphs


def draw_average(average: AverageFace) -> bytes:
    """Return a PNG."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy

    figure = Figure(figsize=(8.4, 4.9), layout="constrained")
    panels = figure.subplots(1, 2)
    for panel, title, picture in (
        (panels[0], "only cut out (for comparison)", average.boxes),
        (panels[1], f"aligned: {average.template}", average.aligned),
    ):
        panel.imshow(picture)
        panel.set_title(title, fontsize=10)
        panel.set_axis_off()
    figure.suptitle(
        f"mean of {average.faces} faces; {average.sharpness:.1f} times the detail by alignment",
        fontsize=11,
    )
    target = io.BytesIO()
    give_glyphs(figure)
    figure.savefig(target, format="png", dpi=100)
    return target.getvalue()

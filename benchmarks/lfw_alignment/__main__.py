"""What each choice between frame and chip costs or wins on LFW: rows for docs/accuracy.md.

    python -m benchmarks.lfw_alignment --onnx ../shared/models/MobileFaceNet.onnx \
        --feeding mobilefacenet --lfw ../shared/testdata

Prints, for the tuning folds (1, 2) and the reporting folds (3, 4), accuracy at the threshold
chosen on the *other* two folds, and FNMR at FMR 1e-3 and 1e-4, whose thresholds come from all
non-mated image pairs of the folds' people. Then, over the listed pairs of all four folds alone,
as most figures on LFW are published: accuracy, each fold at the threshold of the others, and
FNMR at FMR 1e-3. A picture without a face is an error in accuracy and a non-match in FNMR. No
gates.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from rich.progress import track

from benchmarks.lfw_alignment.chips import FEEDINGS, cut
from benchmarks.lfw_alignment.faces import find_meshes, read_image
from benchmarks.lfw_alignment.figures import Array, Row
from benchmarks.lfw_alignment.rows import Experiment, finding_rows, template_rows
from edgeverify.domain import Points
from edgeverify.evaluation.images.pairs import read_pairs
from edgeverify.feeding.preprocessing import feed
from edgeverify.feeding.statement import Feeding

Network = Callable[[Array], Array]


def main() -> None:
    """Run the rows and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--feeding", choices=sorted(FEEDINGS), required=True)
    parser.add_argument("--lfw", type=Path, default=Path("../shared/testdata"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/lfw"))
    parser.add_argument("--rows", default="", help="only rows whose name holds this")
    arguments = parser.parse_args()
    feeding, template = FEEDINGS[arguments.feeding]
    pairs = read_pairs(arguments.lfw / "annotations" / "lfw_pairs_share.txt")
    names = sorted(
        {Path(key.path(Path())) for pair in pairs for key in (pair.probe, pair.reference)}
    )
    at = {name: index for index, name in enumerate(names)}
    first = np.array([at[pair.probe.path(Path())] for pair in pairs])
    second = np.array([at[pair.reference.path(Path())] for pair in pairs])
    tuning = {*first[: len(pairs) // 2].tolist(), *second[: len(pairs) // 2].tolist()}
    people = np.array([name.parts[0] for name in names])
    is_tuning = np.isin(np.arange(len(names)), sorted(tuning))
    images = [arguments.lfw / "lfw" / "lfw-deepfunneled" / name for name in names]
    network = _load(arguments.onnx)
    print(f"{len(images)} images, {len(pairs)} pairs; {arguments.feeding}")
    print(
        "| row | no face | 1-2: acc | FNMR@1e-3 | @1e-4 | 3-4: acc | FNMR@1e-3 | @1e-4 "
        "| listed, 1-4: acc | FNMR@1e-3 |"
    )
    print("| --- " * 10 + "|")
    rows = finding_rows(template)
    meshes = find_meshes(images, rows[0].finding, arguments.cache)
    rows += template_rows(template, [meshes[index] for index in sorted(tuning)])
    for experiment in rows:
        if arguments.rows not in experiment.name:
            continue
        meshes = find_meshes(images, experiment.finding, arguments.cache)
        raw = _embed(images, meshes, experiment, network, feeding)
        row = Row(
            people=people,
            embeddings=experiment.after(raw, is_tuning, people),
            first=first,
            second=second,
            pairs=pairs,
        )
        tuned, reported, listed = (
            row.figures((0, 1), (2, 3)),
            row.figures((2, 3), (0, 1)),
            row.listed(),
        )
        values = [
            *(
                figure
                for each in (tuned, reported)
                for figure in (each.accuracy, each.fnmr_3, each.fnmr_4)
            ),
            listed.accuracy,
            listed.fnmr_3,
        ]
        missing = sum(mesh is None for mesh in meshes)
        print(f"| {experiment.name} | {missing} | {' | '.join(f'{v:.2%}' for v in values)} |")
        sys.stdout.flush()


def _load(onnx: Path) -> Network:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(onnx), options, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    fixed = entry.shape[0] == 1

    def network(batch: Array) -> Array:
        parts = [batch[index : index + 1] for index in range(len(batch))] if fixed else [batch]
        return np.concatenate([session.run(None, {entry.name: part})[0] for part in parts])

    return network


def _embed(
    images: Sequence[Path],
    meshes: Sequence[Points | None],
    experiment: Experiment,
    network: Network,
    feeding: Feeding,
) -> Array:
    """Embed every picture: float32 (n, d) of length 1; NaN where there was no face."""
    found: list[Array | None] = []
    for path, mesh in zip(track(images, description=experiment.name[:40]), meshes, strict=True):
        if mesh is None:
            found.append(None)
            continue
        rgb = read_image(path)
        chips = [cut(rgb, mesh, chip, feeding.size) for chip in experiment.chips]
        batch = np.concatenate([feed(chip, feeding, mirror=experiment.mirror) for chip in chips])
        raw = network(batch).sum(axis=0)
        found.append(raw / np.linalg.norm(raw))
    size = next(values.shape[0] for values in found if values is not None)
    empty = np.full(size, np.nan, np.float32)
    return np.stack([empty if values is None else values for values in found])


if __name__ == "__main__":
    main()

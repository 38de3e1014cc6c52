"""How long an evaluation of many images takes once they are embedded: synthetic people.

    python benchmarks/evaluate_scale.py --images 10000

10,000 images are 50 million comparisons: all figures with their bounds over people, gates off.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import numpy as np

from edgeverify.evaluation.images.all_scores import Faces, compare_all_images
from edgeverify.evaluation.images.figures import RATES, figures
from edgeverify.evaluation.images.walk_up import walk_up


def main() -> int:
    """Measure and print; exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--size", type=int, default=128)
    arguments = parser.parse_args()

    generator = np.random.default_rng(1)
    person = np.sort(generator.integers(0, arguments.people, arguments.images))
    identity = generator.normal(0, 1, (arguments.people, arguments.size)).astype(np.float32)
    values = identity[person] + generator.normal(0, 0.7, (arguments.images, arguments.size))
    values = (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)
    everyone = np.ones(arguments.images, np.bool_)
    faces = Faces(
        values=values,
        references=values,
        person=person,
        people=arguments.people,
        is_reference=everyone,
        is_probe=everyone,
    )

    begun = time.perf_counter()
    scores = compare_all_images(faces)
    compared = time.perf_counter()
    found = figures(scores, threshold=0.4, generator=generator)
    bounded = time.perf_counter()
    walk_up(scores, RATES)
    ended = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{arguments.images:,} images of {arguments.people:,} people: {found.mated:,} mated and "
        f"{found.non_mated:,} non-mated comparisons\n"
        f"compare and sort {compared - begun:.1f} s, figures, bounds {bounded - compared:.1f} s, "
        f"1:N {ended - bounded:.1f} s, in all {ended - begun:.1f} s; peak memory {peak:.0f} MiB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

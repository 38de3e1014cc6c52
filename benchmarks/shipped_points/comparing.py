"""Whether points that were made again say what is shipped, on another machine too.

One machine makes the same scores each time. Another processor runs other kernels (ONNX Runtime's,
LiteRT's, and the matrix product of numpy's BLAS), which add in another order: scores then differ
in their seventh digit, and one that stands at the border of two steps of 0.0001 is counted in the
next. So what is compared is what a door could notice: thresholds within one step, and each list of
scores with no score further off than the step beside its own. Everything else must be equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from benchmarks.shipped_points.evidence import STEP, KeptEvidence, KeptFile, Tail
from edgeverify.bundle.measured_point import MeasuredPoint
from edgeverify.how_many import how_many

STEPS = 1
"""How many steps of 0.0001 a score, and so a threshold, may stand off."""

_COUNTED = {
    "date",
    "threshold",
    "false_matches",
    "fmr_upper_95",
    "fnmr",
    "check",
    "groups",
}
"""What follows from the threshold and the scores, which are compared by themselves."""


def points_differ(shipped: Sequence[MeasuredPoint], made: Sequence[MeasuredPoint]) -> Iterator[str]:
    """Yield in words where points that were made again are not those that are shipped."""
    for before, now in zip_longest(shipped, made):
        if before is None or now is None:
            yield f"{len(shipped)} points are shipped, and {len(made)} were made"
            return
        named = f"{now.fmr:g} ({now.fusion}, {how_many(now.photos, 'photo')}, {now.origin})"
        if before.model_dump(exclude=_COUNTED) != now.model_dump(exclude=_COUNTED):
            yield f"{named}: another rate, set of people or number of comparisons"
        elif abs(before.threshold - now.threshold) > STEPS * STEP * 1.01:
            yield f"{named}: threshold {now.threshold:.4f}, shipped {before.threshold:.4f}"


def evidence_differs(shipped: KeptFile, made: KeptFile) -> Iterator[str]:
    """Yield in words which scores are not those that are kept, within the steps beside theirs."""
    if (shipped.model, shipped.embedding_space) != (made.model, made.embedding_space):
        yield f"evidence of {made.model}, {made.embedding_space[:12]}: another model is kept"
        return
    if set(shipped.several) != set(made.several):
        yield "references of other numbers of photos are kept"
        return
    kinds = [("single", shipped.single, made.single), ("means", shipped.mean, made.mean)]
    kinds += [
        (f"{photos} photos", shipped.several[photos], made.several[photos])
        for photos in sorted(made.several)
    ]
    for kind, before, now in kinds:
        for one, other in zip(before, now, strict=True):
            for said in _of_people(one, other):
                yield f"{kind}, {other.dataset}: {said}"


def moved(shipped: Tail, made: Tail) -> int:
    """Return how many scores are counted in another step; 0 where the lists are equal."""
    before, now = dict(shipped.scores), dict(made.scores)
    least = max(shipped.start, made.start)
    steps = {step for step in (*before, *now) if step >= least}
    return sum(abs(before.get(step, 0) - now.get(step, 0)) for step in steps) // 2


def _of_people(shipped: KeptEvidence, made: KeptEvidence) -> Iterator[str]:
    lists = ("non_mated", "mated", "groups")
    if shipped.model_dump(exclude=set(lists)) != made.model_dump(exclude=set(lists)):
        yield "other people"
    for name, before, now in (
        ("non-mated", shipped.non_mated, made.non_mated),
        ("mated", shipped.mated, made.mated),
    ):
        yield from _lists(name, before, now)
    groups = [[(one.name, one.people, one.pairs_of_people) for one in each.groups]
              for each in (shipped, made)]  # fmt: skip
    if groups[0] != groups[1]:
        yield "other groups of people"
        return
    for one, other in zip(shipped.groups, made.groups, strict=True):
        yield from _lists(f"within {other.name}", one.non_mated, other.non_mated)


def _lists(name: str, shipped: Tail, made: Tail) -> Iterator[str]:
    """Compare two lists of one length by rank: the n-th highest of each must be near."""
    if shipped.count != made.count:
        yield f"{name}: {made.count:,} comparisons, {shipped.count:,} are kept"
        return
    before, now = _falling(shipped), _falling(made)
    # What one list keeps and the other counts as below its start may stand at the border.
    least = max(shipped.start, made.start) + STEPS
    for rank, (one, other) in enumerate(zip_longest(before, now, fillvalue=least), start=1):
        if max(one, other) < least:
            return
        if abs(one - other) > STEPS:
            yield (
                f"{name}: the {rank:,}. highest score is {other * STEP:.4f}, kept is "
                f"{one * STEP:.4f}"
            )
            return


def _falling(tail: Tail) -> Iterator[int]:
    for step, count in reversed(tail.scores):
        for _ in range(count):
            yield step

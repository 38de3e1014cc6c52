"""A check in words, as JSON, and as a picture of the worst."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sized
from pathlib import Path

from edgeverify.atomic_file import PRIVATE_FOLDER, write_whole
from edgeverify.evaluation.as_json import plain
from edgeverify.evaluation.images.acquire import Problem
from edgeverify.how_many import how_many
from edgeverify_train.checking.check import Checked
from edgeverify_train.checking.findings import SamePicture
from edgeverify_train.gallery import PairShown, Side, write_gallery

_SHOWN = 10


def lines(found: Checked) -> Iterator[str]:
    """Yield the check for people, what must be mended first."""
    has = found.amount
    yield (
        f"{how_many(has.people, 'person', 'people')}, {how_many(has.pictures, 'picture')} "
        f"({has.fewest} to {has.most} of each, "
        f"median {has.median:g}); possible pairs: {has.mated:,} mated, {has.non_mated:,} non-mated"
    )
    yield has.verdict
    yield from _leaks(found)
    across = [one for one in found.same_pictures if len(one.people) > 1]
    within = [one for one in found.same_pictures if len(one.people) == 1]
    yield from _listed(
        f"{_many(across, 'picture')} under several people",
        [" = ".join(_named(found, index) for index in one.pictures) for one in across],
    )
    yield from _listed(
        f"{_many(within, 'picture')} more than once under one person",
        [" = ".join(_named(found, index) for index in one.pictures) for one in within],
    )
    judged = found.thresholds
    yield from _listed(
        f"{_many(found.same_people, 'pair')} of people may be one person under two names (score at "
        f"least {judged.strict:.3f}; of {has.non_mated:,} pairs of pictures "
        f"{has.non_mated * judged.strict_fmr:.2g} do by chance)",
        [
            f"{_named(found, one.first)} and {_named(found, one.second)}: {one.score:.3f}"
            f"{f', {one.pairs} such pairs' if one.pairs > 1 else ''}"
            for one in found.same_people
        ],
    )
    yield from _listed(
        f"{_many(found.strangers, 'picture')} that may be of somebody else (score with their "
        f"own folder below {judged.loose:.3f})",
        [
            f"{_named(found, one.picture)}: {one.own_score:.3f} at best with its own"
            + (
                ""
                if one.rather is None
                else f", {one.rather_score:.3f} with {_named(found, one.rather)}"
            )
            for one in found.strangers
        ],
    )
    yield from _listed(
        f"people with too few pictures: {len(found.few)}",
        [f"{name}: {count}" for name, count in sorted(found.few.items())],
    )
    yield from _listed(
        f"{_many(found.unseen, 'picture')} that could not be judged",
        [f"{one.path.parent.name}/{one.path.name}: {_reason(one)}" for one in found.unseen],
    )
    if found.must_mend:
        yield f"To be mended before a training: {'; '.join(found.must_mend)}."


def _many(things: Sized, word: str) -> str:
    return f"{len(things):,} {word}{'' if len(things) == 1 else 's'}"


def _reason(one: Problem) -> str:
    """Return it without the path in front; a gate's name is one word of several."""
    words = one.problem.removeprefix(f"{one.path}: ")
    return words if " " in words else words.replace("_", " ")


def _leaks(found: Checked) -> Iterator[str]:
    for path, looked in found.compared.items():
        yield (
            f"compared with {path} by name"
            + (", by picture" if path.is_dir() else "")
            + (
                "; not by face: give the folder of its pictures"
                if looked is None
                else f", and by face: {looked.own:,} with {looked.theirs:,}"
            )
        )
    for path, names in found.leaked.items():
        yield from _listed(f"people who are in the evaluation {path}: {len(names)}", list(names))
    for path, pictures in found.leaked_pictures.items():
        yield from _listed(
            f"{_many(pictures, 'picture')} that are in the evaluation {path}",
            [f"{each.parent.name}/{each.name}" for each in pictures],
        )
    for path, faces in found.leaked_faces.items():
        yield from _listed(
            f"{_many(faces, 'pair')} of people who may be one, here and in the evaluation {path}, "
            f"under two names (score at least {found.thresholds.strict:.3f})",
            [
                f"{_place(one.own)} and {_place(one.theirs)}: {one.score:.3f}"
                f"{f', {one.pairs} such pairs' if one.pairs > 1 else ''}"
                for one in faces
            ],
        )


def _place(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _listed(heading: str, entries: list[str]) -> Iterator[str]:
    if not entries:
        return
    yield f"{heading}:"
    yield from (f"  {entry}" for entry in entries[:_SHOWN])
    if len(entries) > _SHOWN:
        yield f"  and {len(entries) - _SHOWN} more"


def _named(found: Checked, index: int) -> str:
    path = found.paths[index]
    return f"{found.names[found.person[index]]}/{path.name}"


def as_json(found: Checked) -> str:
    """Return the whole check, every picture by its place, as JSON."""

    def place(index: int) -> str:
        return _named(found, index)

    content = {
        "amount": plain(found.amount),
        "verdict": found.amount.verdict,
        "must_mend": list(found.must_mend),
        "same_pictures": [
            {
                "pictures": [place(i) for i in one.pictures],
                "people": [found.names[number] for number in one.people],
            }
            for one in found.same_pictures
        ],
        "same_people": [
            {
                "first": place(one.first),
                "second": place(one.second),
                "score": round(one.score, 4),
                "pairs": one.pairs,
            }
            for one in found.same_people
        ],
        "strangers": [
            {
                "picture": place(one.picture),
                "own_score": round(one.own_score, 4),
                "rather": None if one.rather is None else place(one.rather),
                "rather_score": None if one.rather is None else round(one.rather_score, 4),
            }
            for one in found.strangers
        ],
        "too_few": dict(found.few),
        "not_judged": [{"picture": str(one.path), "problem": one.problem} for one in found.unseen],
        "pictures_sha256": found.pictures_sha256,
        "compared": {
            str(path): {
                "own_faces": looked.own if looked else 0,
                "their_faces": looked.theirs if looked else None,
            }
            for path, looked in found.compared.items()
        },
        "leaked_people": {str(path): list(names) for path, names in found.leaked.items()},
        "leaked_pictures": {
            str(path): [str(each) for each in pictures]
            for path, pictures in found.leaked_pictures.items()
        },
        "leaked_faces": {
            str(path): [
                {
                    "own": str(one.own),
                    "theirs": str(one.theirs),
                    "score": round(one.score, 4),
                    "pairs": one.pairs,
                }
                for one in faces
            ]
            for path, faces in found.leaked_faces.items()
        },
        "thresholds": plain(found.thresholds),
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def write_check(found: Checked, folder: Path) -> tuple[Path, Path]:
    """Write `check.json` and `worst.png`; returns their paths."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    words, picture = folder / "check.json", folder / "worst.png"
    write_whole(words, (as_json(found) + "\n").encode("utf-8", "backslashreplace"))
    write_gallery(picture, _worst(found), "the worst: labels that may be wrong")
    return words, picture


def _of_another(found: Checked, one: SamePicture) -> int:
    first = found.person[one.pictures[0]]
    return next(index for index in one.pictures if found.person[index] != first)


def _worst(found: Checked) -> list[PairShown]:
    def side(index: int) -> Side:
        return Side(path=found.paths[index], words=_named(found, index))

    across = [one for one in found.same_pictures if len(one.people) > 1]
    pairs = [
        PairShown(
            first=side(one.pictures[0]),
            second=side(_of_another(found, one)),
            words="one picture, two people",
        )
        for one in across
    ]  # fmt: skip
    pairs += [
        PairShown(
            first=side(one.picture),
            second=side(one.own if one.rather is None else one.rather),
            words=f"unlike its own folder ({one.own_score:.3f} at best)"
            if one.rather is None
            else f"rather this one: {one.rather_score:.3f}, own {one.own_score:.3f}",
        )
        for one in found.strangers
    ]
    pairs += [
        PairShown(
            first=side(one.first),
            second=side(one.second),
            words=f"two names, one person? {one.score:.3f}",
        )
        for one in found.same_people
    ]
    pairs += [
        PairShown(
            first=Side(path=one.own, words=_place(one.own)),
            second=Side(path=one.theirs, words=_place(one.theirs)),
            words=f"in the evaluation too? {one.score:.3f}",
        )
        for faces in found.leaked_faces.values()
        for one in faces
    ]
    once = {frozenset((pair.first.path, pair.second.path)): pair for pair in reversed(pairs)}
    return list(reversed(once.values()))

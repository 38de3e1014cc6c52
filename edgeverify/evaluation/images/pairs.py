"""Pair lists in LFW's format: a header, then mated and non-mated lines by fold.

`NAME N1 N2` is a mated pair, `NAME1 N1 NAME2 N2` a non-mated one; the header is the number of
folds and of pairs on either side of a fold, or that number alone for one fold.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeverify.errors import EvaluationError


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageKey:
    """One image: a person's name and its number."""

    person: str
    number: int

    def path(self, images: Path) -> Path:
        """Return where the image lies, as LFW names its files."""
        return images / self.person / f"{self.person}_{self.number:04d}.jpg"

    def find(self, images: Path) -> Path | None:
        """Return where it lies, as JPEG or PNG, or None."""
        usual = self.path(images)
        for suffix in (".jpg", ".jpeg", ".png"):
            if (path := usual.with_suffix(suffix)).is_file():
                return path
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two images to compare."""

    probe: ImageKey
    reference: ImageKey
    fold: int
    line: int

    @property
    def is_mated(self) -> bool:
        """True when both images show one person."""
        return self.probe.person == self.reference.person


def _number(text: str, where: str) -> int:
    if not text.isdecimal():
        raise EvaluationError(f"{where}: {text!r} is not an image number")
    return int(text)


def read_pairs(path: Path) -> tuple[Pair, ...]:
    """Read a pair list. Raises EvaluationError naming the line that does not fit.

    The picture named first is the enrolment photo, the other one the live picture, as everywhere
    that pictures are compared with later ones.
    """
    try:
        # Editors on Windows begin a text with a mark, which is no part of the first number.
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise EvaluationError(
            f"cannot read the pairs file {path}: {error.strerror}", advice="Check the path."
        ) from None
    except UnicodeDecodeError:
        raise EvaluationError(
            f"cannot read the pairs file {path}: it is not text in UTF-8",
            advice="Give a pair list in LFW's format.",
        ) from None
    header = lines[0].split() if lines else []
    if len(header) not in {1, 2} or not all(word.isdecimal() for word in header):
        raise EvaluationError(
            f"{path}:1: expected the number of folds and of pairs on either side of a fold"
        )
    per_fold = 2 * int(header[-1])
    pairs: list[Pair] = []
    for index, line in enumerate(lines[1:], start=2):
        words = line.split()
        if not words:
            continue
        where = f"{path}:{index}"
        if len(words) == 3:
            reference = ImageKey(person=words[0], number=_number(words[1], where))
            probe = ImageKey(person=words[0], number=_number(words[2], where))
        elif len(words) == 4:
            reference = ImageKey(person=words[0], number=_number(words[1], where))
            probe = ImageKey(person=words[2], number=_number(words[3], where))
        else:
            raise EvaluationError(f"{where}: expected 3 or 4 words, found {len(words)}")
        fold = len(pairs) // per_fold if per_fold else 0
        pairs.append(Pair(probe=probe, reference=reference, fold=fold, line=index))
    if not pairs:
        raise EvaluationError(f"{path} names no pair")
    return tuple(pairs)

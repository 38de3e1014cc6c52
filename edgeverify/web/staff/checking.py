"""What `check-config` would say of a draft, at the field of the form that it is about."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgeverify.config import load_config
from edgeverify.config.problems import ConfigProblemsError, KeyPath, Problem, spell
from edgeverify.errors import StateError

FIELDS = (
    "card",
    "name",
    "photos",
    "valid_from",
    "valid_until",
    "doors",
    "time_zone",
    "windows",
    "language",
)
STAFF = "the staff file"
"""How the draft is called in messages."""
OTHER = ""
"""Under it stands what belongs to no field."""


@dataclass(slots=True)
class Messages:
    """Sentences by field: `problems` keep the draft from being saved, `warnings` do not.

    `down` is why the door does not answer.
    """

    problems: dict[str, list[str]] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    down: StateError | None = None

    def add_problem(self, name: str, text: str) -> None:
        """Add a sentence."""
        self.problems.setdefault(name, []).append(ended(text))

    def add_warning(self, name: str, text: str) -> None:
        """Add a sentence."""
        self.warnings.setdefault(name, []).append(ended(text))


def check_draft(config: Path, text: str, mine: int, into: Messages) -> None:
    """Read the whole config with `text` as its staff file; sort what is wrong by field.

    `mine` is the number in `staff` of the entry that the form is about; -1: none is.
    """
    with tempfile.TemporaryDirectory(prefix="edgeverify-") as folder:
        trial = Path(folder) / STAFF
        trial.write_text(text, encoding="utf-8")
        try:
            load_config(config, staff_from=trial)
        except ConfigProblemsError as error:
            for problem in error.problems:
                field_name, said = _placed(problem, mine, trial)
                into.add_problem(field_name, _in_words(said.replace(f"{folder}/", "")))


def tell_trial(answer: Mapping[str, object], shown: Mapping[str, str], into: Messages) -> None:
    """Sort what the trial of an entry said; `shown` has the user's names of trial photos."""
    for kind, add in (("problems", into.add_problem), ("warnings", into.add_warning)):
        lines = answer.get(kind)
        for line in lines if isinstance(lines, Sequence) else ():
            text = str(line)
            for name, own in shown.items():
                text = text.replace(name, own)
            add("photos", text)


def _placed(problem: Problem, mine: int, trial: Path) -> tuple[str, str]:
    key: KeyPath = problem.key
    if key[:2] == ("staff", mine):
        names = [part for part in key[2:] if isinstance(part, str)]
        found = next((name for name in reversed(names) if name in FIELDS), "")
        if found:
            return found, _capital(problem.text)
        if "hours" in names:
            return "time_zone" if "time zone" in problem.text else "windows", _capital(problem.text)
        for name in FIELDS:
            if problem.text.removeprefix("Value error, ").startswith(name):
                return name, _capital(problem.text)
        return OTHER, _capital(problem.text)
    where = f"{spell(key)}: " if key else ""
    place = "" if problem.file == trial else f"{problem.file.name}:{problem.line}: "
    return OTHER, f"{place}{where}{problem.text}"


def _in_words(text: str) -> str:
    """Return text that says a place in the staff file as people do."""
    return re.sub(rf"{STAFF}:(\d+)", rf"line \1 of {STAFF}", text)


def ended(text: str) -> str:
    """Return the sentence with its end; a file's name at its beginning stays as it is."""
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _capital(text: str) -> str:
    text = text.removeprefix("Value error, ")
    return text[:1].upper() + text[1:]

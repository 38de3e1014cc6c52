"""What stops a training, in sentences for people."""

from __future__ import annotations

from typing import ClassVar

from edgeverify.errors import EdgeverifyError


class TrainingError(EdgeverifyError):
    """The training cannot go on: no number for a loss, no memory or disk left, a bad picture."""

    exit_code: ClassVar[int] = 1


class StoppedError(EdgeverifyError):
    """Somebody stopped it by a signal; a checkpoint of that moment is written."""

    exit_code: ClassVar[int] = 143

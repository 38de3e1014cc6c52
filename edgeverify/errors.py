"""What can go wrong, in sentences for people.

Every error that a user can cause is an `EdgeverifyError`: one line that says what is wrong and
where, and `advice` that says what to do. The command line prints both and exits with `exit_code`;
nothing here ever shows a traceback.
"""

from __future__ import annotations

import errno
import os
from typing import ClassVar

EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""A process that meets these can open nothing: it says nothing about the file."""
EXHAUSTED_ADVICE = (
    "Allow more open files (`ulimit -n 1024`, or LimitNOFILE= of the service), or free memory."
)


class EdgeverifyError(Exception):
    """Something a person can put right."""

    exit_code: ClassVar[int] = 2

    def __init__(self, problem: str, *, advice: str = "") -> None:
        self.problem = problem
        self.advice = advice
        super().__init__(problem if not advice else f"{problem}. {advice}")


class ConfigError(EdgeverifyError):
    """The YAML, or a file it names, cannot be used; the service must not start with it."""

    exit_code: ClassVar[int] = os.EX_CONFIG


class BundleError(EdgeverifyError):
    """A model bundle is absent, altered, unsigned, or gives other answers than it states."""

    exit_code: ClassVar[int] = os.EX_CONFIG


class RuntimeUnavailableError(EdgeverifyError):
    """The named inference back end cannot run here."""


class ImageError(EdgeverifyError):
    """A photo cannot be read within its limits."""


class FaceNotUsableError(EdgeverifyError):
    """An image holds no face that can be enrolled or compared (failure to acquire or enrol)."""


class ReferenceUnusableError(EdgeverifyError):
    """A stored reference belongs to another model, or cannot be decrypted."""


class KeyUnusableError(EdgeverifyError):
    """A key is absent, readable by others, or not a key."""

    exit_code: ClassVar[int] = os.EX_CONFIG


class StateError(EdgeverifyError):
    """The state directory is in use, from a newer release, or owned by somebody else."""


class JournalUnavailableError(EdgeverifyError):
    """The journal cannot commit; nothing may be granted."""


class CameraError(EdgeverifyError):
    """The camera cannot be opened or gives no usable frames."""


class BrokerError(EdgeverifyError):
    """The MQTT broker cannot be reached, or refuses this client."""


class BrokerSetupError(EdgeverifyError):
    """A broker for doors cannot be set up here, or what was set up was changed since."""


class ClaimError(EdgeverifyError):
    """A claim is malformed, oversized, retained, replayed or stale."""


class EventError(EdgeverifyError):
    """An event is malformed, unsigned, expired, replayed, or meant for another door."""


class CommandRefusedError(EdgeverifyError):
    """An operator's command is not obeyed: unsigned, expired, replayed, for another door ...

    `name` says which check failed, in one word for programs; `command_id` is its own, or empty.
    """

    def __init__(self, name: str, detail: str, command_id: str = "") -> None:
        super().__init__(f"{name}: {detail}")
        self.name, self.detail, self.command_id = name, detail, command_id


class CheckpointError(EdgeverifyError):
    """A trained checkpoint does not fit the network it is said to be."""


class ParityError(EdgeverifyError):
    """Two forms of one network disagree, or nothing was compared."""

    exit_code: ClassVar[int] = 1


class EvaluationError(EdgeverifyError):
    """The data cannot carry the figure that was asked for, or there was nothing to measure."""


def exhaustion_of(error: BaseException) -> OSError | None:
    """Return what an error arose from where this process could open nothing, or None."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in EXHAUSTED:
            return cause
        cause = cause.__context__
    return None


def is_of_exhaustion(error: BaseException) -> bool:
    """Return whether an error arose because this process could open nothing: that passes."""
    return exhaustion_of(error) is not None

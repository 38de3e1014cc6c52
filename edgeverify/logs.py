"""What the daemon says of itself: journald priorities, plain text or JSON, repeats folded.

Give figures beside the sentence as `extra=fields(camera="stalled", seconds=2.1)`: they become
`key=value` in text and members of the object in JSON. The journal's priorities are the `<N>`
prefixes of sd-daemon(3). Secrets, faces and embeddings are never logged: nothing here filters
them, so nobody may hand them over.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, TextIO

from edgeverify.errors import EXHAUSTED_ADVICE, exhaustion_of
from edgeverify.settings.operation import LogSettings

FOLD_SECONDS = 60.0
"""A repeated warning or error is told once, then counted for this long."""
MAX_FOLDED = 256
"""Different lines remembered for folding; beyond it lines are told unfolded."""

Value = str | int | float | bool | None
_PRIORITY = {
    logging.CRITICAL: 2,
    logging.ERROR: 3,
    logging.WARNING: 4,
    logging.INFO: 6,
    logging.DEBUG: 7,
}


def fields(**values: Value) -> dict[str, dict[str, Value]]:
    """Return the `extra` of a logging call that carries these figures beside the sentence."""
    return {"edgeverify_fields": values}


def _fields_of(record: logging.LogRecord) -> Mapping[str, Value]:
    found = getattr(record, "edgeverify_fields", {})
    return found if isinstance(found, dict) else {}


def _one_line(text: str) -> str:
    """Keep what came from outside from beginning a line of its own, or moving a cursor."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class TextFormatter(logging.Formatter):
    """A line for people: `2026-11-22T10:00:00Z WARNING camera: stalled seconds=2.1`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and a traceback's lines below it where there is one."""
        when = _utc(record).strftime("%Y-%m-%dT%H:%M:%SZ")
        return "\n".join([f"{when} {record.levelname} {_sentence(record)}", *_trace(self, record)])


class JournalFormatter(logging.Formatter):
    """The same for the journal, which has the time and takes the priority from `<N>`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines, each with its priority."""
        prefix = f"<{_PRIORITY.get(record.levelno, 6)}>"
        return "\n".join(prefix + line for line in [_sentence(record), *_trace(self, record)])


class JsonFormatter(logging.Formatter):
    """One JSON object per line, for log collectors."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object; fields cannot hide the time, level, part or message."""
        said: dict[str, Value] = dict(_fields_of(record))
        trace = _trace(self, record)
        if trace:
            said["traceback"] = "\n".join(trace)
        said["time"] = _utc(record).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said["level"] = record.levelname.lower()
        said["part"] = _part(record)
        said["message"] = record.getMessage()
        return json.dumps(said, ensure_ascii=False)


def _utc(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, tz=timezone.utc)


def _part(record: logging.LogRecord) -> str:
    return record.name.removeprefix("edgeverify.")


def _sentence(record: logging.LogRecord) -> str:
    figures = "".join(f" {key}={value}" for key, value in _fields_of(record).items())
    return _one_line(f"{_part(record)}: {record.getMessage()}{figures}")


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    if not record.exc_info:
        return []
    return [_one_line(line) for line in formatter.formatException(record.exc_info).splitlines()]


@dataclass(slots=True)
class _Fold:
    last: logging.LogRecord
    since: float
    more: int = 0


if TYPE_CHECKING:
    _TextHandler = logging.StreamHandler[TextIO]
else:
    _TextHandler = logging.StreamHandler  # not subscriptable before Python 3.11


class FoldingHandler(_TextHandler):
    """Writes the first of equal warnings and errors at once, and the rest as one line per minute.

    Two lines are equal when logger, level and the message *before* its arguments are. `clock` is
    monotonic seconds. Call `tick` now and then, or a count is only told with the next repeat.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        super().__init__(stream)
        self._clock = clock
        self._folds: dict[tuple[str, int, str], _Fold] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, or count it."""
        record = _without_blame(record)
        if record.levelno < logging.WARNING:
            super().emit(record)
            return
        key = (record.name, record.levelno, str(record.msg))
        self._tell(now := self._clock())
        fold = self._folds.get(key)
        if fold is not None:
            fold.more += 1
            fold.last = record
            return
        if len(self._folds) < MAX_FOLDED:
            self._folds[key] = _Fold(record, now)
        super().emit(record)

    def _held(self) -> AbstractContextManager[object]:
        return self.lock if self.lock is not None else nullcontext()

    def tick(self) -> None:
        """Log the counts whose minute is over; for the supervisor's turn."""
        with self._held():
            self._tell(self._clock())

    def close(self) -> None:
        """Log every count that is still held."""
        with self._held():
            self._tell(float("inf"))
        super().close()

    def _tell(self, now: float) -> None:
        for key, fold in list(self._folds.items()):
            passed = now - fold.since
            if passed < FOLD_SECONDS:
                continue
            if fold.more == 0:
                del self._folds[key]
                continue
            super().emit(_counted(fold, min(passed, self._clock() - fold.since)))
            fold.since, fold.more = now, 0


def _without_blame(record: logging.LogRecord) -> logging.LogRecord:
    """Return a record of a full table of open files as a sentence: no line of code is at fault.

    What other libraries say of it names objects in memory, so that no two lines would be equal.
    """
    error = record.exc_info[1] if record.exc_info else None
    exhausted = exhaustion_of(error) if error is not None else None
    if exhausted is None:
        return record
    said = f"{exhausted.strerror}. {EXHAUSTED_ADVICE}"
    plain = logging.makeLogRecord(record.__dict__ | {"exc_info": None, "exc_text": None})
    if record.name.startswith("edgeverify"):
        plain.msg = f"{record.msg}: {said}"
    else:
        plain.msg, plain.args = said, None
    return plain


def _counted(fold: _Fold, seconds: float) -> logging.LogRecord:
    record = fold.last
    again = logging.makeLogRecord(record.__dict__ | {"exc_info": None, "exc_text": None})
    again.msg = f"{record.getMessage()} ({fold.more} more in {seconds:.0f} s)"
    again.args = None
    return again


def start(
    settings: LogSettings, stream: TextIO, *, into_journal: bool, clock: Callable[[], float]
) -> FoldingHandler:
    """Send this process's logs to `stream` as the settings say, and return the handler to tick.

    `into_journal` says whether the stream ends in the journal (`systemd.journal_is_on`). Other
    libraries speak from warnings on. Replaces what an earlier call set up.
    """
    chosen = settings.format
    if chosen == "auto":
        chosen = "journald" if into_journal else "text"
    formatters = {"journald": JournalFormatter, "text": TextFormatter, "json": JsonFormatter}
    handler = FoldingHandler(stream, clock)
    handler.setFormatter(formatters[chosen]())
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, FoldingHandler)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("edgeverify").setLevel(settings.level.upper())
    logging.captureWarnings(capture=True)
    return handler

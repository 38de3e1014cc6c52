"""From a broker's name to checked events."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

from edgeverify.client.checking import DoorEvent, EventChecker, load_verify_keys
from edgeverify.client.feed import Feed
from edgeverify.client.subscriber_state import AnnouncedKeys, SequenceFile, default_sequence_file
from edgeverify.errors import EventError
from edgeverify.events import Topics


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


def subscribe(  # noqa: PLR0913 - a user's options, all named
    host: str,
    *,
    door: str,
    verify_key: str | Path | Sequence[str | Path],
    port: int = 1883,
    username: str = "",
    password: str = "",
    tls: ssl.SSLContext | None = None,
    after_sequence: int = 0,
    sequence_file: str | Path | bool = True,
    history: bool = False,
    now: Callable[[], datetime] = _utc_now,
    on_refused: Callable[[EventError], None] = lambda _error: None,
    on_ready: Callable[[], None] = lambda: None,
    idle_seconds: float | None = None,
) -> Iterator[DoorEvent]:
    """Yield a door's checked events for ever; with `history`, those of the `audit` topic instead.

    `verify_key` is one PEM file or several (after a change of keys). The connection is made again
    whenever it breaks. A key that the door announces in its status is believed from then on, and
    kept beside the sequence. `on_ready` is called on each (re)connection. With `idle_seconds` the
    iteration ends when nothing came for this long.

    The last sequence accepted is kept on disk, so that a restart opens for nothing old: in the
    service's or the user's state folder, in a file of your choice, or nowhere (`sequence_file`
    False; `after_sequence` is then yours to keep). While no sequence is known, events issued
    before this call are refused. Raises KeyUnusableError, StateError where that file cannot be
    used, and BrokerError where the first connection fails.
    """
    paths = [verify_key] if isinstance(verify_key, (str, Path)) else list(verify_key)
    kept = None if history else _kept(sequence_file, door=door, host=host)
    known = max(after_sequence, (kept.read() or 0) if kept is not None else 0)
    announced = AnnouncedKeys(door, load_verify_keys(paths), kept.path if kept else None)
    checker = EventChecker(
        door, announced.believed, after_sequence=known, since=None if known else now()
    )
    topics = Topics(door)
    topic = topics.audit if history else topics.event
    with Feed(
        host, port, topics=(topics.status, topic), username=username, password=password, tls=tls
    ) as feed:
        on_ready()
        while True:
            message = feed.next(idle_seconds)
            if message is None:
                return
            try:
                if message.topic == topics.status:
                    announced.learn(message.payload)
                    continue
                if history:
                    event = checker.check_history(message.payload)
                else:
                    event = checker.check(
                        message.payload, now=now(), is_retained=message.is_retained
                    )
            except EventError as error:
                on_refused(error)
                continue
            if kept is not None:
                kept.write(event.sequence)
            yield event


def _kept(
    sequence_file: str | Path | bool,  # noqa: FBT001 - False is one of the answers
    *,
    door: str,
    host: str,
) -> SequenceFile | None:
    if sequence_file is False:
        return None
    if sequence_file is True:
        return SequenceFile(default_sequence_file(door, host, os.environ))
    return SequenceFile(Path(sequence_file))

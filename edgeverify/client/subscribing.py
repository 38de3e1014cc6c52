"""From a broker's name to checked events."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

from edgeverify.client.checking import DoorEvent, EventChecker, load_verify_keys
from edgeverify.client.feed import Feed
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
    history: bool = False,
    now: Callable[[], datetime] = _utc_now,
    on_refused: Callable[[EventError], None] = lambda _error: None,
    on_ready: Callable[[], None] = lambda: None,
    idle_seconds: float | None = None,
) -> Iterator[DoorEvent]:
    """Yield a door's checked events for ever; with `history`, those of the `audit` topic instead.

    `verify_key` is one PEM file or several (after a change of keys). The connection is made again
    whenever it breaks. `on_ready` is called on each (re)connection. With `idle_seconds` the
    iteration ends when nothing came for so long. Raises KeyUnusableError, and BrokerError where
    the first connection fails.
    """
    paths = [verify_key] if isinstance(verify_key, (str, Path)) else list(verify_key)
    checker = EventChecker(door, load_verify_keys(paths), after_sequence=after_sequence)
    topics = Topics(door)
    topic = topics.audit if history else topics.event
    with Feed(host, port, topics=(topic,), username=username, password=password, tls=tls) as feed:
        on_ready()
        while True:
            message = feed.next(idle_seconds)
            if message is None:
                return
            try:
                if history:
                    yield checker.check_history(message.payload)
                else:
                    yield checker.check(message.payload, now=now(), is_retained=message.is_retained)
            except EventError as error:
                on_refused(error)

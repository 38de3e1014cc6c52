"""For whoever acts on decisions: typed events whose checks are already done.

    for event in subscribe("broker.lan", door="front-door", verify_key="front-door.pub"):
        if event.granted:
            open_the_lock()

Signature, door, expiry and sequence are checked before an event is handed out; whatever fails a
check is refused and, with `on_refused`, told. The last sequence is kept on disk over restarts of
your program, so that an event recorded within its few seconds of life opens nothing a second time.
"""

from edgeverify.client.checking import DoorEvent, EventChecker, load_verify_keys
from edgeverify.client.feed import Feed, RawMessage
from edgeverify.client.subscribing import subscribe

__all__ = [
    "DoorEvent",
    "EventChecker",
    "Feed",
    "RawMessage",
    "load_verify_keys",
    "subscribe",
]

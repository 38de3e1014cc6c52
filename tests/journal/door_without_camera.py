"""A door's journal, outbox and MQTT link without camera and model, made to be killed.

Run as a program: FOLDER PORT. For each line of standard input, which names a moment, it forks a
door (importing once, for speed) and writes `born PID`. The door decides as fast as it may and,
after each commit, writes `committed SEQUENCE EVENT_ID`; what stands there was acknowledged. Now
and then it kills itself at the named moment: before_commit, after_commit, after_publish,
after_puback; at `any` it waits to be killed. `dead` follows.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path

from edgeverify.domain import Outcome
from edgeverify.events import EventKind, encode_event
from edgeverify.journal import Journal
from edgeverify.mqtt import ClientId, Credentials, MqttLink, OutboxDelivery
from edgeverify.settings import MqttSettings
from tests.doors import DOOR, decided, door_keys

MOMENTS = ("any", "before_commit", "after_commit", "after_publish", "after_puback")


def _die_perhaps(moment: str, chosen: str, draw: random.Random) -> None:
    if moment == chosen and draw.random() < 0.05:
        os.kill(os.getpid(), signal.SIGKILL)


def live(folder: Path, port: int, chosen: str) -> None:
    draw = random.Random(os.getpid())
    keys = door_keys(folder)
    journal = Journal.open(folder / "journal.sqlite", now=datetime.now(timezone.utc)).journal
    settings = MqttSettings(host="127.0.0.1", port=port, max_reconnect_seconds=1.0)
    link = MqttLink(
        settings,
        DOOR,
        Credentials(),
        client_id=ClientId(DOOR, b"a master key"),
        on_claim=lambda _arrival: None,
        random=draw,
    )
    delivery = OutboxDelivery(journal, link)
    link.start()
    delivery.start()
    number = 0
    while True:
        number += 1
        outcome = draw.choice((Outcome.GRANT, Outcome.DENY))
        entry = decided(f"{os.getpid()}-{number}", outcome=outcome)
        _die_perhaps("before_commit", chosen, draw)
        signed = journal.record(entry, keys)
        os.write(1, f"committed {signed.decision.sequence} {entry.event_id}\n".encode())
        _die_perhaps("after_commit", chosen, draw)
        event = encode_event(signed, EventKind.LIVE)
        now = datetime.now(timezone.utc)
        _, publication = link.publish.live(event, expires_at=entry.expires_at, now=now)
        delivery.wake()
        _die_perhaps("after_publish", chosen, draw)
        if publication is not None and publication.wait(2):
            _die_perhaps("after_puback", chosen, draw)


def main(folder: Path, port: int) -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                live(folder, port, line.strip())
            finally:
                os._exit(1)
        os.write(1, f"born {child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

"""What a door writes down, made by hand: entries, keys, times; for tests without a camera."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edgeverify.claims import MQTT
from edgeverify.domain import Decision, Outcome, Reason
from edgeverify.events import EventKind, encode_event, sign
from edgeverify.journal import Entry, FrameRecord
from edgeverify.journal.rows import payload_of
from edgeverify.keys import SigningKeys, load_signing_keys
from edgeverify.lockout import LockoutState

DOOR = "front-door"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


def door_keys(folder: Path) -> SigningKeys:
    return load_signing_keys(folder / "signing-keys.json", now=NOON)


def public_pem(folder: Path, public: Ed25519PublicKey) -> Path:
    path = folder / "front-door.pub"
    path.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


def decided(
    name: str,
    *,
    outcome: Outcome = Outcome.GRANT,
    reason: Reason | None = None,
    at: datetime | None = None,
    card: str = "0012345",
    lockouts: dict[str, LockoutState] | None = None,
    include_scores: bool = False,
    frames: int = 3,
    opened_by: str = "",
) -> Entry:
    """One decision; `name` makes its event id and claim id.

    `at` None: now, and worth something for as long as a door may be set to, because what is really
    delivered may be delivered slowly; else for the default's five seconds.
    """
    issued = at or datetime.now(timezone.utc)
    lifetime = timedelta(seconds=60 if at is None else 5)
    if reason is None:
        reason = Reason.MATCH if outcome is Outcome.GRANT else Reason.NON_MATCH
    return Entry(
        event_id=f"event-{name}",
        door=DOOR,
        decision=Decision(
            claim_id=f"claim-{name}",
            card=card,
            outcome=outcome,
            reason=reason,
            comparisons=frames,
            matches=frames if outcome is Outcome.GRANT else 0,
            score=0.9312345,
            threshold=0.9,
        ),
        source=MQTT,
        issued_at=issued,
        expires_at=issued + lifetime,
        duration_seconds=0.8,
        frames=tuple(
            FrameRecord(offset_seconds=n / 15, frame_sequence=n, score=0.93, is_match=True)
            for n in range(frames)
        ),
        remembered_claims={f"claim-{name}": issued + timedelta(seconds=20)},
        lockouts=lockouts or {},
        floor=issued,
        include_scores=include_scores,
        opened_by=opened_by,
        details={"model": "dlib-resnet"},
    )


def event_of(
    keys: SigningKeys, sequence: int, entry: Entry | None = None, kind: EventKind = EventKind.LIVE
) -> bytes:
    """One signed event as it stands on the wire."""
    return encode_event(sign(payload_of(entry or decided("x", at=NOON), sequence), keys), kind)


def forged_event(keys: SigningKeys, sequence: int) -> bytes:
    """A grant under the signature of a denial."""
    record = json.loads(event_of(keys, sequence, decided("x", outcome=Outcome.DENY)))
    granted = json.loads(event_of(keys, sequence, decided("x")))
    return json.dumps(record | {"data_base64": granted["data_base64"]}).encode()


def event_elsewhere(keys: SigningKeys, sequence: int) -> bytes:
    """A grant of another door, rightly signed."""
    payload = replace(payload_of(decided("x"), sequence), door="back-door")
    return encode_event(sign(payload, keys), EventKind.LIVE)

"""From the first frame that qualifies to the broker's PUBACK of the event, through the whole door.

A film of a person walking up plays at its own pace, a real Mosquitto runs on loopback, and the
parts of the daemon run as they do in the service. Reported above (k - 1) frame intervals, which no
door can do without.

    python benchmarks/decision_latency.py --claims 30 --json latency.json
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from edgeverify.claims import MQTT
from edgeverify.config import load_config
from edgeverify.daemon.door.attempt import Attempt
from edgeverify.daemon.door.folds import Fold
from edgeverify.daemon.page.screen import ScreenBoard
from edgeverify.daemon.parts import Parts
from edgeverify.daemon.service import assemble
from edgeverify.demo.broker import BrokerAddress
from edgeverify.demo.film import FRAMES_PER_SECOND, hire, shoot
from edgeverify.demo.house import DOOR, House
from edgeverify.demo.scenes import OWNER_CARD, Film
from edgeverify.domain import Claim, Decision, Outcome
from edgeverify.models.folders import cache_directory, models_directory
from edgeverify.progress import silent
from edgeverify.settings import DecisionSettings, VisionSettings
from edgeverify.state import open_state
from edgeverify.systemd import ServiceManager
from edgeverify.verifier.pipeline import open_face_finder
from tests.brokers import mosquitto


def build(folder: Path, broker: BrokerAddress, bundle: str) -> Parts:
    """Make the daemon's parts with a film as its camera; everybody enrolled."""
    house = House.build(folder)
    finder = open_face_finder(models_directory(os.environ), VisionSettings())
    cast = hire(cache_directory(os.environ), finder.detector, silent)
    finder.close()
    (house.photos / "owner.jpg").write_bytes(cast.owner_id_photo)
    film = house.film(Film.OWNER_WALKS_UP)
    shoot(film, (cast.owner,), generator=np.random.default_rng(1))
    house.furnish(
        source=str(film),
        liveness="off",
        broker=broker,
        bundle=bundle,
        has_other=False,
        timeout_seconds=DecisionSettings().timeout_seconds,
    )
    config = load_config(house.config)
    service = assemble(
        config,
        open_state(house.state, DOOR),
        os.environ,
        ServiceManager.from_environment({}, os.getpid()),
    )
    service.reloads.reloader.enrol(config, service.reloads.verifier)
    service.board.current = service.reloads.reloader.full_situation(
        config, service.reloads.verifier
    )
    return service


def measure(service: Parts, claims: int) -> list[float]:
    """Return milliseconds above (k - 1) frame intervals, one a granted claim."""
    rules = service.board.current.settings.decision
    unavoidable = (rules.required_matches - 1) / FRAMES_PER_SECOND
    told = threading.Event()
    found: list[float] = []
    conclude = service.reloads.records.conclude

    def timed(decision: Decision, *, seen: Attempt | Fold | None = None, **rest: Any) -> Decision:
        result = conclude(decision, seen=seen, **rest)
        screen = service.door.door.prompter
        if not isinstance(screen, ScreenBoard):
            raise SystemExit("this door tells nobody")
        publication = screen.announcer.last
        if (
            decision.outcome is Outcome.GRANT
            and isinstance(seen, Attempt)
            and seen.first_qualifying_at is not None
            and publication is not None
            and publication.wait(5.0)
        ):
            seconds = time.monotonic() - seen.first_qualifying_at - unavoidable
            found.append(seconds * 1000)
        told.set()
        return result

    service.reloads.records.conclude = timed  # type: ignore[method-assign]
    for _ in range(claims):
        told.clear()
        service.health.inbox.put(
            Claim(
                id=uuid.uuid4().hex,
                card=OWNER_CARD,
                issued_at=datetime.now(timezone.utc),
                received_at=time.monotonic(),
                source=MQTT,
            )
        )
        if not told.wait(30):
            raise SystemExit("a claim was never decided")
        time.sleep(0.3)
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=30)
    parser.add_argument("--bundle", default="dlib-resnet")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        mosquitto(Path(name) / "broker") as broker,
    ):
        service = build(
            Path(name) / "house", BrokerAddress("127.0.0.1", broker.port), options.bundle
        )
        service.link.start()
        service.outbox.start()
        service.door.start()
        service.link.wait_connected(10)
        while not service.camera.health().is_usable:
            time.sleep(0.1)
        times = measure(service, options.claims)
        service.door.stop(5)
        service.outbox.stop()
        service.link.stop()
        service.camera.close()
        service.journal.close()
    if not times:
        raise SystemExit("no claim was granted: nothing was measured")
    p50, p95 = np.percentile(times, [50, 95])
    load = os.getloadavg()[0]
    print(
        f"{len(times)} of {options.claims} granted; first qualifying frame to PUBACK, above "
        f"(k - 1) frame intervals: p50 {p50:.0f} ms, p95 {p95:.0f} ms (load {load:.1f})"
    )
    if options.json:
        options.json.write_text(
            json.dumps({"granted": len(times), "p50_ms": p50, "p95_ms": p95, "load": load})
        )


if __name__ == "__main__":
    main()

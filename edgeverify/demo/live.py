"""The demo with a person: a webcam (or any camera source) instead of photographs."""

from __future__ import annotations

import sys
import time
from contextlib import closing, nullcontext

import cv2

from edgeverify.camera.open_camera import open_camera
from edgeverify.client import EventChecker, Feed
from edgeverify.config import load_config
from edgeverify.demo.broker import BrokerAddress, embedded_broker
from edgeverify.demo.contact_sheet import Still, draw, write
from edgeverify.demo.door_process import START_SECONDS, running_door
from edgeverify.demo.house import DOOR
from edgeverify.demo.programme import Stage, door_keys
from edgeverify.demo.scenes import OWNER_CARD, UNKNOWN_CARD
from edgeverify.demo.visit import seconds_a_frame, timeout_seconds, visit
from edgeverify.domain import RgbImage
from edgeverify.errors import CameraError
from edgeverify.events import Topics
from edgeverify.progress import steps
from edgeverify.settings import CameraSettings, QualitySettings

PORTRAIT_SECONDS = 30.0
ACTS = (
    ("Stand in front of the camera. Your card is read.", OWNER_CARD),
    ("Stay there. A card that nobody knows is read.", UNKNOWN_CARD),
    ("Step out of the picture. Your card is read.", OWNER_CARD),
    ("Hold a photo of yourself, or a phone that shows one, to the camera.", OWNER_CARD),
)


def play_live(stage: Stage, source: str) -> bool:
    """Take an ID photo with the camera, enrol it, and play; liveness is on as the door decides.

    Returns whether every claim was answered: what must come out depends on the person.
    """
    portrait = _portrait(stage, source)
    house = stage.house
    cv2.imwrite(str(house.photos / "owner.jpg"), cv2.cvtColor(portrait, cv2.COLOR_RGB2BGR))
    hired = nullcontext(stage.broker) if stage.broker else embedded_broker()
    stills: list[Still] = []
    with hired as broker:
        house.furnish(
            source=source,
            liveness="auto",
            broker=broker,
            bundle=stage.bundle,
            timeout_seconds=timeout_seconds(seconds_a_frame(stage.pipeline, portrait)),
            has_other=False,
            is_own_camera=True,
        )
        with running_door(house) as door:
            with steps() as step:
                step("starting the door: the daemon loads its networks and enrols you")
                door.wait_until_in_force(load_config(house.config).digest, START_SECONDS)
            stills += [_act(stage, broker, portrait, *act) for act in ACTS]
    write(house.sheet, draw(stills, stage.pipeline))
    stage.console.print(f"contact sheet: {house.sheet}", soft_wrap=True)
    return len(stills) == len(ACTS)


def _act(stage: Stage, broker: BrokerAddress, portrait: RgbImage, ask: str, card: str) -> Still:
    say = stage.console.print
    say(f"\n[bold]{ask}[/]")
    _wait_for_the_person(stage)
    topics = Topics(DOOR)
    with Feed(broker.host, broker.port, topics=(topics.event, topics.prompt)) as feed:
        checker = EventChecker(DOOR, door_keys(stage.house))
        answer = visit(feed, topics, checker, card, lambda text: say(f"  the door asks: {text}"))
    say(f"  {answer.outcome.value}: {answer.reason.value} ({answer.milliseconds:.0f} ms)")
    return Still(frame=portrait, title=ask, outcome=answer.outcome, reason=answer.reason.value)


def _wait_for_the_person(stage: Stage) -> None:
    if sys.stdin.isatty():
        stage.console.input("  Enter when ready: ")
    else:
        time.sleep(2.0)


def _portrait(stage: Stage, source: str) -> RgbImage:
    """Return the first frame that is good enough for an ID photo. Raises CameraError."""
    stage.console.print("Look at the camera: it takes your ID photo.")
    settings = CameraSettings(source=source, loop=True)
    deadline = time.monotonic() + PORTRAIT_SECONDS
    hint = ""
    with closing(open_camera(settings)) as camera:
        sequence = 0
        while time.monotonic() < deadline:
            frame = camera.latest(sequence, 0.5)
            if frame is None:
                hint = camera.health().detail or camera.health().state.value
                continue
            sequence = frame.sequence
            seen = stage.pipeline.probe(frame.rgb, gates=QualitySettings())
            if seen.refusal is None:
                return frame.rgb
            if seen.refusal.hint != hint:
                hint = seen.refusal.hint
                stage.console.print(f"  {hint}")
    raise CameraError(
        f"no usable picture from {source} within {PORTRAIT_SECONDS:g} s: {hint}",
        advice="More light from the front, and the face about an arm's length away.",
    )

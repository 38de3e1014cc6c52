"""The demo from beginning to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from itertools import count
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rich.console import Console
from rich.live import Live

from edgeverify.client import EventChecker, Feed
from edgeverify.config import load_config
from edgeverify.demo.actors import Cast, hire
from edgeverify.demo.board import table
from edgeverify.demo.broker import BrokerAddress, embedded_broker
from edgeverify.demo.contact_sheet import Still, draw, write
from edgeverify.demo.door_process import START_SECONDS, DemoDoor, running_door
from edgeverify.demo.film import FRAMES, Actor, shoot
from edgeverify.demo.house import DOOR, House
from edgeverify.demo.scenes import SCENES, Film, Scene
from edgeverify.demo.visit import Answer, visit
from edgeverify.domain import RgbImage
from edgeverify.events import Topics
from edgeverify.keys import load_signing_keys
from edgeverify.progress import Progress, counted_bar
from edgeverify.state import StateDirectory
from edgeverify.verifier.pipeline import Pipeline

SEED = 20260101


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stage:
    """What the demo needs from outside."""

    house: House
    bundle: str
    pipeline: Pipeline
    cache: Path
    console: Console
    bar: Callable[[], AbstractContextManager[Progress]]
    broker: BrokerAddress | None = None


def play(stage: Stage, scenes: Sequence[Scene] = SCENES) -> bool:
    """Play every scene; return whether each ended as it must."""
    house = stage.house
    middles = _prepare(stage)
    hired = nullcontext(stage.broker) if stage.broker else embedded_broker()
    with hired as broker:
        _set(stage, broker, scenes[0])
        with running_door(house) as door:
            door.wait_until_in_force(load_config(house.config).digest, START_SECONDS)
            stage.console.print(
                "The people of this demo are photographs, so the scenes run with "
                "[bold]liveness: off[/], except where the table says otherwise."
            )
            answers = perform(stage, broker, door, scenes)
    stills = [
        Still(
            frame=middles[scene.film],
            title=scene.title,
            outcome=answers[index].outcome,
            reason=answers[index].reason.value,
        )
        for index, scene in enumerate(scenes)
    ]
    write(house.sheet, draw(stills, stage.pipeline))
    _sum_up(stage, scenes, answers)
    return _all_right(scenes, answers)


def _prepare(stage: Stage) -> Mapping[Film, RgbImage]:
    """Fetch the photographs, write the ID-card photos, shoot the films."""
    house = stage.house
    with stage.bar() as progress:
        cast = hire(stage.cache, stage.pipeline.detector, progress)
    (house.photos / "owner.jpg").write_bytes(cast.owner_id_photo)
    (house.photos / "other.jpg").write_bytes(cast.other_id_photo)
    middles: dict[Film, RgbImage] = {}
    with counted_bar("drawing the films") as moved:
        drawn = count(1)
        for film in Film:
            middles[film] = shoot(
                house.film(film),
                _actors(film, cast),
                generator=np.random.default_rng(SEED),
                progress=lambda: moved(next(drawn), FRAMES * len(Film), ""),
            )
    return middles


def _actors(film: Film, cast: Cast) -> tuple[Actor, ...]:
    return {
        Film.OWNER_WALKS_UP: (cast.owner,),
        Film.OTHER_WALKS_UP: (cast.other,),
        Film.EMPTY_ROOM: (),
        Film.TWO_PEOPLE: (replace(cast.owner, lane=0.3), replace(cast.other, lane=0.7)),
    }[film]


def _set(stage: Stage, broker: BrokerAddress, scene: Scene) -> None:
    stage.house.furnish(
        source=str(stage.house.film(scene.film)),
        liveness=scene.liveness,
        broker=broker,
        bundle=stage.bundle,
    )


def perform(
    stage: Stage, broker: BrokerAddress, door: DemoDoor, scenes: Sequence[Scene]
) -> Mapping[int, Answer]:
    """Play the scenes one after the other and return what came out of each."""
    topics = Topics(DOOR)
    answers: dict[int, Answer] = {}
    with (
        Feed(broker.host, broker.port, topics=(topics.event, topics.prompt)) as feed,
        Live(console=stage.console, refresh_per_second=8) as live,
    ):
        checker = EventChecker(DOOR, door_keys(stage.house))
        for index, scene in enumerate(scenes):
            live.update(table(scenes, answers, index, "setting the scene"))
            _set(stage, broker, scene)
            door.reload()
            door.wait_until_in_force(load_config(stage.house.config).digest)

            def asked(text: str, *, at: int = index) -> None:
                live.update(table(scenes, answers, at, f"the door asks: {text}"))

            live.update(table(scenes, answers, index, ""))
            answers[index] = visit(feed, topics, checker, scene.card, asked)
        live.update(table(scenes, answers, None, ""))
    return answers


def door_keys(house: House) -> dict[str, Ed25519PublicKey]:
    """Return the keys that sign here; a real subscriber is given them as a file."""
    now = datetime.now(timezone.utc)
    place = StateDirectory(house.state, DOOR)
    return load_signing_keys(place.signing_keys, now=now).accepted(now)


def _all_right(scenes: Sequence[Scene], answers: Mapping[int, Answer]) -> bool:
    return all(
        answers[index].outcome is scene.outcome and answers[index].reason in scene.expected
        for index, scene in enumerate(scenes)
    )


def _sum_up(stage: Stage, scenes: Sequence[Scene], answers: Mapping[int, Answer]) -> None:
    house = stage.house
    say = stage.console.print
    right = sum(
        answers[index].reason in scene.expected and answers[index].outcome is scene.outcome
        for index, scene in enumerate(scenes)
    )
    say(f"\n{right} of {len(scenes)} scenes ended as they must.")
    say(f"contact sheet: {house.sheet}", soft_wrap=True)
    say(f"daemon's log:  {house.log}", soft_wrap=True)
    say(f"its config:    {house.config}", soft_wrap=True)
    say(f"its journal:   {StateDirectory(house.state, DOOR).journal}", soft_wrap=True)

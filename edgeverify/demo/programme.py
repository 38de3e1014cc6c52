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
from rich.table import Table

from edgeverify.client import EventChecker, Feed
from edgeverify.config import load_config
from edgeverify.demo.broker import BrokerAddress, embedded_broker
from edgeverify.demo.contact_sheet import Still, draw, write
from edgeverify.demo.door_process import START_SECONDS, DemoDoor, running_door
from edgeverify.demo.film import FRAMES, Actor, Cast, hire, shoot
from edgeverify.demo.house import DOOR, House
from edgeverify.demo.scenes import SCENES, Film, Scene
from edgeverify.demo.visit import Ending, ended, seconds_a_frame, timeout_seconds, visit
from edgeverify.domain import Outcome, RgbImage
from edgeverify.events import Topics
from edgeverify.keys import load_signing_keys
from edgeverify.progress import Progress, counted_bar, harmless, steps, unfailing_console
from edgeverify.settings import DecisionSettings
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
    timeout = _timeout(stage, middles[Film.OWNER_WALKS_UP])
    hired = nullcontext(stage.broker) if stage.broker else embedded_broker()
    with hired as broker:
        _set(stage, broker, scenes[0], timeout)
        with running_door(house) as door:
            with steps() as step:
                step("starting the door: the daemon loads its networks and enrols two people")
                door.wait_until_in_force(load_config(house.config).digest, START_SECONDS)
            stage.console.print(
                "The people of this demo are photographs, so the scenes run with "
                "[bold]liveness: off[/], except where the table says otherwise."
            )
            endings = perform(stage, broker, door, scenes, timeout)
    stills = [
        Still(
            frame=middles[scene.film],
            title=scene.title,
            outcome=ending.answer.outcome,
            reason=ending.answer.reason.value,
        )
        for scene, ending in zip(scenes, endings, strict=True)
    ]
    write(house.sheet, draw(stills, stage.pipeline))
    _sum_up(stage, endings)
    return all(ending.is_right for ending in endings)


def _timeout(stage: Stage, frame: RgbImage) -> float:
    """Measure this machine, and say so where it is slow."""
    per_frame = seconds_a_frame(stage.pipeline, frame)
    timeout = timeout_seconds(per_frame)
    if timeout > DecisionSettings().timeout_seconds:
        stage.console.print(
            f"A frame takes this machine {per_frame * 1000:.0f} ms, "
            f"so the demo's door waits {timeout:g} s for a face."
        )
    return timeout


def _prepare(stage: Stage) -> Mapping[Film, RgbImage]:
    """Fetch the photographs, write the ID-card photos, shoot the films."""
    house = stage.house
    with stage.bar() as progress:
        cast = hire(stage.cache, stage.pipeline.detector, progress)
    house.hang("owner.jpg", cast.owner_id_photo)
    house.hang("other.jpg", cast.other_id_photo)
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


def _set(stage: Stage, broker: BrokerAddress, scene: Scene, timeout: float) -> None:
    stage.house.furnish(
        source=str(stage.house.film(scene.film)),
        liveness=scene.liveness,
        broker=broker,
        bundle=stage.bundle,
        timeout_seconds=timeout,
    )


def perform(
    stage: Stage, broker: BrokerAddress, door: DemoDoor, scenes: Sequence[Scene], timeout: float
) -> tuple[Ending, ...]:
    """Play the scenes one after the other and return how each ended."""
    topics = Topics(DOOR)
    journal = StateDirectory(stage.house.state, DOOR).journal
    endings: dict[int, Ending] = {}
    with (
        Feed(broker.host, broker.port, topics=(topics.event, topics.prompt)) as feed,
        Live(console=unfailing_console(stage.console.file), refresh_per_second=8) as live,
    ):
        show = harmless(live.update)
        checker = EventChecker(DOOR, door_keys(stage.house))
        for index, scene in enumerate(scenes):
            show(table(scenes, endings, index, "setting the scene"))
            _set(stage, broker, scene, timeout)
            door.reload()
            door.wait_until_in_force(load_config(stage.house.config).digest)

            def asked(text: str, *, at: int = index) -> None:
                show(table(scenes, endings, at, f"the door asks: {text}"))

            show(table(scenes, endings, index, ""))
            answer = visit(feed, topics, checker, scene.card, asked)
            endings[index] = ended(scene, answer, journal)
        show(table(scenes, endings, None, ""))
    return tuple(endings[index] for index in range(len(scenes)))


def door_keys(house: House) -> dict[str, Ed25519PublicKey]:
    """Return the keys that sign here; a real subscriber is given them as a file."""
    now = datetime.now(timezone.utc)
    place = StateDirectory(house.state, DOOR)
    return load_signing_keys(place.signing_keys, now=now).accepted(now)


def _sum_up(stage: Stage, endings: Sequence[Ending]) -> None:
    house = stage.house

    def say(text: str) -> None:
        stage.console.print(text, soft_wrap=True, markup=False, highlight=False)

    right = sum(ending.is_right for ending in endings)
    say(f"\n{right} of {len(endings)} scenes ended as they must.")
    for ending in endings:
        if ending.note:
            say(ending.note)
    say(f"contact sheet: {house.sheet}")
    say(f"daemon's log:  {house.log}")
    say(f"its config:    {house.config}")
    say(f"its journal:   {StateDirectory(house.state, DOOR).journal}")


def table(
    scenes: Sequence[Scene], endings: Mapping[int, Ending], current: int | None, prompt: str
) -> Table:
    """Draw every scene, what came out so far, and what the person is being asked."""
    title = "edgeverify at a door (ms: from the claim to the signed event)"
    drawn = Table(title=title, caption=prompt or None)
    for column in ("scene", "card", "liveness", "decision"):
        drawn.add_column(column)
    drawn.add_column("reason", no_wrap=True, min_width=19)
    drawn.add_column("ms", justify="right")
    for index, scene in enumerate(scenes):
        ending = endings.get(index)
        if ending is None:
            waiting = "..." if index == current else ""
            drawn.add_row(scene.title, scene.card, scene.liveness, waiting, "", "")
            continue
        answer = ending.answer
        colour = "green" if answer.outcome is Outcome.GRANT else "yellow"
        drawn.add_row(
            scene.title,
            scene.card,
            scene.liveness,
            f"[{colour}]{answer.outcome.value}[/]",
            answer.reason.value if ending.is_right else f"[red]{answer.reason.value} (!)[/]",
            f"{answer.milliseconds:.0f}",
        )
    return drawn

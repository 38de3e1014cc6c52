"""How often a recording of the enrolled person passes a challenge that is drawn at random.

Synthetic heads do every action as cleanly as the door could wish; the one real film with head
turns is tried as well. Usage: python -m benchmarks.liveness_recordings ../shared/testdata
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from benchmarks.liveness_clips import arguments, kinds, seen, ungated
from edgeverify.domain import Comparison, Liveness, Observation
from edgeverify.evaluation.attacks.scores import ScoredFrame
from edgeverify.liveness.actions import Action, Draw
from edgeverify.liveness.posture import ahead
from tests.liveness.actors import Actor
from tests.liveness.films import ALL_DRAWS, SETTINGS, recorded, shown

DRAWS = 500
PAUSES = (0.4, 0.8, 1.3, 2.0)
"""Seconds between two actions of a long recording."""
ROUNDS = 12
"""Of all four actions: longer than any challenge, from whatever start in the first third."""
START_EVERY = 10
"""Frames between two starts of the real film."""


def random_draw(chance: random.Random) -> Draw:
    """Draw as the door does."""
    low, high = SETTINGS.min_delay_seconds, SETTINGS.max_delay_seconds
    return Draw(
        chance.choice(ALL_DRAWS), tuple(chance.uniform(low, high) for _ in range(SETTINGS.steps))
    )


def fixed_sequences(chance: random.Random) -> None:
    """Print how many of the 36 draws a film of one sequence passes, with random pauses."""
    passed = []
    for actions in ALL_DRAWS:
        film = recorded(actions, itertools.repeat(20))
        draws = [replace(random_draw(chance), actions=draw) for draw in ALL_DRAWS]
        passed.append(sum(shown(film, draw) is Liveness.PASSED for draw in draws))
    print(
        f"a film of one sequence: {len(passed)} films against {len(ALL_DRAWS)} draws each: "
        f"{max(passed)} passed at most, {sum(passed)} of {len(passed) * len(ALL_DRAWS)} in all"
    )


def long_films(chance: random.Random) -> None:
    """Print how many of 500 draws a film of all actions passes, in a loop from a random start."""
    for seconds in PAUSES:
        for is_fixed in (True, False):
            order = [
                action
                for _ in range(ROUNDS)
                for action in (tuple(Action) if is_fixed else chance.sample(tuple(Action), 4))
            ]
            film = recorded(order, itertools.repeat(round(seconds * Actor().rate)))
            passed = sum(
                shown(film[chance.randrange(len(film) // 3) :], random_draw(chance))
                is Liveness.PASSED
                for _ in range(DRAWS)
            )
            print(
                f"a long film, {seconds} s between actions, order "
                f"{'fixed' if is_fixed else 'random'}: {passed} of {DRAWS} passed "
                f"({passed / DRAWS:.1%})"
            )


def real_film(frames: Sequence[ScoredFrame]) -> None:
    """Print how often `real.mov` passes, from many starts against every draw."""
    film = [_observed(frame, index) for index, frame in enumerate(frames)]
    begun = [frame.cues for frame in frames[:5] if frame.cues is not None]
    zero = ahead([cues.pose for cues in begun])
    eyes = median(cues.eye_aspect_ratio for cues in begun)
    starts = range(0, len(film) - 30, START_EVERY)
    passed = sum(
        shown(film[start:], Draw(draw, (0.4, 0.4, 0.4)), zero=zero, eyes=eyes) is Liveness.PASSED
        for start in starts
        for draw in ALL_DRAWS
    )
    print(
        f"real.mov from {len(starts)} starts against {len(ALL_DRAWS)} draws: {passed} of "
        f"{len(starts) * len(ALL_DRAWS)} passed"
    )


def _observed(frame: ScoredFrame, index: int) -> Observation:
    """Every face of the film matches: the attacker's best case."""
    comparison = None
    if frame.embedding is not None:
        comparison = Comparison(card="0", score=0.9, threshold=0.5)
    return Observation(
        frame_sequence=index,
        at=frame.at,
        refusal=frame.refusal,
        comparison=comparison,
        cues=frame.cues,
    )


def main() -> None:
    """Print everything."""
    given = arguments(__doc__).parse_args()
    chance = random.Random(500)  # noqa: S311 - repeatable
    fixed_sequences(chance)
    long_films(chance)
    (clips,) = [one for one in kinds(given.testdata) if one.name == "real.mov"]
    with ungated(given.bundle) as bench:
        (run,) = seen(clips, bench)
    real_film(run.frames)


if __name__ == "__main__":
    main()

"""Measure the shared phone replay and its live counterpart, with every gate, with some, with none.

An attack that the gates refuse was not presented, and is counted apart. Frames 0 to 27 of the
replay, in which the man himself looks into the camera, are left out.
Usage: python -m benchmarks.pad_replay ../shared/testdata [--bundle mobilefacenet]
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from benchmarks.liveness_clips import NO_GATES, arguments, gated, kinds, seen, ungated
from edgeverify.domain import Embedding
from edgeverify.evaluation.attacks.attacks import enrol_people
from edgeverify.evaluation.attacks.door import DoorRules, begun_at_every_frame, iapar, present
from edgeverify.evaluation.attacks.opened import PadBench
from edgeverify.evaluation.attacks.rates import Share, rates_of
from edgeverify.evaluation.attacks.scores import ScoredRun
from edgeverify.liveness import LivenessPlan
from edgeverify.settings import QualitySettings

GATES = (
    ("the default gates", QualitySettings()),
    ("eye distance 30 instead of 36", QualitySettings(min_eye_distance_pixels=30)),
    (
        "eye distance 30 and sharpness off: the two that refuse the phone",
        QualitySettings(min_eye_distance_pixels=30, min_sharpness=0),
    ),
    ("every gate off", NO_GATES),
)


def main() -> None:
    """Print a block a set of gates."""
    given = arguments(__doc__).parse_args()
    clips = {one.name: one for one in kinds(given.testdata)}
    with ungated(given.bundle) as bench:
        live = seen(clips["real.mov"], bench)
        phone = seen(clips["fake.mp4"], bench)
        (reference,) = enrol_people(clips["real.mov"].runs[0].paths[0], bench.pipeline).values()
        stills = _stills(given.testdata, bench)
        others = [_others(name, seen(clips[name], bench), bench) for name in ("GRID", "ASL")]
    for name, gates in GATES:
        print(f"{name}:")
        _tell("phone", [gated(run, gates) for run in phone], reference, bench)
        _tell("live", [gated(run, gates) for run in live], reference, bench)
    print("stills of the networks' makers, P(live): " + ", ".join(stills))
    print("other live clips, every gate off, windows refused: " + "; ".join(others))


def _tell(name: str, runs: list[ScoredRun], reference: Embedding, bench: PadBench) -> None:
    rates = rates_of(runs[0].species, runs, bench.fusion(5))
    refused = Counter(f.refusal.gate.value for r in runs for f in r.frames if f.refusal)
    compared = sum(f.embedding is not None for r in runs for f in r.frames)
    print(
        f"  {name}: {compared} of {rates.frames} frames past the gates "
        f"(refused: {', '.join(f'{gate} {n}' for gate, n in refused.most_common()) or 'none'})"
    )
    wrong = "taken for live" if rates.species else "refused"
    print(f"    {wrong}: frames {_said(rates.per_frame)}, windows {_said(rates.per_window)}")
    on = [present(run, reference, bench.rules) for run in runs]
    if rates.species is None:
        print(
            f"    at the door: {sum(r.granted for r in on)} of "
            f"{sum(r.transactions for r in on)} transactions granted "
            f"({', '.join(f'{reason} {n}' for r in on for reason, n in r.reasons)})"
        )
        begun = [begun_at_every_frame(run, reference, bench.rules) for run in runs]
        print(
            "    begun at every frame in turn: "
            f"{', '.join(f'{reason} {n}' for each in begun for reason, n in each)}"
        )
        return
    off = [present(run, reference, _open(bench.rules)) for run in runs]
    print(
        f"    at the door: runs granted {_said(iapar(on, only_presented=False))} over all, "
        f"{_said(iapar(on, only_presented=True))} over those past the gates; with liveness off "
        f"{_said(iapar(off, only_presented=False))}"
    )
    print(f"    reasons: {', '.join(f'{reason} {n}' for r in on for reason, n in r.reasons)}")


def _open(rules: DoorRules) -> DoorRules:
    return replace(
        rules, judge=replace(rules.judge, plan=LivenessPlan(passive=False, challenge=False))
    )


def _said(share: Share) -> str:
    if share.upper_95 is None:
        return f"none judged of {share.not_judged}"
    said = f"{share.errors}/{share.count} (<= {share.upper_95:.1%})"
    return f"{said} +{share.not_judged} not judged" if share.not_judged else said


def _others(name: str, runs: list[ScoredRun], bench: PadBench) -> str:
    return f"{name} {_said(rates_of(None, runs, bench.fusion(5)).per_window)}"


def _stills(testdata: Path, bench: PadBench) -> list[str]:
    clip = kinds(testdata)[0]
    folder = testdata / "attacks/silent_face"
    named = {"live": "image_T1.jpg", "print": "image_F1.jpg", "tablet": "image_F2.jpg"}
    said = []
    for what, file in named.items():
        run = replace(clip.runs[0], name=file, paths=(folder / file,))
        (scored,) = seen(replace(clip, runs=(run,)), bench)
        said.append(f"{what} {scored.probabilities[0]:.4f}" if scored.probabilities else what)
    return said


if __name__ == "__main__":
    main()

"""Measuring PAD: what counts as one presentation, as an error, and as granted at the door."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeverify.domain import Embedding, Gate, HeadPose, LivenessCues, Reason, Refusal
from edgeverify.errors import EvaluationError, ImageError
from edgeverify.evaluation.attacks.door import DoorRules, begun_at_every_frame, iapar, present
from edgeverify.evaluation.attacks.poses import bpcer_by_pose, pose_lines
from edgeverify.evaluation.attacks.rates import PadRule, rates_of
from edgeverify.evaluation.attacks.report import PadReport
from edgeverify.evaluation.attacks.scores import ScoredFrame, ScoredRun
from edgeverify.evaluation.frame_runs import FrameRun, find_runs, timed_frames
from edgeverify.evaluation.reports.attack_files import det_curve, write_plot, write_windows
from edgeverify.liveness import JudgeRules, LivenessPlan
from edgeverify.settings.decision import DecisionSettings
from edgeverify.settings.liveness import ChallengeSettings, PadSettings

RULE = PadRule(threshold=0.5, min_frames=3, window=5)
BLURRED = Refusal(reason=Reason.POOR_QUALITY, gate=Gate.BLURRED, hint="hold still")
ANNA = Embedding(values=np.array([1, 0], np.float32), embedding_space="s")
SWAYED = Embedding(values=np.array([0.98, 0.2], np.float32), embedding_space="s")
BERT = Embedding(values=np.array([0, 1], np.float32), embedding_space="s")


def frame(index: int, live: float | None, who: Embedding = ANNA) -> ScoredFrame:
    refused = live is None
    cues = LivenessCues(
        pose=HeadPose(yaw_degrees=0, pitch_degrees=0, roll_degrees=0),
        eye_aspect_ratio=0.3,
        mesh=np.random.default_rng(3).uniform(200, 400, (468, 3)).astype(np.float32),
        live_probability=live,
        embedding=None if refused else (who if index % 2 else SWAYED),
    )
    return ScoredFrame(
        at=(index + 1) / 5,
        refusal=BLURRED if refused else None,
        embedding=None if refused else who,
        cues=None if refused else cues,
    )


def scored(name: str, species: str | None, *live: float | None, who: Embedding = ANNA) -> ScoredRun:
    run = FrameRun(
        name=name, person=name.split("/", maxsplit=1)[0], paths=(Path(name),), is_video=False
    )
    frames = tuple(frame(index, value, who) for index, value in enumerate(live))
    return ScoredRun(run=run, species=species, frames=frames)


LIVE = scored("0001/live", None, *[0.9] * 10)
PRINT = scored("0001/print", "print", *[0.01] * 8)
REPLAY = scored("0001/replay", "phone", 0.1, 0.2, 0.9, 0.9, 0.9, 0.1)
DARK = scored("0001/dark", "print", *[None] * 8)


def door(*, passive: bool = True) -> DoorRules:
    return DoorRules(
        threshold=0.5,
        metric="cosine",
        decision=DecisionSettings(),
        judge=JudgeRules(
            plan=LivenessPlan(passive=passive, challenge=False),
            pad=PadSettings(),
            pad_threshold=0.5,
            challenge=ChallengeSettings(),
            required_matches=3,
        ),
    )


def save(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((20, 30, 3), 90, np.uint8)).save(path)


def test_pictures_that_differ_in_their_last_number_are_one_run_in_that_order(
    tmp_path: Path,
) -> None:
    for name in ("0001/a_2.jpg", "0001/a_10.jpg", "0001/a_1.jpg", "0001/b_1.jpg", "0002/still.jpg"):
        save(tmp_path / name)

    runs = find_runs(tmp_path)

    assert [(run.name, run.person) for run in runs] == [
        ("0001/a", "0001"),
        ("0001/b", "0001"),
        ("0002/still", "0002"),
    ]
    assert [path.name for path in runs[0].paths] == ["a_1.jpg", "a_2.jpg", "a_10.jpg"]


def test_nuaa_has_the_runs_that_its_readme_states(testdata: Path) -> None:
    prints = find_runs(testdata / "nuaa/db/ImposterRaw")
    live = find_runs(testdata / "nuaa/db/ClientRaw")

    assert {len(run.paths) for run in prints} == {15}
    assert (len(prints), len(live)) == (55, 12)


def test_a_video_is_one_run_with_its_own_times(testdata: Path) -> None:
    (run,) = find_runs(testdata / "attacks/zubair_replay/fake.mp4")
    times = [at for (at, _), _ in zip(timed_frames(run), range(3), strict=False)]

    assert run.is_video
    assert times == pytest.approx([1 / 15, 2 / 15, 3 / 15])


def test_a_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no picture and no video"):
        find_runs(tmp_path)
    with pytest.raises(EvaluationError, match="neither a folder nor a file"):
        find_runs(tmp_path / "absent")


def test_a_picture_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_text("not a picture")

    with pytest.raises(ImageError, match=r"broken\.jpg"):
        list(timed_frames(find_runs(tmp_path)[0]))


def test_live_people_are_counted_in_windows_side_by_side() -> None:
    rates = rates_of(None, [LIVE, scored("0002/live", None, *[0.1] * 5)], RULE)

    assert (rates.per_window.errors, rates.per_window.count) == (1, 3)
    assert (rates.per_frame.errors, rates.per_frame.count) == (5, 15)
    assert [window.run for window in rates.refused_windows] == ["0002/live"]


def test_one_window_that_passes_loses_the_whole_attack() -> None:
    rates = rates_of("phone", [REPLAY, PRINT], RULE)

    assert (rates.per_run.errors, rates.per_run.count) == (1, 2)
    assert rates.per_window.errors == 2


def test_what_was_not_judged_is_listed_and_not_counted() -> None:
    rates = rates_of("print", [PRINT, DARK], RULE)

    assert (rates.per_run.count, rates.per_run.not_judged) == (1, 1)
    assert rates.per_frame.not_judged == 8


def test_no_attack_in_fifty_five_is_below_five_and_a_half_percent() -> None:
    rates = rates_of("print", [PRINT] * 55, RULE)

    assert rates.per_run.rate == 0
    assert rates.per_run.upper_95 == pytest.approx(0.053, abs=5e-4)


def test_the_whole_door_refuses_a_print_that_matches_and_the_control_does_not() -> None:
    with_pad = present(PRINT, ANNA, door())
    without = present(PRINT, ANNA, door(passive=False))

    assert with_pad.granted == 0
    assert dict(with_pad.reasons)["presentation_attack"] == 1
    assert without.granted == 2


def test_a_live_person_is_granted_and_a_stranger_is_not() -> None:
    assert present(LIVE, ANNA, door()).granted == 3
    assert present(LIVE, BERT, door()).granted == 0


def test_an_attack_that_no_gate_lets_through_was_not_presented() -> None:
    results = [present(run, ANNA, door()) for run in (PRINT, DARK)]

    assert [result.was_presented for result in results] == [True, False]
    assert [result.gates for result in results] == [(), (("blurred", 8),)]
    assert iapar(results, only_presented=False).count == 2
    assert iapar(results, only_presented=True).count == 1


def test_a_det_curve_goes_from_everything_accepted_to_everything_refused() -> None:
    apcer, bpcer = det_curve([0.9, 0.8, 0.4], [0.1, 0.5])

    assert (apcer[0], bpcer[0]) == (1.0, 0.0)
    assert (apcer[-1], bpcer[-1]) == (0.0, 1.0)
    assert (np.diff(apcer) <= 0).all()
    assert (np.diff(bpcer) >= 0).all()


def test_a_det_curve_of_nothing_is_an_error() -> None:
    with pytest.raises(EvaluationError):
        det_curve([], [0.1])


def test_plot_and_list_are_written_without_a_picture_of_anybody(tmp_path: Path) -> None:
    write_plot(tmp_path / "det.png", [LIVE, PRINT, REPLAY], RULE)
    write_windows(tmp_path / "windows.tsv", [LIVE, PRINT], RULE)

    assert (tmp_path / "det.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "windows.tsv").read_text().splitlines()[1:] == [
        "0001/live\t0\t5\t0.9000\tlive",
        "0001/live\t5\t5\t0.9000\tlive",
    ]


def test_the_report_says_what_was_measured_and_names_the_worst_species() -> None:
    runs = [LIVE, PRINT, DARK, REPLAY]
    report = PadReport(
        pad_bundle="minifasnet",
        embedder="dlib-resnet",
        rule=RULE,
        min_eye_distance_pixels=30,
        rates=tuple(
            rates_of(species, [run for run in runs if run.species == species], RULE)
            for species in (None, "print", "phone")
        ),
        door=tuple(present(run, ANNA, door()) for run in runs),
        door_without_pad=tuple(present(run, ANNA, door(passive=False)) for run in runs),
    )
    text = "\n".join(report.lines())

    assert "gate: 30 pixels" in text
    assert "worst APCER over the species, per run: 100.0%" in text
    assert "not presented (frames refused by the gates):\n      0001/dark: blurred 8" in text
    assert report.as_json()["worst_apcer_per_run"] == 1.0


def turned(live: float, yaw: float, index: int = 0) -> ScoredFrame:
    """A live frame that the door would not judge where it is turned too far."""
    pose = HeadPose(yaw_degrees=yaw, pitch_degrees=2.0, roll_degrees=0.0)
    whole = frame(index, 0.9)
    assert whole.cues is not None
    judged = live if abs(yaw) <= PadSettings().max_yaw_degrees else None
    cues = replace(whole.cues, pose=pose, live_probability=judged)
    return replace(whole, cues=cues, at_any_pose=live)


def test_bpcer_is_shown_by_pose_also_for_frames_that_the_door_would_wait_past() -> None:
    frames = (turned(0.9, 3), turned(0.9, -4), turned(0.2, 18), turned(0.9, -17))
    live = replace(LIVE, frames=frames)

    rates = bpcer_by_pose([live, PRINT], 0.5)

    yaw = {(one.low, one.high): one.share for one in rates if one.angle == "yaw"}
    assert {at: (s.errors, s.count) for at, s in yaw.items()} == {(0, 5): (0, 2), (15, 20): (1, 2)}
    assert any("15-20: 1/2 50.0%" in line for line in pose_lines(rates))
    assert pose_lines(()) == []


def test_whoever_liveness_refuses_counts_as_refused_whatever_it_gave_as_reason() -> None:
    aside = replace(LIVE, frames=tuple(turned(0.9, 20, index) for index in range(60)))
    report = PadReport(
        pad_bundle="p",
        embedder="e",
        rule=RULE,
        min_eye_distance_pixels=60,
        rates=(),
        door=(present(LIVE, ANNA, door()), present(aside, ANNA, door())),
    )

    assert report.bpcer_per_transaction.errors == 2
    assert any(line.startswith("  BPCER per transaction: 2/") for line in report.lines())


def test_transactions_begun_at_every_frame_count_whole_ones_only() -> None:
    assert begun_at_every_frame(LIVE, ANNA, door()) == (("match", 8),)
    assert begun_at_every_frame(DARK, ANNA, door()) == ()

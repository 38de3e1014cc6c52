"""One frame at the door: the right person, the wrong one, nobody, two; on real faces."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeverify.bundle.loading import Bundle
from edgeverify.domain import (
    Embedding,
    FaceBox,
    Gate,
    HeadPose,
    Reason,
    Reference,
    RgbImage,
)
from edgeverify.errors import ReferenceUnusableError
from edgeverify.runtime.session import Session
from edgeverify.settings import QualitySettings, VisionSettings
from edgeverify.verifier.pipeline import Pipeline, open_pipeline
from edgeverify.vision.dominance import FaceSelection
from edgeverify.vision.embedder import embedder_of
from tests.faces import face_finder
from tests.verifier.observed import POINT, Photo, enrolled, frame_of, score_of


def test_the_right_person_matches(pipeline: Pipeline, photo: Photo, obama: Reference) -> None:
    seen = pipeline.observe(frame_of(photo("examples/obama-720p.jpg")), [obama], POINT)
    assert seen.comparison is not None
    assert seen.comparison.is_match
    assert seen.comparison.card == "0001"
    assert (seen.frame_sequence, seen.at) == (7, 12.5)
    assert seen.cues is not None
    assert abs(seen.cues.pose.yaw_degrees) < 15
    assert [stage for stage, _ in seen.stage_milliseconds] == [
        "detect",
        "mesh",
        "quality",
        "align",
        "embed",
        "compare",
    ]


def test_a_reference_of_several_photos_is_held_to_their_threshold(
    pipeline: Pipeline, photo: Photo, obama: Reference
) -> None:
    frame = frame_of(photo("examples/obama-720p.jpg"))
    alone = pipeline.observe(frame, [obama], POINT).comparison
    assert alone is not None
    above = alone.score + 0.001
    stricter = replace(POINT, for_photos=((2, above),))
    fused = pipeline.observe(frame, [replace(obama, photo_count=2)], stricter).comparison
    assert fused is not None
    assert (fused.score, fused.threshold, fused.is_match) == (alone.score, above, False)
    again = pipeline.observe(frame, [obama], POINT).comparison
    assert again is not None
    assert again.is_match


def test_another_person_does_not(pipeline: Pipeline, photo: Photo, obama: Reference) -> None:
    seen = pipeline.observe(frame_of(photo("examples/biden.jpg")), [obama], POINT)
    assert seen.comparison is not None
    assert not seen.comparison.is_match


def test_walk_up_finds_the_right_one_of_two(
    pipeline: Pipeline, photo: Photo, obama: Reference, biden: Reference
) -> None:
    for name, card in (("examples/obama-720p.jpg", "0001"), ("examples/biden.jpg", "0002")):
        seen = pipeline.observe(frame_of(photo(name)), [obama, biden], POINT)
        assert seen.comparison is not None
        assert seen.comparison.card == card
        assert seen.comparison.is_match


def test_the_same_person_enrolled_twice_is_ambiguous(
    pipeline: Pipeline, photo: Photo, obama: Reference
) -> None:
    twin = Reference(card="0009", name="twin", embedding=obama.embedding, photo_count=1)
    seen = pipeline.observe(frame_of(photo("examples/obama-720p.jpg")), [obama, twin], POINT)
    assert seen.comparison is not None
    assert seen.comparison.is_ambiguous
    assert not seen.comparison.is_match


@pytest.mark.parametrize(
    ("picture", "reason", "gate"),
    [
        (np.zeros((720, 1280, 3), np.uint8), Reason.NO_FACE, Gate.NO_FACE),
        (np.full((1, 1, 3), 255, np.uint8), Reason.NO_FACE, Gate.NO_FACE),
        ("examples/two_people.jpg", Reason.MULTIPLE_FACES, Gate.MULTIPLE_FACES),
        ("examples/obama-240p.jpg", Reason.POOR_QUALITY, Gate.TOO_FAR),
        ("tests/test_images/obama_partial_face.jpg", Reason.POOR_QUALITY, Gate.CUT_OFF),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_reason(
    pipeline: Pipeline,
    photo: Photo,
    obama: Reference,
    picture: RgbImage | str,
    reason: Reason,
    gate: Gate,
) -> None:
    rgb = photo(picture) if isinstance(picture, str) else picture
    seen = pipeline.observe(frame_of(rgb), [obama], POINT)
    assert seen.comparison is None
    assert seen.refusal is not None
    assert (seen.refusal.reason, seen.refusal.gate) == (reason, gate)
    assert seen.refusal.hint


def test_a_refused_face_still_tells_where_it_looks(
    pipeline: Pipeline, photo: Photo, obama: Reference
) -> None:
    # A challenge asks people to turn further than the gate would compare.
    seen = pipeline.observe(frame_of(photo("examples/obama-240p.jpg")), [obama], POINT)
    assert seen.refusal is not None
    assert seen.cues is not None
    assert seen.quality is not None


def test_noise_never_raises_and_never_matches(pipeline: Pipeline, obama: Reference) -> None:
    random = np.random.default_rng(5)
    for shape in ((480, 640, 3), (3, 900, 3), (900, 3, 3)):
        noise = random.integers(0, 256, shape, dtype=np.uint8)
        seen = pipeline.observe(frame_of(noise), [obama], POINT)
        assert seen.comparison is None or not seen.comparison.is_match


def test_observing_twice_gives_the_same_score_to_the_last_bit(
    pipeline: Pipeline, photo: Photo, obama: Reference
) -> None:
    frame = frame_of(photo("examples/obama-720p.jpg"))
    first = pipeline.observe(frame, [obama], POINT)
    pipeline.observe(frame_of(photo("examples/biden.jpg")), [obama], POINT)
    again = pipeline.observe(frame, [obama], POINT)
    assert score_of(first) == score_of(again)


def test_a_reference_of_another_model_is_never_compared(
    pipeline: Pipeline, photo: Photo, obama: Reference
) -> None:
    foreign = Reference(
        card="1",
        name="1",
        embedding=Embedding(values=obama.embedding.values, embedding_space="f" * 64),
        photo_count=1,
    )
    with pytest.raises(ReferenceUnusableError):
        pipeline.observe(frame_of(photo("examples/obama-720p.jpg")), [foreign], POINT)
    with pytest.raises(ValueError, match="at least one"):
        pipeline.observe(frame_of(photo("examples/obama-720p.jpg")), [], POINT)


def test_closing_a_pipeline_never_closes_a_session_that_it_shares(
    pipeline: Pipeline, bundle: Bundle, session: Session, photo: Photo, obama: Reference
) -> None:
    pad = _Pad()
    guest = open_pipeline(
        embedder_of(bundle, (session,)),
        face_finder(),
        quality=QualitySettings(),
        vision=VisionSettings(),
        pad=pad,
    )
    frame = frame_of(photo("examples/obama-720p.jpg"))
    before = score_of(guest.observe(frame, [obama], POINT))
    guest.close()
    assert not pad.is_closed
    assert score_of(pipeline.observe(frame, [obama], POINT)) == before


class _Pad:
    def __init__(self) -> None:
        self.calls = 0
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True

    def live_probability(self, rgb: RgbImage, box: FaceBox, pose: HeadPose) -> float | None:
        assert rgb.shape[0] > box.top
        assert abs(pose.yaw_degrees) < 30
        self.calls += 1
        return 0.25


def test_presentation_attacks_are_judged_only_on_frames_that_match(
    pipeline: Pipeline, photo: Photo, obama: Reference
) -> None:
    pad = _Pad()
    guarded = Pipeline(
        detector=pipeline.detector,
        mesher=pipeline.mesher,
        embedder=pipeline.embedder,
        quality=pipeline.quality,
        vision=pipeline.vision,
        pad=pad,
        clock=itertools.count().__next__,
    )
    guarded.observe(frame_of(photo("examples/biden.jpg")), [obama], POINT)
    assert pad.calls == 0
    seen = guarded.observe(frame_of(photo("examples/obama-720p.jpg")), [obama], POINT)
    assert pad.calls == 1
    assert seen.cues is not None
    assert seen.cues.live_probability == 0.25
    assert seen.stage_milliseconds[0] == ("detect", 1000.0)
    assert seen.stage_milliseconds[-1][0] == "pad"


def test_a_photo_is_probed_without_gates_by_the_rule_asked_for(
    pipeline: Pipeline, photo: Photo
) -> None:
    two = photo("examples/two_people.jpg")
    assert pipeline.probe(two).refusal is not None
    largest = pipeline.probe(two, FaceSelection.LARGEST)
    assert largest.embedding is not None
    assert len(largest.chips) == 1
    assert largest.chips[0].rgb.shape == (112, 112, 3)
    gated = pipeline.probe(two, FaceSelection.LARGEST, QualitySettings(min_eye_distance_pixels=500))
    assert gated.refusal is not None
    assert gated.face is not None


def test_the_singer_on_stage_matches_his_photo_and_not_the_conductors(
    pipeline: Pipeline, testdata: Path, photo: Photo
) -> None:
    alex = enrolled(pipeline, "alex", photo("examples/alex-lacamoire.png"))
    lin = enrolled(pipeline, "lin", photo("examples/lin-manuel-miranda.png"))
    (clip,) = (testdata / "videos" / "ageitgey").glob("*.mp4")
    video = cv2.VideoCapture(str(clip))
    best = {"alex": -1.0, "lin": -1.0}
    for index in itertools.count():
        going, picture = video.read()
        if not going:
            break
        if index % 12 == 0:
            rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)
            found = pipeline.probe(rgb, FaceSelection.LARGEST)
            if found.embedding is not None:
                for person in (alex, lin):
                    score = float(found.embedding.values @ person.embedding.values)
                    best[person.card] = max(best[person.card], score)
    video.release()
    assert best["lin"] > POINT.threshold
    assert best["alex"] < POINT.threshold - 0.2, "the conductor is never the largest face"

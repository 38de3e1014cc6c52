"""Whoever has left does not stay in the picture because the picture in which he left was lost."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeverify.camera.lost_pictures import FrameNumbers
from edgeverify.camera.stream import Stream

LEAVES, PICTURES, KEY_EVERY = 8, 40, 30
WIDTH, HEIGHT = 320, 240
SOMEBODY = (slice(60, 180), slice(110, 210))
X264 = "log=-1:threads=1:scenecut=0"
X265 = "log-level=none:repeat-headers=1:pools=1:scenecut=0"
KINDS = {
    "h264": ("libx264", "yuv420p", {"x264-params": X264}),
    "h264, slices": ("libx264", "yuv420p", {"x264-params": f"{X264}:slices=4"}),
    "h264, fields": ("libx264", "yuv420p", {"x264-params": f"{X264}:tff=1"}),
    "h264, 4:4:4": ("libx264", "yuv444p", {"x264-params": f"{X264}:cqm=jvt"}),
    "h265": ("libx265", "yuv420p", {"x265-params": X265}),
}


def scene(number: int) -> NDArray[np.uint8]:
    """An empty room with noise, and somebody in it until he leaves."""
    across, down = np.meshgrid(np.linspace(40, 200, WIDTH), np.linspace(0, 40, HEIGHT))
    room = np.repeat((across + down)[..., np.newaxis], 3, axis=2)
    if number < LEAVES:
        room[SOMEBODY] = (230, 180, 160)
    noise = np.random.default_rng(number).normal(0, 1.0, room.shape)
    return np.clip(room + noise, 0, 255).astype(np.uint8)


def shows_somebody(frame: av.VideoFrame) -> bool:
    """Whether more than half of where he stood still looks so."""
    seen = frame.to_ndarray(format="rgb24")[SOMEBODY].astype(int)
    empty = scene(LEAVES)[SOMEBODY].astype(int)
    return bool(np.mean(np.abs(seen - empty).max(axis=2) > 30) > 0.5)


def film(kind: str, **options: str) -> list[bytes]:
    """Every picture as it goes over the wire."""
    name, pixels, given_options = KINDS[kind]
    codec = av.CodecContext.create(name, "w")
    assert isinstance(codec, av.VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, pixels
    codec.time_base, codec.framerate, codec.gop_size = Fraction(1, 15), Fraction(15), KEY_EVERY
    codec.options = {"preset": "ultrafast", "tune": "zerolatency", **given_options, **options}
    packets = []
    for number in range(PICTURES):
        frame = av.VideoFrame.from_ndarray(scene(number), format="rgb24").reformat(format=pixels)
        frame.pts = number
        packets += codec.encode(frame)
    return [bytes(packet) for packet in (*packets, *codec.encode(None))]


def watched(path: Path) -> list[tuple[bool, bool]]:
    """Return of every picture that is decoded whether it is damaged, and shows somebody."""
    stream = Stream(str(path), name="front", is_live=True)
    seen = []
    while (frame := stream.read()) is not None:
        seen.append((stream.is_damaged, shows_somebody(frame)))
    stream.close()
    return seen


@pytest.mark.parametrize("kind", KINDS)
def test_who_has_left_is_shown_by_no_picture_that_counts_as_whole(
    kind: str, tmp_path: Path
) -> None:
    sent = film(kind)
    path = tmp_path / "lost.bin"
    path.write_bytes(b"".join(sent[:LEAVES] + sent[LEAVES + 1 :]))
    seen = watched(path)
    assert not any(shows for is_damaged, shows in seen[LEAVES:] if not is_damaged)
    assert seen[-1] == (False, False), "the next key picture ends it"


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_stream_is_never_damaged(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "whole.bin"
    path.write_bytes(b"".join(film(kind)))
    seen = watched(path)
    assert len(seen) >= PICTURES - 1
    assert not any(is_damaged for is_damaged, _shows in seen)
    assert [shows for _damaged, shows in seen] == [True] * LEAVES + [False] * len(seen[LEAVES:])


def test_what_is_built_on_a_picture_without_one_of_its_slices_is_damaged_too(
    tmp_path: Path,
) -> None:
    sent = film("h264, slices")
    units = [b"\0\0\1" + unit for unit in sent[LEAVES].split(b"\0\0\1")[1:]]
    slices = [unit for unit in units if unit[3] & 31 == 1]
    assert len(slices) > 1
    units.remove(slices[-1])
    path = tmp_path / "slice.bin"
    path.write_bytes(b"".join([*sent[:LEAVES], *units, *sent[LEAVES + 1 :]]))
    seen = [is_damaged for is_damaged, _shows in watched(path)]
    assert seen[:LEAVES] == [False] * LEAVES
    assert seen[LEAVES:KEY_EVERY] == [True] * (KEY_EVERY - LEAVES)
    assert not any(seen[KEY_EVERY:])


def test_a_lost_picture_that_no_other_is_built_on_damages_none(tmp_path: Path) -> None:
    sent = film("h264", **{"x264-params": f"{X264}:bframes=1:b-adapt=0", "tune": "psnr"})
    unneeded = [number for number, one in enumerate(sent) if _reference(one) == 0]
    assert len(unneeded) > 5
    path = tmp_path / "unneeded.bin"
    path.write_bytes(b"".join(one for number, one in enumerate(sent) if number != unneeded[2]))
    assert not any(is_damaged for is_damaged, _shows in watched(path))


def _reference(packet: bytes) -> int:
    for unit in packet.split(b"\0\0\1")[1:]:
        if unit[0] & 31 in (1, 5):
            return unit[0] >> 5 & 3
    raise AssertionError("no slice")


def _boxed(kept: Callable[[int], bool]) -> bytes:
    """Put a film into an MP4, in which lengths stand before the units, without some pictures."""
    target = BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=15)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        context = stream.codec_context
        context.gop_size = KEY_EVERY
        context.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": X264}
        for number in range(PICTURES):
            frame = av.VideoFrame.from_ndarray(scene(number), format="rgb24")
            frame.pts = number
            container.mux([packet for packet in stream.encode(frame) if kept(number)])
    return target.getvalue()


def test_a_loss_is_seen_where_lengths_stand_before_the_parts(tmp_path: Path) -> None:
    whole, lost = tmp_path / "whole.mp4", tmp_path / "lost.mp4"
    whole.write_bytes(_boxed(lambda _number: True))
    lost.write_bytes(_boxed(lambda number: number != LEAVES))
    assert not any(is_damaged for is_damaged, _shows in watched(whole))
    seen = watched(lost)
    assert [is_damaged for is_damaged, _shows in seen[LEAVES : KEY_EVERY - 1]] == [True] * (
        KEY_EVERY - 1 - LEAVES
    )
    assert not any(is_damaged for is_damaged, _shows in seen[KEY_EVERY:])


ENDLESS = (
    b"\0\0\1\x67\x42\0\x1f"
    + int(
        # Number 0, 4 bits, order 1, and an offset for each of two million pictures.
        "1" + "1" + "010" + "0" + "1" + "1" + "0" * 20 + "1" * 44,
        2,
    ).to_bytes(9, "big")
    + b"\xff" * 1_000_000
)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("extradata", "packet"),
    [(b"", ENDLESS), (b"\1\0\0\0\3", bytes(4_000_000))],
    ids=["endless parameters", "a million empty parts"],
)
def test_a_camera_that_means_harm_costs_little_time(extradata: bytes, packet: bytes) -> None:
    """Shifted bit by bit, or copied for each part, either would take minutes."""
    assert not FrameNumbers(extradata).misses_one(packet)


@given(st.binary(max_size=300), st.lists(st.binary(max_size=200), max_size=4))
def test_no_bytes_end_in_an_error(extradata: bytes, packets: list[bytes]) -> None:
    numbers = FrameNumbers(extradata)
    for packet in packets:
        for start in (b"", b"\0\0\1\x67", b"\0\0\1\x68", b"\0\0\1\x41", b"\0\0\1\x65"):
            assert numbers.misses_one(start + packet) in (True, False)

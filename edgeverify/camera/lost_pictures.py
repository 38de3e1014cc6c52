"""Whether a picture is built on another that never came, or came in pieces.

A decoder goes on after a loss. Whatever has not moved since then stays as it was in the last
picture that came whole, whoever has left included, until the camera sends a picture that needs no
other. FFmpeg calls damaged only the picture of which a part is missing, not those built on it; and
where a whole picture of an H.264 stream was lost, it calls nothing damaged at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from av.video.frame import PictureType

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.video.stream import VideoStream

SLICE, IDR_SLICE, SEQUENCE, PICTURE = 1, 5, 7, 8
"""NAL unit types (ITU-T H.264, table 7-1): slices, and the two sets of parameters."""
WITH_CHROMA = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})
"""Values of profile_idc whose sequence parameters state their chroma (7.3.2.1.1)."""
HEADER_BYTES = 32
"""More than a slice header needs up to its frame_num, even with a large first_mb_in_slice."""
SEQUENCE_BYTES = 4096
"""More than sequence parameters need with every scaling list written out."""
PACKED = 1
"""configurationVersion: parameters and pictures as in MP4 (ISO/IEC 14496-15, 5.3.3.1)."""


class LossWatch:
    """Follows one stream from its first packet on; a picture that needs no other ends a loss."""

    def __init__(self, codec: str, extradata: bytes) -> None:
        """`codec` is FFmpeg's short name; `extradata` what the container says for the decoder."""
        self._numbers = FrameNumbers(extradata) if codec == "h264" else None
        self._is_lost = False
        self._lost_at: int | None = None

    def take(self, packet: Packet[VideoStream]) -> None:
        """Look at a packet before it is decoded."""
        if self._numbers is not None and self._numbers.misses_one(bytes(packet)):
            self.lose(packet)

    def lose(self, packet: Packet[VideoStream]) -> None:
        """Take in that something is missing at or before this packet."""
        self._is_lost, self._lost_at = True, packet.pts

    def is_damaged(self, frame: VideoFrame) -> bool:
        """Return whether a decoded picture is incomplete, or is built on one that is.

        A damaged key picture spoils itself alone: some senders (GStreamer's, which repeats the
        parameters before each slice) have every one of them decoded in halves that make a whole.
        """
        if frame.is_corrupt:
            if not frame.key_frame:
                self._is_lost, self._lost_at = True, frame.pts
        elif self._is_lost and _needs_no_other(frame) and self._comes_after(frame.pts):
            self._is_lost = False
        return self._is_lost or frame.is_corrupt

    def _comes_after(self, pts: int | None) -> bool:
        return pts is None or self._lost_at is None or pts >= self._lost_at


def _needs_no_other(frame: VideoFrame) -> bool:
    return bool(frame.key_frame) and frame.pict_type == PictureType.I


@dataclass(frozen=True, slots=True)
class Sequence:
    """What a slice header's frame_num needs of the sequence parameters (7.4.2.1.1)."""

    bits: int
    """frame_num counts modulo two to this power."""
    has_planes: bool
    may_leave_out: bool
    """gaps_in_frame_num_value_allowed_flag: the camera leaves pictures out itself."""


class FrameNumbers:
    """The numbers that H.264 gives its reference pictures, in which a lost one leaves a gap."""

    def __init__(self, extradata: bytes) -> None:
        self._sequences: dict[int, Sequence] = {}
        self._pictures: dict[int, int] = {}
        self._last: int | None = None
        is_packed = extradata[:1] == bytes([PACKED])
        self._length_bytes = (extradata[4] & 3) + 1 if is_packed and len(extradata) > 4 else 0
        for unit in _packed_parameters(extradata) if is_packed else _between_start_codes(extradata):
            self._look(unit)

    def misses_one(self, packet: bytes) -> bool:
        """Return whether a reference picture between the last packet and this one never came.

        True as well after an operation that numbers from 0 without an IDR picture (7.4.3, memory
        management 5), which cameras do not use: then a picture too many is doubted, never one too
        few.
        """
        units = (
            _by_length(packet, self._length_bytes)
            if self._length_bytes
            else _between_start_codes(packet)
        )
        found = [self._look(unit) for unit in units]  # all of them: each may state parameters
        return any(found)

    def _look(self, unit: bytes) -> bool:
        if not unit:
            return False
        kind = unit[0] & 31
        try:
            if kind == SEQUENCE:
                number, sequence = _sequence(Bits(unit[1:SEQUENCE_BYTES]))
                self._sequences[number] = sequence
            elif kind == PICTURE:
                bits = Bits(unit[1:HEADER_BYTES])
                self._pictures[bits.unsigned()] = bits.unsigned()
            elif kind in (SLICE, IDR_SLICE):
                return self._slice(unit, is_idr=kind == IDR_SLICE)
        except (EOFError, KeyError):
            return False  # the decoder says what it makes of it
        return False

    def _slice(self, unit: bytes, *, is_idr: bool) -> bool:
        bits = Bits(unit[1:HEADER_BYTES])
        bits.unsigned()  # first_mb_in_slice
        bits.unsigned()  # slice_type
        sequence = self._sequences[self._pictures[bits.unsigned()]]
        if sequence.has_planes:
            bits.take(2)
        number, before = bits.take(sequence.bits), self._last
        if unit[0] >> 5 & 3:  # nal_ref_idc: others are built on it
            self._last = number
        if is_idr or before is None or sequence.may_leave_out:
            return False
        return number not in (before, (before + 1) % (1 << sequence.bits))


class Bits:
    """Reads a NAL unit's payload (7.2, 7.4.1, 9.1). Raises EOFError beyond its end."""

    def __init__(self, payload: bytes) -> None:
        plain = payload.replace(b"\0\0\3", b"\0\0")  # emulation_prevention_three_byte
        self._value = int.from_bytes(plain, "big")
        self._left = 8 * len(plain)

    def take(self, count: int) -> int:
        """Return an unsigned number of `count` bits."""
        if count > self._left:
            raise EOFError
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        """Return an Exp-Golomb number, ue(v)."""
        zeros = 0
        while self.take(1) == 0:
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        """Return an Exp-Golomb number with sign, se(v)."""
        number = self.unsigned()
        return (number + 1) // 2 if number % 2 else -(number // 2)


def _sequence(bits: Bits) -> tuple[int, Sequence]:
    """Read sequence parameters as far as they are needed (7.3.2.1.1); return their number too."""
    profile = bits.take(8)
    bits.take(16)  # constraints and level
    number, has_planes = bits.unsigned(), False
    if profile in WITH_CHROMA:
        chroma = bits.unsigned()
        has_planes = chroma == 3 and bool(bits.take(1))
        bits.unsigned()  # bit_depth_luma_minus8
        bits.unsigned()  # bit_depth_chroma_minus8
        bits.take(1)  # qpprime_y_zero_transform_bypass_flag
        if bits.take(1):
            for index in range(12 if chroma == 3 else 8):
                if bits.take(1):
                    _pass_scaling_list(bits, 16 if index < 6 else 64)
    number_bits = bits.unsigned() + 4
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()  # log2_max_pic_order_cnt_lsb_minus4
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()
    bits.unsigned()  # max_num_ref_frames
    return number, Sequence(number_bits, has_planes, bool(bits.take(1)))


def _pass_scaling_list(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _between_start_codes(stream: bytes) -> Iterator[bytes]:
    """Yield NAL units that 0x000001 stands before (annex B), each from its header on."""
    start = stream.find(b"\0\0\1")
    while start >= 0:
        end = stream.find(b"\0\0\1", start + 3)
        yield stream[start + 3 : None if end < 0 else end]
        start = end


def _by_length(packet: bytes, length_bytes: int) -> Iterator[bytes]:
    """Yield NAL units that their length stands before."""
    at = 0
    while at + length_bytes < len(packet):
        start = at + length_bytes
        at = start + int.from_bytes(packet[at:start], "big")
        yield packet[start:at]


def _packed_parameters(extradata: bytes) -> Iterator[bytes]:
    """Yield an AVCDecoderConfigurationRecord's parameter sets (ISO/IEC 14496-15, 5.3.3.1.2)."""
    rest = extradata[5:]
    for mask in (31, 255):
        count, rest = (rest[0] & mask, rest[1:]) if rest else (0, b"")
        for _ in range(count):
            end = 2 + int.from_bytes(rest[:2], "big")
            yield rest[2:end]
            rest = rest[end:]

"""One video input of FFmpeg, decoded picture by picture through PyAV.

Every picture comes with its own size, pixel format, colour range and rotation: a camera may change
any of them in mid-stream, and whoever converts with the first picture's shows wrong ones for ever.

FFmpeg's errors are said in words for people. The text of an exception of FFmpeg's names the address
that was asked for, password and all. It is never shown: only the kind of the error is read, and
said in words of ours.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import av
from av.codec.context import Flags
from av.container import InputContainer

from edgeverify.camera.lost_pictures import LossWatch
from edgeverify.camera.reader import MAX_SIDE_PIXELS
from edgeverify.errors import CameraError

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.video.stream import VideoStream

NO_VIDEO = "answers, but not with a video stream (is the path right?)"
NO_PICTURE = "answers, but gives no picture in time"
SAYS: tuple[tuple[type[BaseException], str], ...] = (
    (av.HTTPUnauthorizedError, "refuses the user name or the password"),
    (av.HTTPForbiddenError, "forbids this user that path"),
    (av.HTTPNotFoundError, "answers, but knows no such path"),
    (av.HTTPError, "answers with an error of its own"),
    (av.HTTPClientError, "refuses the request"),
    (av.ProtocolNotFoundError, "asks for a protocol that is not allowed here"),
    (av.OptionNotFoundError, "this FFmpeg does not know an option that the camera needs"),
    (av.DecoderNotFoundError, "uses a codec that is not known here"),
    (av.InvalidDataError, NO_VIDEO),
    (av.ExitError, NO_PICTURE),
    (TimeoutError, NO_PICTURE),
    (EOFError, "the stream broke off"),
    (ConnectionRefusedError, "refuses the connection"),
    (ConnectionResetError, "broke off the connection"),
    (BrokenPipeError, "broke off the connection"),
    (PermissionError, "no permission"),
    (FileNotFoundError, "is not there"),
)
WRONG_TRANSPORT = (
    "offers no video over the transport that was asked for; set camera.transport to auto"
)
SENT_ON = "redirects to another address, which is not followed; write that address in camera.source"
"""Another port or protocol than the camera's own: the capture process may not go there."""
TRANSPORT_ERRORS = frozenset({errno.EPROTONOSUPPORT, errno.EINVAL, errno.ENOTSUP})


def describe(error: BaseException, *, is_out_of_time: bool = False, scheme: str = "") -> str:
    """Return what happened, without a word of FFmpeg's own that could hold a password.

    With `is_out_of_time` a header that was cut short is no word on what the camera would have sent.
    `scheme` is the address's: over HTTP a camera may answer with another address.
    """
    if scheme in {"http", "https"} and _is_sent_on(error):
        return SENT_ON
    words = _words(error)
    return NO_PICTURE if is_out_of_time and words == NO_VIDEO else words


def _is_sent_on(error: BaseException) -> bool:
    if isinstance(error, av.HTTPError):
        return False
    number = getattr(error, "errno", None)
    return isinstance(error, PermissionError) or number in TRANSPORT_ERRORS


def _words(error: BaseException) -> str:
    for kind, words in SAYS:
        if isinstance(error, kind):
            return words
    number = getattr(error, "errno", None)
    if number == errno.EIO:
        return NO_VIDEO
    if number in TRANSPORT_ERRORS:
        return WRONG_TRANSPORT
    if isinstance(error, IndexError):
        return str(error)  # ours, from Stream
    if isinstance(number, int) and 0 < number < 4096:
        return f"cannot be read ({errno.errorcode.get(number, number)})"
    return "cannot be read"


MAX_BAD_PACKETS = 300
"""So many in a row that do not decode: the stream is another than the one that was opened."""

GREY = 128


class Stream:
    """An open input. `name` stands in messages; the address, which may hold a password, does not.

    `options` are FFmpeg's own. Raises CameraError with a sentence for whatever keeps it from
    opening.
    """

    def __init__(
        self,
        place: str,
        *,
        name: str,
        options: dict[str, str] | None = None,
        container: str | None = None,
        timeout_seconds: float | None = None,
        is_live: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        began = monotonic()
        timeout = None if timeout_seconds is None else (timeout_seconds, timeout_seconds)
        self._input: InputContainer | None = None
        self._latest: VideoFrame | None = None
        self._grey = b""
        try:
            self._input = av.open(place, format=container, options=options or {}, timeout=timeout)
            self._stream = self._first_video()
        except (av.FFmpegError, ValueError, IndexError) as error:
            self.close()
            ran_out = timeout_seconds is not None and monotonic() - began >= timeout_seconds
            scheme = place.partition(":")[0].lower()
            said = describe(error, is_out_of_time=ran_out, scheme=scheme)
            raise CameraError(f"{name}: {said}") from None
        decoder = self._stream.codec_context
        decoder.thread_count = 1
        if is_live:  # no decoder thread holds pictures back
            decoder.flags = int(decoder.flags) | int(Flags.low_delay)
        self._packets = self._input.demux(self._stream)
        self._decoded: Iterator[VideoFrame] = iter(())
        self._losses = LossWatch(decoder.name, decoder.extradata or b"")
        self.is_damaged = False
        """Whether the last picture is incomplete, or is built on one that is."""
        self._bad_packets = 0

    @property
    def frames_per_second(self) -> float:
        """What the container says of its rate; 0 where it says nothing."""
        rate = self._stream.average_rate or self._stream.guessed_rate
        return float(rate) if rate else 0.0

    @property
    def container(self) -> str:
        """FFmpeg's short names of the container, such as "rtsp" or "mov,mp4"."""
        return "" if self._input is None else self._input.format.name

    @property
    def codec(self) -> str:
        """FFmpeg's short name of the codec, such as "h264"."""
        return self._stream.codec_context.name

    def read(self, skip: Callable[[Packet[VideoStream]], bool] | None = None) -> VideoFrame | None:
        """Return the next picture, None at the end of the stream. Raises CameraError.

        Packets for which `skip` returns True are passed over without being decoded. The picture
        before must not be used any more.
        """
        self._wipe()
        while (frame := next(self._decoded, None)) is None:
            packet = self._next_packet()
            if packet is None:
                return None
            if skip is None or packet.pts is None or not skip(packet):
                self._decoded = iter(self._decode(packet))
        self._bad_packets = 0
        if not 0 < max(frame.width, frame.height) <= MAX_SIDE_PIXELS:
            raise CameraError(f"{self._name}: gave {frame.width} x {frame.height} pixels: too many")
        self._latest = frame
        self.is_damaged = self._losses.is_damaged(frame)
        return frame

    def close(self) -> None:
        """Close the input. May be called twice."""
        if self._input is not None:
            self._wipe()
            self._input.close()

    def _first_video(self) -> VideoStream:
        if self._input is None or not self._input.streams.video:
            raise IndexError("holds no video")
        stream = self._input.streams.video[0]
        if stream.codec_context is None:
            raise IndexError("holds a video in a codec that is not known here")
        return stream

    def _next_packet(self) -> Packet[VideoStream] | None:
        try:
            return next(self._packets, None)
        except av.FFmpegError as error:
            raise CameraError(f"{self._name}: {describe(error)}") from None

    def _decode(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        self._losses.take(packet)
        try:
            return packet.decode()
        except av.InvalidDataError:
            self._losses.lose(packet)
            self._bad_packets += 1
            if self._bad_packets < MAX_BAD_PACKETS:
                return []
            raise CameraError(f"{self._name}: sends what cannot be decoded") from None
        except av.FFmpegError as error:
            raise CameraError(f"{self._name}: {describe(error)}") from None

    def _wipe(self) -> None:
        """Paint the last picture grey before its memory is used again.

        A JPEG that was cut off leaves the rest of its memory as it was: a picture from a moment
        ago, and whoever stood there. Other codecs refer to their last pictures.
        """
        frame, self._latest = self._latest, None
        if frame is None or self.codec != "mjpeg":
            return
        for plane in frame.planes:
            memory = memoryview(plane)
            if len(self._grey) < len(memory):
                self._grey = bytes([GREY]) * len(memory)
            memory[:] = self._grey[: len(memory)]

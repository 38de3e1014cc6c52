"""FFmpeg's errors in words for people.

The text of an exception of FFmpeg's names the address that was asked for, password and all. It is
never shown: only the kind of the error is read, and said in words of ours.
"""

from __future__ import annotations

import errno

import av

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
TRANSPORT_ERRORS = frozenset({errno.EPROTONOSUPPORT, errno.EINVAL, errno.ENOTSUP})


def describe(error: BaseException, *, is_out_of_time: bool = False) -> str:
    """Return what happened, without a word of FFmpeg's own that could hold a password.

    With `is_out_of_time` a header that was cut short is no word on what the camera would have sent.
    """
    words = _words(error)
    return NO_PICTURE if is_out_of_time and words == NO_VIDEO else words


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

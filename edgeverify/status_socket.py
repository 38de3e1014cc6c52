"""The daemon's local door: a unix socket that answers one JSON line with one JSON line.

Request: `{"request": "status"}`, with further keys as arguments. Answer: `{"ok": true,
"result": {...}}` or `{"ok": false, "problem": "...", "advice": "..."}`. The socket lies in the
state directory, which only its owner may enter, and has mode 0600 itself; it never leaves the
machine. Commands that change state go through it while the daemon runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from edgeverify.errors import EXHAUSTED_ADVICE, EdgeverifyError, StateError, exhaustion_of

SOCKET_NAME = "edgeverify.sock"
MAX_REQUEST_BYTES = 64 * 1024
MAX_REQUEST_PARTS = 16
MAX_ANSWER_BYTES = 16 * 1024 * 1024
CLIENT_PATIENCE_SECONDS = 2.0
"""A client that connects and says nothing may hold the socket no longer than this."""
ACCEPT_PAUSE_SECONDS = 0.2

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Handler: TypeAlias = Callable[[Mapping[str, Json]], "dict[str, Json]"]
"""Gets the request's arguments, returns the result; runs in the socket's thread."""


class NoDaemonError(StateError):
    """Nobody listens on the socket."""


class StatusServer:
    """Answers requests in threads of its own until `close`; as many at once as it has threads.

    Raises StateError when the socket cannot be made. A socket left behind by a killed daemon is
    replaced: the caller holds the state directory's lock, so nobody else can be listening.
    """

    def __init__(
        self,
        state: Path,
        handlers: Mapping[str, Handler],
        *,
        name: str = SOCKET_NAME,
        mode: int = 0o600,
        threads: int = 1,
    ) -> None:
        self._path = state / name
        self._handlers = dict(handlers)
        try:
            kind = socket.SOCK_STREAM | socket.SOCK_CLOEXEC
            self._listener = socket.socket(socket.AF_UNIX, kind)
        except OSError as error:
            raise StateError(f"no socket can be made: {error.strerror}") from None
        try:
            self._path.unlink(missing_ok=True)
            with _short_name(self._path) as short:
                self._listener.bind(short)
            self._path.chmod(mode)
            self._listener.listen(64)
            self._identity = _identity_of(self._path)
        except OSError as error:
            self._listener.close()
            raise StateError(
                f"the status socket {self._path} cannot be made: {error.strerror}",
                advice="The state directory must be writable by the daemon's user.",
            ) from None
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, name=f"{name} {number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_there(self) -> bool:
        """True while its name still leads to it: else nobody finds whoever answers.

        In a folder that this process may not enter, where no other could be made, it is kept.
        """
        try:
            return _identity_of(self._path) == self._identity
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True

    def close(self) -> None:
        """Stop answering and remove the socket; may be called twice."""
        if self._closing.is_set():
            return
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=2 * CLIENT_PATIENCE_SECONDS)
        self._listener.close()
        with contextlib.suppress(OSError):
            self._path.unlink()

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                # Such as a full table of open files, for which nobody's request waits to be taken.
                if self._closing.wait(ACCEPT_PAUSE_SECONDS):
                    return
                continue
            with client, contextlib.suppress(OSError):
                client.settimeout(CLIENT_PATIENCE_SECONDS)
                client.sendall(json.dumps(self._answer(client)).encode() + b"\n")

    def _answer(self, client: socket.socket) -> dict[str, Json]:
        try:
            request = json.loads(_read_line(client, MAX_REQUEST_BYTES, MAX_REQUEST_PARTS))
        except (ValueError, RecursionError):
            return _refusal("the request is not one JSON line of at most 64 KiB")
        name = request.get("request") if isinstance(request, dict) else None
        handler = self._handlers.get(name) if isinstance(name, str) else None
        if handler is None:
            known = ", ".join(sorted(self._handlers))
            return _refusal("the daemon does not know this request", f"it knows: {known}")
        try:
            arguments = {key: value for key, value in request.items() if key != "request"}
            return {"ok": True, "result": handler(arguments)}
        except EdgeverifyError as error:
            return _refusal(error.problem, error.advice)
        except Exception as error:  # noqa: BLE001  (a broken handler must not end the socket)
            return _refusal(f"the daemon failed on {name}: {type(error).__name__}")


def _identity_of(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino


def ask(
    state: Path,
    request: str,
    *,
    timeout_seconds: float = 5.0,
    socket_name: str = SOCKET_NAME,
    **arguments: Json,
) -> dict[str, Json]:
    """Ask the daemon that owns the directory `state`, and return its result.

    Raises StateError when no daemon answers there, when this user may not ask it, or when the
    daemon refuses; the refusal's own sentence is passed on.
    """
    path = state / socket_name
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(timeout_seconds)
            with _short_name(path) as name:
                channel.connect(name)
            channel.sendall(json.dumps({"request": request, **arguments}).encode() + b"\n")
            answer = json.loads(_read_line(channel, MAX_ANSWER_BYTES, MAX_ANSWER_BYTES))
    except PermissionError:
        raise StateError(
            f"you may not speak to the daemon at {path}",
            advice="Run this as the daemon's user: sudo -u edgeverify edgeverify ...",
        ) from None
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise NoDaemonError(
            f"no daemon is running with the state directory {state}",
            advice="Start it (systemctl start edgeverify), or name its directory with --state.",
        ) from None
    except (OSError, ValueError) as error:
        if exhausted := exhaustion_of(error):
            raise StateError(
                f"the daemon at {path} cannot be asked: {exhausted.strerror}",
                advice=EXHAUSTED_ADVICE,
            ) from None
        raise StateError(
            f"the daemon at {path} did not answer within {timeout_seconds:g} s",
            advice="Look at its log: journalctl -u 'edgeverify*'.",
        ) from None
    if isinstance(answer, dict) and answer.get("ok") is True:
        result = answer.get("result")
        return result if isinstance(result, dict) else {}
    problem = answer.get("problem") if isinstance(answer, dict) else None
    advice = answer.get("advice") if isinstance(answer, dict) else None
    raise StateError(str(problem or "the daemon gave no answer"), advice=str(advice or ""))


def is_running(state: Path) -> bool:
    """Return whether a daemon listens in this state directory."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(CLIENT_PATIENCE_SECONDS)
            with _short_name(state / SOCKET_NAME) as name:
                channel.connect(name)
    except OSError:
        return False
    return True


def _refusal(problem: str, advice: str = "") -> dict[str, Json]:
    return {"ok": False, "problem": problem, "advice": advice}


def _read_line(channel: socket.socket, max_bytes: int, max_parts: int) -> bytes:
    """Read up to a line feed; ValueError when it is too long, drips, or the other side hung up."""
    received = b""
    for _ in range(max_parts):
        part = channel.recv(65536)
        received += part
        if not part or len(received) > max_bytes:
            break
        if received.endswith(b"\n"):
            return received
    raise ValueError("no complete line")


@contextlib.contextmanager
def _short_name(path: Path) -> Iterator[str]:
    """Yield a name of `path` that fits into a socket address (108 bytes), however deep it lies."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)

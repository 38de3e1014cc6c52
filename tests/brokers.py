"""Real brokers for tests: Mosquitto on a free loopback port; stopped, killed, started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.absent import absent
from tests.ports import free_port
from tests.waiting import patience, until


def mosquitto_path() -> str:
    """Where the broker's program is; a test skips without it, except in CI."""
    found = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        absent("mosquitto is not installed (apt-get install mosquitto)")
    return found


@dataclass
class Mosquitto:
    """One broker with its own folder; the port stays the same over restarts.

    `lines` are appended to its configuration ("allow_anonymous true" alone by default).
    """

    folder: Path
    port: int = field(default_factory=free_port)
    lines: tuple[str, ...] = ("allow_anonymous true",)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Mosquitto:
        """Start it and wait until it accepts connections."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "mosquitto.conf"
        user = ("user root",) if os.geteuid() == 0 else ()
        listener = (f"listener {self.port} 127.0.0.1",)
        config.write_text("\n".join((*listener, *user, *self.lines)) + "\n", encoding="utf-8")
        log = (self.folder / "mosquitto.log").open("ab")
        self.process = subprocess.Popen(
            [mosquitto_path(), "-v", "-c", str(config)], stdout=log, stderr=subprocess.STDOUT
        )
        log.close()
        self.wait_up()
        return self

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Let it hold its connections and answer nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """What it has said so far."""
        return (self.folder / "mosquitto.log").read_text(encoding="utf-8", errors="replace")

    def wait_up(self) -> None:
        """Wait until it takes connections."""
        until(self._is_up, "mosquitto to start")

    def _is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"mosquitto did not start:\n{self.log()}"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGCONT)
                self.process.send_signal(how)
                self.process.wait(patience(10))
            self.process = None


@contextmanager
def mosquitto(folder: Path, *lines: str, port: int = 0) -> Iterator[Mosquitto]:
    """A running broker for the length of a block; port 0: any."""
    broker = Mosquitto(folder, port=port or free_port(), lines=lines or ("allow_anonymous true",))
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


class Proxy:
    """TCP between a client and a broker, which can stop forwarding without closing: half-open."""

    def __init__(self, target_port: int) -> None:
        self._target = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.port = int(self._listener.getsockname()[1])
        self._flows = threading.Event()
        self._flows.set()
        self._stop = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._spawn(self._accept)

    def stall(self) -> None:
        """Take everything, forward nothing, close nothing; new connections are taken too."""
        self._flows.clear()

    def resume(self) -> None:
        """Forward again."""
        self._flows.set()

    def cut(self) -> None:
        """Close all connections that stand."""
        sockets, self._sockets = self._sockets, []
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._stop.set()
        self._flows.set()
        self.cut()
        for thread in self._threads:
            thread.join(patience(5))
        self._listener.close()

    def _spawn(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target), timeout=patience(5))
            except OSError:
                near.close()
                continue
            near.settimeout(0.1)
            far.settimeout(0.1)
            self._sockets += [near, far]
            self._spawn(self._pump, near, far)
            self._spawn(self._pump, far, near)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while not self._stop.is_set():
                try:
                    data = source.recv(65536)
                except TimeoutError:
                    continue
                self._flows.wait()
                if not data:
                    break
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def publish(broker: Mosquitto, topic: str, payload: bytes, *, retain: bool = False) -> None:
    """Send one message by a client that is not ours."""
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", topic, "-q", "1"]
    content = "-s" if payload else "-n"
    subprocess.run([*command, content, *["-r"] * retain], input=payload, check=True)

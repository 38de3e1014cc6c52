"""A camera without a stream: one JPEG for each request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import pytest

from edgeverify.camera.camera import CameraState
from edgeverify.camera.open_camera import open_camera
from edgeverify.camera.source import SnapshotSource, parse_source, public_name
from edgeverify.errors import ConfigError
from edgeverify.settings import CameraSettings
from tests.camera.conftest import scene, wait_for, wait_for_frame

pytestmark = pytest.mark.usefixtures("nothing_leaks")


class _Camera(ThreadingHTTPServer):
    daemon_threads = True
    requests = 0
    is_cut_off = False
    sends_on_to = ""


class _Picture(BaseHTTPRequestHandler):
    server: _Camera

    def do_GET(self) -> None:
        self.server.requests += 1
        if self.server.sends_on_to:
            self.send_response(302)
            self.send_header("Location", self.server.sends_on_to)
            self.end_headers()
            return
        body = cv2.imencode(".jpg", scene(self.server.requests))[1].tobytes()
        if self.server.is_cut_off:
            body = body[: len(body) // 2]
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server() -> Iterator[_Camera]:
    with _Camera(("127.0.0.1", 0), _Picture) as camera:
        thread = threading.Thread(target=camera.serve_forever, args=(0.05,))
        thread.start()
        yield camera
        camera.shutdown()
        thread.join()


def address(server: _Camera) -> str:
    return f"http://user:hunter2@127.0.0.1:{server.server_port}/snapshot.jpg"


@pytest.mark.parametrize("rate", [1.0, 20.0])
def test_each_request_is_a_frame(server: _Camera, rate: float) -> None:
    settings = CameraSettings(source=f"snapshot: {address(server)}", frames_per_second=rate)
    camera = open_camera(settings)
    try:
        frame = wait_for_frame(camera, 0, 20)
        for _ in range(3):
            before, frame = frame, wait_for_frame(camera, frame.sequence, 20)
            assert frame.rgb.shape == (240, 320, 3)
            assert frame.captured_at - before.captured_at >= 0.9 / rate
        assert camera.health().state is CameraState.OK
        assert server.requests >= 4
    finally:
        camera.close()


def test_half_a_picture_is_never_completed_by_the_one_before(server: _Camera) -> None:
    camera = open_camera(CameraSettings(source=f"snapshot: {address(server)}"))
    try:
        wait_for_frame(camera, 0, 20)
        server.is_cut_off = True
        wait_for(camera, CameraState.TORN, 20)
    finally:
        camera.close()


@pytest.mark.parametrize("place", ["file:///etc/passwd", "http://admin:hunter2@127.0.0.1:1/x"])
def test_a_camera_that_sends_on_is_not_followed_and_said_to(server: _Camera, place: str) -> None:
    server.sends_on_to = place
    camera = open_camera(CameraSettings(source=f"snapshot:{address(server)}"))
    try:
        detail = wait_for(camera, CameraState.OFFLINE, 20).detail
        assert "hunter2" not in detail
        assert "redirects to another address" in detail or "refuses the connection" in detail
        assert "transport" not in detail
    finally:
        camera.close()


def test_a_single_picture_watched_as_a_stream_says_what_to_write(server: _Camera) -> None:
    camera = open_camera(CameraSettings(source=address(server)))
    try:
        detail = wait_for(camera, CameraState.OFFLINE, 20).detail
        assert 'Write "snapshot:" before the address' in detail
        assert "hunter2" not in detail
    finally:
        camera.close()


def test_a_snapshot_is_asked_for_over_http(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    source = parse_source("snapshot: https://cam/x.jpg", folder)
    assert source == SnapshotSource("https://cam/x.jpg")
    assert public_name("snapshot: https://me:hunter2@cam/x.jpg").startswith("https://cam:443 (")
    with pytest.raises(ConfigError, match="over http"):
        parse_source("snapshot: rtsp://cam/x", folder)

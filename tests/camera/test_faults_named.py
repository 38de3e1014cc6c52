"""Each fault of a picture, sent by a real HTTP camera, is named within two seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from edgeverify.camera.camera import CameraState
from edgeverify.camera.open_camera import open_camera
from edgeverify.settings import CameraSettings
from tests.camera.conftest import scene, wait_for, wait_for_frame

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nothing_leaks")]


def jpeg(picture: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", picture)[1].tobytes()


def flat(value: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(value, 1.5, (240, 320, 3))
    return np.clip(noise, 0, 255).astype(np.uint8)


class HttpCamera(ThreadingHTTPServer):
    """Motion JPEG, 20 pictures per second, of whatever `shows` says."""

    daemon_threads = True

    def __init__(self) -> None:
        self.shows = CameraState.OK
        super().__init__(("127.0.0.1", 0), _Pictures)

    def picture(self, number: int) -> bytes:
        if self.shows is CameraState.FROZEN:
            return jpeg(scene(1))
        if self.shows is CameraState.TORN:
            whole = jpeg(scene(number))
            return whole[: len(whole) // 2]
        levels = {CameraState.BLACK: 4, CameraState.COVERED: 80, CameraState.OVEREXPOSED: 251}
        if self.shows in levels:
            return jpeg(flat(levels[self.shows], number))
        return jpeg(scene(number))


class _Pictures(BaseHTTPRequestHandler):
    server: HttpCamera

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=part")
        self.end_headers()
        number = 0
        try:
            while True:
                number += 1
                body = self.server.picture(number)
                head = f"--part\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
                self.wfile.write(head.encode() + body + b"\r\n")
                time.sleep(0.05)
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def http_camera() -> Iterator[HttpCamera]:
    server = HttpCamera()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_each_fault_is_named_within_two_seconds_and_forgotten_within_two(
    http_camera: HttpCamera,
) -> None:
    settings = CameraSettings(
        source=f"http://127.0.0.1:{http_camera.server_port}/", frozen_seconds=1.0
    )
    camera = open_camera(settings)
    took = {}
    try:
        wait_for_frame(camera, 0, 15)
        for fault in (
            CameraState.BLACK,
            CameraState.COVERED,
            CameraState.OVEREXPOSED,
            CameraState.TORN,
            CameraState.FROZEN,
        ):
            wait_for(camera, CameraState.OK, 3.0)
            http_camera.shows = fault
            began = time.monotonic()
            assert not wait_for(camera, fault, 2.0).is_usable
            took[fault.value] = round(time.monotonic() - began, 2)
            http_camera.shows = CameraState.OK
            wait_for(camera, CameraState.OK, 2.0)
    finally:
        camera.close()
    print(took)  # noqa: T201

"""A camera's password in any part of its address, and a camera that fails in every way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from edgeverify.camera.camera import CameraState
from edgeverify.camera.open_camera import open_camera
from edgeverify.settings import CameraSettings
from tests.camera.conftest import wait_for
from tests.ports import free_port

pytestmark = pytest.mark.usefixtures("nothing_leaks")
FORMS = (
    "user:hunter2@{host}/video",
    "{host}/user=admin_password=hunter2_channel=1",
    "{host}/video?token=hunter2",
)


class _Unwilling(BaseHTTPRequestHandler):
    """Answers with the status that the server holds, and with text instead of pictures."""

    server: _Server

    def do_GET(self) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f"<h1>{self.path}</h1>".encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _Server(ThreadingHTTPServer):
    status = 200
    daemon_threads = True


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Unwilling) as unwilling:
        thread = threading.Thread(target=unwilling.serve_forever, args=(0.05,))
        thread.start()
        yield unwilling
        unwilling.shutdown()
        thread.join()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("status", "says"),
    [
        (200, "not with a video stream"),
        (401, "refuses the user name or the password"),
        (404, "knows no such path"),
        (500, "an error of its own"),
    ],
)
def test_a_camera_that_refuses_is_said_to_without_the_password(
    server: _Server, form: str, status: int, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server.status = status
    _detail_of("http://" + form, server.server_port, says, caplog)


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
@pytest.mark.parametrize("form", FORMS)
def test_a_camera_that_is_not_there_is_said_to_without_the_password(
    scheme: str, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    _detail_of(f"{scheme}://{form}", free_port(), "refused", caplog)


def _detail_of(form: str, port: int, says: str, caplog: pytest.LogCaptureFixture) -> None:
    camera = open_camera(CameraSettings(source=form.format(host=f"127.0.0.1:{port}")))
    try:
        detail = wait_for(camera, CameraState.OFFLINE, 20).detail
        assert says in detail
        assert f"127.0.0.1:{port}" in detail
        assert "hunter2" not in detail + caplog.text
        assert "video" not in detail.replace("video stream", "")
    finally:
        camera.close()

"""A small HTTP server on loopback that can cut connections, ignore ranges, and count."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """Serves `files` by path. `cut_after` bytes of a body the connection breaks, `cuts` times."""

    files: dict[str, bytes]
    cut_after: int = 0
    cuts: int = 0
    knows_ranges: bool = True
    status: int = 0
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""


@contextmanager
def serving(server: FileServer) -> Iterator[FileServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            server.requests.append((self.path, wanted))
            body = server.files.get(self.path)
            if server.status or body is None:
                self.send_error(server.status or 404)
                return
            start = 0
            if wanted and server.knows_ranges:
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            body = body[start:]
            if server.cuts > 0:
                server.cuts -= 1
                self.wfile.write(body[: server.cut_after])
                self.wfile.flush()
                self.close_connection = True
                return
            self.wfile.write(body)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.address = f"http://127.0.0.1:{http.server_address[1]}"
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()

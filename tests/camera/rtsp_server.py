"""A real RTSP server on loopback, for tests: rtsp_server.py PORT WIDTH HEIGHT HUE RATE.

Run by Debian's own Python (python3-gi, gir1.2-gst-rtsp-server-1.0, the good and ugly plugins). It
prints "ready", serves a moving test picture at /door as video, RATE pictures a second, and ends
when its standard input does, so that it never outlives the test. The picture's noise is the same
at every start, so HUE (-1 to 1) tells one start from another.
"""

import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def main() -> None:
    """Serve until standard input closes."""
    port, width, height, hue, rate = sys.argv[1:6]
    Gst.init(None)
    server = GstRtspServer.RTSPServer(address="127.0.0.1", service=port)
    # H.264 where Debian's "ugly" plugins are, else Motion JPEG.
    encoder = "jpegenc ! rtpjpegpay name=pay0 pt=26"
    if Gst.ElementFactory.find("x264enc"):
        encoder = (
            "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=12"
            " ! rtph264pay name=pay0 pt=96"
        )
    factory = GstRtspServer.RTSPMediaFactory(shared=True)
    factory.set_launch(
        f"( videotestsrc is-live=true"
        f" ! video/x-raw,width={width},height={height},framerate={rate}/1"
        f" ! videobalance hue={hue} ! {encoder} )"
    )
    server.get_mount_points().add_factory("/door", factory)
    if server.attach(None) == 0:
        sys.exit(f"port {port} is taken")
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    print("ready", flush=True)  # noqa: T201
    loop.run()


if __name__ == "__main__":
    main()

"""A real RTSP server on loopback, for tests.

rtsp_server.py PORT WIDTH HEIGHT HUE RATE PICTURES TRANSPORT ENCODER

Run by Debian's own Python (python3-gi, gir1.2-gst-rtsp-server-1.0, the good and ugly plugins). It
prints "ready", serves a moving test picture at /door as video, RATE pictures per second, and ends
when its standard input does, so that it never outlives the test. The picture's noise is the same
at every start, so HUE (-1 to 1) tells one start from another. After PICTURES it sends none any
more, though it answers and keeps the connection; -1 is for ever. TRANSPORT is "any", "tcp" or
"udp". ENCODER is "h264", "jpeg" or "best". A line "FORMAT WIDTH HEIGHT" on its standard input
changes the stream in its middle, as a camera does whose settings are changed.
"""

import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402


def run_dry(_factory: object, media: "GstRtspServer.RTSPMedia", seconds: float) -> None:
    """Hold back every packet of the stream from `seconds` of video on."""

    first: list[int] = []  # an encoder may begin at a thousand hours

    def hold_back(_pad: object, packets: "Gst.PadProbeInfo") -> "Gst.PadProbeReturn":
        packet = packets.get_buffer() or packets.get_buffer_list().get(0)
        if not first:
            first.append(packet.pts)
        is_late = packet.pts - first[0] >= seconds * Gst.SECOND
        return Gst.PadProbeReturn.DROP if is_late else Gst.PadProbeReturn.OK

    kinds = Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST
    media.get_element().get_by_name("pay0").get_static_pad("src").add_probe(kinds, hold_back)


ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=12"
    " ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "jpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26",
}
TRANSPORTS = {
    "any": GstRtsp.RTSPLowerTrans.TCP | GstRtsp.RTSPLowerTrans.UDP,
    "tcp": GstRtsp.RTSPLowerTrans.TCP,
    "udp": GstRtsp.RTSPLowerTrans.UDP,
}


def caps(form: str, width: str, height: str, rate: str) -> "Gst.Caps":
    """Describe raw pictures."""
    words = f"video/x-raw,format={form},width={width},height={height},framerate={rate}/1"
    return Gst.Caps.from_string(words)


def obey(loop: "GLib.MainLoop", running: "list[Gst.Element]", rate: str) -> None:
    """Change the running pipelines at each line; end where the lines do."""
    for line in sys.stdin:
        form, width, height = line.split()
        for pipeline in running:
            pipeline.get_by_name("form").set_property("caps", caps(form, width, height, rate))
    loop.quit()


def main() -> None:
    """Serve until standard input closes."""
    port, width, height, hue, rate, pictures, transport, encoder = sys.argv[1:9]
    Gst.init(None)
    server = GstRtspServer.RTSPServer(address="127.0.0.1", service=port)
    if encoder == "best":  # H.264 where Debian's "ugly" plugins are
        encoder = "h264" if Gst.ElementFactory.find("x264enc") else "jpeg"
    factory = GstRtspServer.RTSPMediaFactory(shared=True)
    factory.set_protocols(TRANSPORTS[transport])
    factory.set_launch(
        f"( videotestsrc is-live=true ! video/x-raw,framerate={rate}/1 ! videobalance hue={hue}"
        f" ! videoconvert ! videoscale ! capsfilter name=form"
        f' caps="{caps("I420", width, height, rate).to_string()}" ! {ENCODERS[encoder]} )'
    )
    if int(pictures) >= 0:
        factory.connect("media-configure", run_dry, int(pictures) / int(rate))
    running: list[Gst.Element] = []
    factory.connect("media-configure", lambda _factory, media: running.append(media.get_element()))
    server.get_mount_points().add_factory("/door", factory)
    if server.attach(None) == 0:
        sys.exit(f"port {port} is taken")
    loop = GLib.MainLoop()
    threading.Thread(target=obey, args=(loop, running, rate), daemon=True).start()
    print("ready", flush=True)  # noqa: T201
    loop.run()


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""A network camera of a test: GStreamer's RTSP server with its test picture.

Writes the stream's URL to the file named by the argument. Exits with 77 when
python3-gi or gir1.2-gst-rtsp-server-1.0 is missing.
"""
import os
import sys

try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer
except (ImportError, ValueError):
    sys.exit(77)

Gst.init(None)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    "( videotestsrc is-live=true"
    " ! video/x-raw,format=I420,width=320,height=240,framerate=20/1"
    " ! jpegenc ! rtpjpegpay name=pay0 )"
)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
server.get_mount_points().add_factory("/camera", factory)
server.attach(None)
url_file = sys.argv[1]
with open(url_file + ".part", "w", encoding="utf-8") as file:
    file.write(f"rtsp://user:secret@127.0.0.1:{server.get_bound_port()}/camera")
os.rename(url_file + ".part", url_file)
GLib.MainLoop().run()

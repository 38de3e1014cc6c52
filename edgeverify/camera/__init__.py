"""Cameras: from a line in the YAML to a slot that holds the newest frame.

`open_camera.open_camera` opens one. Nothing is imported here: the capture process, which starts
again whenever a camera is opened, comes through this package too and must stay quick and small.
"""

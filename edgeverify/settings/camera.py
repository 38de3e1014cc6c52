"""`camera:`, `vision:`, `quality:`, `model:`: from light to a face, and what compares it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from edgeverify.settings.section import Section, require_below

DEFAULT_BUNDLE = "sface"
"""The model of a door that names none; made when it is first needed."""


class ModelSettings(Section):
    """The model bundle and its inference back end."""

    bundle: str = Field(default=DEFAULT_BUNDLE, min_length=1)
    """A name from `edgeverify models list`, or the path of a bundle folder, from this file's folder
    on. `model: NAME` alone is the short form."""
    accept_weak: bool = False
    """Let the door run a bundle that is marked as unfit for a door (`edgeverify models list`)."""
    runtime: Literal["auto", "tensorrt", "onnxruntime-cuda", "onnxruntime-cpu"] = "auto"
    """`auto` takes the first that works, in this order, and says which; a named one must work,
    for the liveness networks too."""
    precision: Literal["auto", "fp32", "fp16", "int8"] = "auto"
    """`auto`: FP16 on a GPU, FP32 on a CPU. For the embedder alone; the liveness networks always
    follow `auto`."""
    threads: int = Field(default=0, ge=0, le=64)
    """CPU threads for one inference; 0: as many as there are cores, at most 4."""
    cuda_graph: bool = False
    """TensorRT: record the inference once and replay it; used only if it gives the same answer."""
    owner_key_file: str = ""
    """Ed25519 public key (PEM). When set, only bundles signed by it are accepted."""
    pad_bundle: str = Field(default="minifasnet", min_length=1)
    """The presentation attack detection bundle: a name or a folder; used when installed."""


class CameraSettings(Section):
    """Where frames come from and when the camera counts as broken."""

    source: str = "/dev/video0"
    """A V4L2 device ("/dev/video0", "/dev/v4l/by-id/..."), an index ("0"), a video file, an
    "rtsp://" or "http(s)://" address, "snapshot:" and an http(s) address that gives one JPEG for
    each request, or a GStreamer pipeline beginning with "gst:". In an address, each of / # ? @ : %
    in a user name, password, path or token is percent-encoded."""
    width: int = Field(default=1280, ge=160, le=7680)
    """Width of the picture that is asked of the camera, in pixels."""
    height: int = Field(default=720, ge=120, le=4320)
    """Height of the picture that is asked of the camera, in pixels."""
    frames_per_second: float = Field(default=15.0, ge=1, le=120)
    """Asked of the camera, and the rate at which the door looks while nobody has claimed."""
    rotate: Literal[0, 90, 180, 270] = 0
    """Degrees clockwise by which the picture is turned, for a camera that is mounted on its side or
    upside down. `width` and `height` are those before it."""
    mirror: bool = False
    """Exchange left and right, for a camera that gives a mirrored picture."""
    transport: Literal["auto", "tcp", "udp"] = "auto"
    """RTSP only: how pictures travel. `auto` takes TCP, and UDP from a camera that offers nothing
    else; a lost UDP packet tears the picture."""
    loop: bool = False
    """Files only: begin again at the end."""
    pace: Literal["realtime", "lockstep"] = "realtime"
    """Files only: at the video's own speed, or each frame waits until the last was consumed."""
    open_timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    """How long opening the camera may take before it is tried again."""
    stalled_seconds: float = Field(default=1.6, ge=0.5, le=60)
    """No new frame for this long: `stalled`, so that it is named within two seconds. A camera of
    `frames_per_second` 1 is given 1.5 seconds at least."""
    frozen_seconds: float = Field(default=10.0, ge=1, le=3600)
    """Identical pixels for this long: `frozen`. Files are exempt."""
    black_below: float = Field(default=12.0, ge=0, le=255)
    """Mean grey value, 0 to 255, below which the picture is `black`."""
    overexposed_above: float = Field(default=243.0, ge=0, le=255)
    """Mean grey value, 0 to 255, above which the picture is `overexposed`."""
    covered_below: float = Field(default=6.0, ge=0, le=255)
    """Standard deviation of the grey values below which the lens is `covered`."""
    reference_picture: bool = False
    """Keep a daily small grey picture of the empty scene; a moved camera raises `camera_moved`."""

    @model_validator(mode="after")
    def _some_picture_is_good(self) -> Self:
        require_below(self, "black_below", "overexposed_above", "no picture could ever be good")
        return self


class VisionSettings(Section):
    """Finding the face."""

    min_detection_confidence: float = Field(default=0.5, gt=0, lt=1)
    """The face detector's own confidence, 0 to 1, below which it saw nothing."""
    dominance_ratio: float = Field(default=1.5, ge=1, le=10)
    """One face's eye distance must be this many times any other's, else `multiple_faces`."""


class QualitySettings(Section):
    """What a live face must be like before it is compared."""

    min_eye_distance_pixels: float = Field(default=36.0, ge=10, le=1000)
    """Between the centres of the eyes, in the frame. Below: "move closer"."""
    max_yaw_degrees: float = Field(default=30.0, gt=0, le=90)
    """Turned to the side. Above: "look at the camera"."""
    max_pitch_degrees: float = Field(default=25.0, gt=0, le=90)
    """Looking up or down."""
    max_roll_degrees: float = Field(default=30.0, gt=0, le=90)
    """Head tilted to a shoulder."""
    min_sharpness: float = Field(default=20.0, ge=0)
    """Variance of the Laplacian of the grey face, scaled to 112 pixels; 0 switches it off."""
    min_brightness: float = Field(default=25.0, ge=0, le=255)
    """Mean grey value of the face. Below: "too dark"."""
    max_brightness: float = Field(default=220.0, ge=0, le=255)
    """Mean grey value of the face. Above: "too bright"."""
    min_contrast: float = Field(default=15.0, ge=0, le=128)
    """Standard deviation of the face's grey values."""
    min_border_pixels: float = Field(default=2.0, ge=-1000, le=1000)
    """Distance from the face's mesh to the nearest border of the frame."""
    min_eye_light: float = Field(default=0.45, ge=0, le=2)
    """Light on the skin below the eyes, by that on the cheeks. Below: "take off your sunglasses"; 0
    switches it off."""
    max_mouth_difference: float = Field(default=0.045, ge=0, le=1)
    """How far mouth and chin differ in colour from the skin above them, where no lips show. Above:
    "uncover your mouth and nose"; 1 switches it off."""

    @model_validator(mode="after")
    def _some_face_is_bright_enough(self) -> Self:
        require_below(self, "min_brightness", "max_brightness", "nobody could ever enter")
        return self

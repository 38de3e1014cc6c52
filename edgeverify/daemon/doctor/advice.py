"""What to do about each fault, by the name that the door is degraded by.

The same names stand in docs/operations.md with their meaning; a test holds both to the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_LENS = "Look at the lens, and from where it looks: `edgeverify aim` shows what the camera sees"
_ACL = "Give the door's user its topics in the broker's ACL: config/mosquitto/ has one that fits"
_PHOTOS = "See the status for who and why, and give them better photos"
_SPACE = "Free space on the disk of the state, or mend it: the door is back within seconds"
_PAD = "Fetch it again: edgeverify models fetch minifasnet"
_SENSOR = "Look at the machine's sensors (`sensors`); the door goes on at the pace it had"
_BACK_END = "The door runs on the next back end; the sentence says what this one lacks"

ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "camera_starting": "Wait ten seconds, and look again",
        "camera_offline": "Is it plugged in and named right, and may this user read it "
        "(group video)? It is tried again for ever",
        "camera_stalled": "Look at its network or USB cable; it is opened again by itself",
        "camera_frozen": "Restart the camera: its picture stands still, or it plays a loop",
        "camera_black": "Take the cap off the lens, or give it light",
        "camera_covered": _LENS,
        "camera_overexposed": "Keep sun and lamps out of the lens, or set its exposure",
        "camera_torn": "Look at its cable or network: the pictures arrive broken",
        "camera_ended": "Set camera.loop: true, or name a camera in camera.source",
        "camera_moved": "Turn it back; if it was meant, remove scene.png from the state directory",
        "broker_unreachable": "Is it running, and are mqtt.host and mqtt.port right? History "
        "waits in the journal",
        "broker_silent": "Restart the broker or look at the network: the connection stands, and "
        "nothing comes back",
        "broker_refused": "The broker's own log says more; the sentence has its words",
        "broker_refused_credentials": "Set mqtt.username and mqtt.password_file to what the broker "
        "knows (mosquitto_passwd)",
        "broker_session_taken_over": "Two programs call themselves this door: each needs its own "
        "`door:`",
        "broker_certificate": "Set mqtt.tls.ca_file to what signed the broker's certificate, and "
        "see that the clock is right",
        "broker_tls": "Does this port speak TLS, and does mqtt.tls.enabled say so?",
        "broker_refuses_messages": _ACL,
        "broker_refuses_claims": _ACL,
        "journal_unavailable": _SPACE,
        "journal_replaced": "Keep the file for an expert, then move it out of the state directory",
        "journal_oversized": "Mend the connection to the broker: what it has not taken is kept",
        "history_stuck": "Let the door publish on its `audit` topic (ACL), and give the broker's "
        "disk space",
        "references_in_memory": _SPACE,
        "references_replaced": "Keep the file for an expert, then remove it: it holds references",
        "model_unavailable": "The log says why; `edgeverify models list` shows what is installed",
        "onnxruntime-cuda": _BACK_END,
        "tensorrt": _BACK_END,
        "onnxruntime-cpu": "Install the release again: no back end is left",
        "pad_broken": _PAD,
        "pad_unmeasured": "Set pad.threshold, or fetch a bundle that was measured: edgeverify "
        "models fetch minifasnet",
        "liveness_unavailable": _PAD,
        "liveness_off": "Remove `liveness: off`: a photo of a colleague opens this door",
        "threshold_by_hand": "Take decision.threshold out; or measure: edgeverify calibrate",
        "clock_unsynced": "Set the clock and keep it set (timedatectl set-ntp true); where it is "
        "right: edgeverify clock accept",
        "temperature_unknown": _SENSOR,
        "temperature_sensor_dead": _SENSOR,
        "hot": "Give it shade and air: it looks less often while nobody has claimed",
        "overheated": "Let it cool: it opens by itself when it has",
        "config_rejected": "edgeverify check-config FILE shows every mistake; the old config is in "
        "force",
        "restart_needed": "systemctl restart edgeverify",
        "enrolment_failed": "The sentence says why; then: edgeverify reload",
        "enrolment_incomplete": _PHOTOS,
        "status_socket_unavailable": _SPACE,
        "internal_error": "Please report it, with a support bundle: edgeverify diagnose -o FILE",
    }
)

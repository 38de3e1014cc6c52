"""Every name that a door can be degraded by: what it means, who may still come in, what to do.

The table in docs/operations.md is printed by `python -m edgeverify.domain.fault_name`.
"""

from __future__ import annotations

import sys

from edgeverify.domain.described_word import DescribedWord, table
from edgeverify.domain.fault_advice import ACL, BACK_END, CONFINE, LENS, PAD, REFUSED, SENSOR, SPACE


class FaultName(DescribedWord):
    """Everything that a door can be degraded by: word, meaning and grants, and then the advice."""

    CAMERA_STARTING = (
        ("camera_starting", "the camera has not given a frame yet", "no"),
        "Wait ten seconds, then look again.",
    )
    CAMERA_OFFLINE = (
        ("camera_offline", "it cannot be opened; it is tried again for ever", "no"),
        "Look at its plug and its name, and whether this user may read it (group video).",
    )
    CAMERA_STALLED = (
        ("camera_stalled", "no new frame for `camera.stalled_seconds`", "no"),
        "Look at its network or USB cable; it is opened again by itself.",
    )
    CAMERA_FROZEN = (
        ("camera_frozen", "identical pixels for `camera.frozen_seconds`", "no"),
        "Restart the camera: its picture stands still, or it plays a loop.",
    )
    CAMERA_BLACK = (
        ("camera_black", "no light, or the lens cap", "no"),
        "Take the cap off the lens, or switch on a light.",
    )
    CAMERA_COVERED = (("camera_covered", "its picture has no structure", "no"), LENS)
    CAMERA_OVEREXPOSED = (
        ("camera_overexposed", "its picture is nothing but white", "no"),
        "Keep sun and lamps out of the lens, or set its exposure.",
    )
    CAMERA_TORN = (
        ("camera_torn", "its pictures arrive broken", "no"),
        "Look at its cable or network; over UDP, set `camera.transport: tcp`.",
    )
    CAMERA_ENDED = (
        ("camera_ended", "the video file has ended", "no"),
        "Set `camera.loop: true`, or name a camera in `camera.source`.",
    )
    CAMERA_MOVED = (
        ("camera_moved", "it shows another scene than the daily picture", "yes"),
        "Turn it back; if it was meant, remove scene.png from the state directory.",
    )
    CAMERA_MONOCHROME = (
        (
            "camera_monochrome",
            "its pictures have no colour, and passive liveness was chosen by hand",
            "yes, but live people are refused more often (11 of 56 windows)",
        ),
        "Write `liveness: auto`, which then asks for a challenge, or give the scene more light.",
    )
    CAMERA_UNCONFINED = (
        ("camera_unconfined", "the process that decodes it can reach more than the camera", "yes"),
        CONFINE,
    )
    BROKER_UNREACHABLE = (
        ("broker_unreachable", "no connection; tried again within seconds", "no"),
        "Is it running? Are `mqtt.host` and `mqtt.port` right? History waits in the journal.",
    )
    BROKER_SILENT = (
        ("broker_silent", "connected, but nothing comes back", "no"),
        "Restart the broker, or look at the network.",
    )
    BROKER_REFUSED = (
        ("broker_refused", "the broker refuses the connection, in its own words", "no"),
        "Look at the broker's own log; the fault's detail has its words.",
    )
    BROKER_REFUSED_CREDENTIALS = (
        ("broker_refused_credentials", "wrong user or password", "no"),
        "Set `mqtt.username` and `mqtt.password_file` to what the broker knows.",
    )
    BROKER_SESSION_TAKEN_OVER = (
        (
            "broker_session_taken_over",
            "another client speaks as this door, or uses its login",
            "now and then",
        ),
        "Give each daemon its own `door:`, and each program its own login.",
    )
    BROKER_CERTIFICATE = (
        ("broker_certificate", "its certificate is not trusted", "no"),
        "Set `mqtt.tls.ca_file` to what signed its certificate, and look at the clock.",
    )
    BROKER_TLS = (
        ("broker_tls", "TLS fails for another reason", "no"),
        "Does this port speak TLS, and does `mqtt.tls.enabled` say so?",
    )
    BROKER_REFUSES_MESSAGES = (
        (
            "broker_refuses_messages",
            "it accepts the connection, but not every message of the door",
            "where decisions are taken",
        ),
        ACL + " If a message is too long for it, the fault's detail says which was dropped.",
    )
    BROKER_REFUSES_CLAIMS = (
        ("broker_refuses_claims", "the door may not subscribe to the claim topic", "no"),
        ACL,
    )
    BROKER_MESSAGE_TOO_LONG = (
        ("broker_message_too_long", "it keeps a message that is longer than a door reads", "yes"),
        "Clear it (`mosquitto_pub -r -n -t TOPIC`), and find out who may write to that topic.",
    )
    JOURNAL_UNAVAILABLE = (("journal_unavailable", "a decision cannot be committed", "no"), SPACE)
    JOURNAL_REPLACED = (
        ("journal_replaced", "it was damaged and moved aside; a new one was begun", "yes"),
        "Keep the file for an expert, then move it out of the state directory.",
    )
    JOURNAL_CHANGED = (
        (
            "journal_changed",
            "lock-outs, clock or similar in the journal were changed, and not by this door",
            "yes, as the file now says",
        ),
        "Find out who may write to the state; look at lock-outs and clock. Ends at the next start.",
    )
    JOURNAL_OVERSIZED = (
        ("journal_oversized", "it is larger than `journal.max_mebibytes`", "yes"),
        "Repair the connection to the broker (unsent history is kept), or end the flood of claims.",
    )
    READER_UNAVAILABLE = (
        ("reader_unavailable", "a card reader is away; it is tried for ever", "by other sources"),
        "Look at its plug, its name and its rights; the fault's detail says which reader and why.",
    )
    PANEL_UNAVAILABLE = (
        ("panel_unavailable", "the panel of `osdp_reader` does not answer", "no"),
        "Look at the wires, the panel's power, and its address, speed and key for this reader.",
    )
    PANEL_WITHOUT_SECURE_CHANNEL = (
        ("panel_without_secure_channel", "whoever reaches its wire can repeat a card", "yes"),
        "Give the panel and `osdp_reader.key_file` one key instead of `accept_no_secure_channel`.",
    )
    SIGNALS_UNAVAILABLE = (
        ("signals_unavailable", "LEDs or buzzer cannot be switched; they are tried again", "yes"),
        "Look at the chip, the lines and the service's rights; the fault's detail says why.",
    )
    HISTORY_STUCK = (
        ("history_stuck", "history waits although the broker is connected", "yes"),
        "Let the door's login publish on `audit`, and free space on the broker's disk.",
    )
    REFERENCES_IN_MEMORY = (
        (
            "references_in_memory",
            "their file cannot be opened; they were made again from the photos, in memory",
            "while the journal works",
        ),
        SPACE,
    )
    REFERENCES_REPLACED = (
        (
            "references_replaced",
            "the references were damaged; they were moved aside and made again from the photos",
            "yes",
        ),
        "Keep the file for an expert, then remove it: it holds references.",
    )
    SIGNING_KEY_REPLACED = (
        (
            "signing_key_replaced",
            "the signing key has gone without a rotation, and another one signs",
            "yes, but no lock that has the old key opens",
        ),
        "Restore signing-keys.json from a backup; or give each lock the new key, then rotate it.",
    )
    STATE_CHANGED = (
        (
            "state_changed",
            "a file of the state was changed or taken away, and not by this door",
            "yes, as the file now says",
        ),
        "Find out who may write there; put back what is gone. Otherwise it ends at the next start.",
    )
    STATE_OLDER = (
        ("state_older", "the door has decided more before than its state knows of", "yes"),
        "Put the newer state back if there is one; else decisions are missing in this journal.",
    )
    OPEN_FILES_EXHAUSTED = (
        (
            "open_files_exhausted",
            "the process has as many files open as it may",
            "while nothing new has to be opened",
        ),
        "Look for what holds them (`ls -l /proc/PID/fd`); raise LimitNOFILE= of the service.",
    )
    THRESHOLD_HELD = (
        (
            "threshold_held",
            "the model's operating points are looser than this door was set up with",
            "yes, by the stricter threshold",
        ),
        "If you measured again, accept them as the fault's detail says; else restore the bundle.",
    )
    MODEL_UNAVAILABLE = (
        ("model_unavailable", "the network cannot run", "no"),
        "Look at the log, which says why; `edgeverify models list` shows what is installed.",
    )
    ONNXRUNTIME_CUDA = (("onnxruntime-cuda", REFUSED, "yes"), BACK_END)
    TENSORRT = (("tensorrt", REFUSED, "yes"), BACK_END)
    ONNXRUNTIME_CPU = (
        ("onnxruntime-cpu", "no back end is left", "no"),
        "Install the release again: no back end is left.",
    )
    PAD_BROKEN = (("pad_broken", "the liveness bundle cannot be used", "no"), PAD)
    PAD_UNMEASURED = (
        ("pad_unmeasured", "the liveness bundle has no operating point", "no"),
        "Set `pad.threshold`, or fetch a measured one: `edgeverify models fetch minifasnet`.",
    )
    LIVENESS_UNAVAILABLE = (
        ("liveness_unavailable", "`liveness` asks for a bundle that is missing or broken", "no"),
        PAD,
    )
    LIVENESS_OFF = (
        ("liveness_off", "liveness was switched off by hand: a photo opens the door", "yes"),
        "Remove `liveness: off`: a photo of a colleague opens this door.",
    )
    MODEL_WEAK = (
        ("model_weak", "the network is no good at a door; `model.accept_weak` takes it", "yes"),
        "Take another network (`edgeverify models list` shows them), then remove the key.",
    )
    THRESHOLD_BY_HAND = (
        ("threshold_by_hand", "no measured false match rate stands behind the threshold", "yes"),
        "Take `decision.threshold` out, or measure with `edgeverify calibrate`.",
    )
    RATE_NOT_HELD = (
        ("rate_not_held", "a group of people was confused more often than is promised", "yes"),
        (
            "Write a `decision.max_fmr` or `decision.group_factor` that was held (see `edgeverify "
            "models inspect`), or measure with `edgeverify calibrate` on your own people."
        ),
    )
    CLOCK_UNSYNCED = (
        ("clock_unsynced", "the wall clock cannot be trusted", "no"),
        (
            "Set it (`timedatectl set-ntp true`), or accept it until the next boot: `edgeverify "
            "clock accept`. A door without a time server: `clock.allow_unsynced: true`."
        ),
    )
    TEMPERATURE_UNKNOWN = (
        ("temperature_unknown", "no temperature can be believed", "yes"),
        SENSOR,
    )
    TEMPERATURE_SENSOR_DEAD = (
        ("temperature_sensor_dead", "one of several sensors is dead", "yes"),
        SENSOR,
    )
    HOT = (
        ("hot", "the door looks less often while nobody has claimed", "yes"),
        "Give the machine shade and air.",
    )
    OVERHEATED = (
        ("overheated", "the door is suspended by heat", "no"),
        "Let the machine cool: the door then opens by itself.",
    )
    CONFIG_REJECTED = (
        ("config_rejected", "the new config is broken, the old one is in force", "yes"),
        "Run `edgeverify check-config FILE`: it shows every mistake. The old config is in force.",
    )
    RESTART_NEEDED = (
        ("restart_needed", "a changed section is read only at start", "yes"),
        "Restart the service: `systemctl restart edgeverify`.",
    )
    ENROLMENT_FAILED = (
        (
            "enrolment_failed",
            "the store or the model failed while photos were enrolled",
            "those who were enrolled before",
        ),
        "Correct what the fault's detail names, then run `edgeverify reload`.",
    )
    ENROLMENT_INCOMPLETE = (
        ("enrolment_incomplete", "some photos could not be enrolled", "the others"),
        "Run `edgeverify status`, which says whose photos and why; replace these photos.",
    )
    STATUS_SOCKET_UNAVAILABLE = (
        ("status_socket_unavailable", "no local socket: `edgeverify status` gets no answer", "yes"),
        SPACE,
    )
    PAGE_UNAVAILABLE = (
        ("page_unavailable", "`web.enabled` is true and the local page is not there", "yes"),
        "Start it (`systemctl start edgeverify-web@DOOR`); its log says why it ended.",
    )
    INTERNAL_ERROR = (
        ("internal_error", "a turn of the loop failed; the log has the traceback", "no, that turn"),
        "Please report it, with a support bundle: `edgeverify diagnose -o FILE`.",
    )


if __name__ == "__main__":
    sys.stdout.write(table(FaultName))

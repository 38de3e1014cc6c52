"""Figures for Prometheus: a registry of our own, served on loopback or written to a textfile.

Everything is counted whether or not anybody looks, which costs microseconds; only `serve` and
`write_textfile` show it. No label ever carries a card, a name or a score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)

from edgeverify.atomic_file import PUBLIC_FILE, write_whole
from edgeverify.domain import Decision, Observation, Reason
from edgeverify.errors import EdgeverifyError

STAGE_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
DECISION_BUCKETS = (0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


class Metrics:
    """What happened at this door since the daemon started. Thread-safe; seconds and degrees."""

    def __init__(self, *, door: str, version: str, opened_by_panel: bool = False) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        Gauge(
            "edgeverify_info", "1; which door and release this is", ["door", "version"], registry=r
        ).labels(door, version).set(1)
        Gauge(
            "edgeverify_opened_by_panel",
            "1 where an access-control panel decides after a grant",
            registry=r,
        ).set(int(opened_by_panel))
        self._decisions = Counter(
            "edgeverify_decisions", "Decisions", ["outcome", "reason"], registry=r
        )
        self._decision_seconds = Histogram(
            "edgeverify_decision_seconds",
            "Claim to decision",
            ["outcome"],
            buckets=DECISION_BUCKETS,
            registry=r,
        )
        self._stages = Histogram(
            "edgeverify_stage_seconds", "One stage", ["stage"], buckets=STAGE_BUCKETS, registry=r
        )
        self._refused = Counter(
            "edgeverify_claims_refused", "Claims never acted on", ["why"], registry=r
        )
        self._reconnects = Counter(
            "edgeverify_reconnects", "Times a part came back", ["part"], registry=r
        )
        for part in ("camera", "broker"):
            self._reconnects.labels(part)  # a rate needs a beginning: 0, not nothing
        for why in ("refused", "flooded", "not_a_source"):
            self._refused.labels(why)
        self._frame_age = Gauge(
            "edgeverify_frame_age_seconds", "Age of the newest frame", registry=r
        )
        self._queues = Gauge("edgeverify_queue_length", "Entries waiting", ["queue"], registry=r)
        self._temperature = Gauge(
            "edgeverify_temperature_celsius", "Smoothed", ["sensor"], registry=r
        )
        self._level = Gauge(
            "edgeverify_thermal_level", "0 full, 1 half, 2 slow, 3 suspended", registry=r
        )
        self._degraded = Gauge(
            "edgeverify_degraded", "1 while this part is degraded", ["name"], registry=r
        )
        self._degraded_names: set[str] = set()

    def decided(self, decision: Decision, seconds: float) -> None:
        """Count a decision that took `seconds` from its claim."""
        self._decisions.labels(decision.outcome.value, decision.reason.value).inc()
        self._decision_seconds.labels(decision.outcome.value).observe(seconds)

    def observed(self, observation: Observation) -> None:
        """Count the stages of one frame."""
        for stage, milliseconds in observation.stage_milliseconds:
            self.stage(stage, milliseconds / 1000)

    def stage(self, name: str, seconds: float) -> None:
        """Count one stage, such as `detect`, `commit` or `publish`."""
        self._stages.labels(name).observe(seconds)

    def claim_refused(self, why: Reason | str) -> None:
        """Count a claim that was malformed, replayed, retained or stale."""
        self._refused.labels(why.value if isinstance(why, Reason) else why).inc()

    def reconnected(self, part: str) -> None:
        """Count that `camera` or `broker` came back."""
        self._reconnects.labels(part).inc()

    def set_frame_age(self, seconds: float) -> None:
        """Set how old the newest frame is."""
        self._frame_age.set(seconds)

    def set_queue(self, queue: str, length: int) -> None:
        """Set how many entries wait in `outbox` or another queue."""
        self._queues.labels(queue).set(length)

    def set_heat(self, level: int, celsius: Mapping[str, float]) -> None:
        """Set the governor's level and each living sensor's smoothed temperature."""
        self._level.set(level)
        self._temperature.clear()
        for sensor, value in celsius.items():
            self._temperature.labels(sensor).set(value)

    def set_degraded(self, names: Iterable[str]) -> None:
        """Set what is degraded now; what no longer is shows 0, so that an alarm can end."""
        now = set(names)
        for name in self._degraded_names | now:
            self._degraded.labels(name).set(1 if name in now else 0)
        self._degraded_names |= now

    def text(self) -> str:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry).decode()

    def write_textfile(self, path: Path) -> None:
        """Write `text` whole or not at all, for the node exporter's textfile collector."""
        write_whole(path, self.text().encode(), mode=PUBLIC_FILE, is_durable=False)


class MetricsServer:
    """Serves a registry on a loopback port until `close`.

    Raises EdgeverifyError when the port is taken.
    """

    def __init__(self, metrics: Metrics, port: int) -> None:
        try:
            self._server, self._thread = start_http_server(
                port, addr="127.0.0.1", registry=metrics.registry
            )
        except OSError as error:
            raise EdgeverifyError(
                f"the metrics port {port} cannot be opened: {error.strerror}",
                advice="Set metrics.port to a free port, or to 0 to switch metrics off.",
            ) from None

    @property
    def port(self) -> int:
        """The port that was opened, also where 0 asked for any."""
        return int(self._server.server_port)

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

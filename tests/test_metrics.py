"""What Prometheus gets to see, over a real loopback port and as a textfile."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from edgeverify.domain import Decision, Outcome, Reason
from edgeverify.errors import EdgeverifyError
from edgeverify.metrics import Metrics, MetricsServer


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(door="front-door", version="1.2.3")


def values(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name.removeprefix("edgeverify_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def decision(outcome: Outcome, reason: Reason) -> Decision:
    return Decision(claim_id="c1", card="0012345", outcome=outcome, reason=reason, score=0.71)


def test_decisions_are_counted_by_outcome_and_reason(metrics: Metrics) -> None:
    metrics.decided(decision(Outcome.GRANT, Reason.MATCH), 0.9)
    metrics.decided(decision(Outcome.DENY, Reason.NON_MATCH), 2.0)
    metrics.decided(decision(Outcome.DENY, Reason.NON_MATCH), 2.0)
    seen = values(metrics.text())
    assert seen["decisions_total", "grant", "match"] == 1
    assert seen["decisions_total", "deny", "non_match"] == 2
    assert seen["decision_seconds_count", "deny"] == 2


def test_what_has_not_happened_yet_is_nought_and_not_absent(metrics: Metrics) -> None:
    """`rate()` over a counter that begins with its first event never sees that event."""
    seen = values(metrics.text())
    assert seen["reconnects_total", "camera"] == seen["reconnects_total", "broker"] == 0
    assert seen["claims_refused_total", "refused"] == 0


def test_no_card_and_no_score_is_shown(metrics: Metrics) -> None:
    metrics.decided(decision(Outcome.GRANT, Reason.MATCH), 0.9)
    assert "0012345" not in metrics.text()
    assert "0.71" not in metrics.text()


def test_the_state_of_the_door(metrics: Metrics) -> None:
    metrics.stage("detect", 0.006)
    metrics.claim_refused("replayed")
    metrics.reconnected("broker")
    metrics.set_frame_age(0.05)
    metrics.set_queue("outbox", 17)
    metrics.set_heat(1, {"cpu-thermal": 73.5})
    seen = values(metrics.text())
    assert seen["stage_seconds_sum", "detect"] == pytest.approx(0.006)
    assert seen["claims_refused_total", "replayed"] == 1
    assert seen["reconnects_total", "broker"] == 1
    assert seen["frame_age_seconds",] == pytest.approx(0.05)
    assert seen["queue_length", "outbox"] == 17
    assert seen["temperature_celsius", "cpu-thermal"] == 73.5
    assert seen["thermal_level",] == 1
    assert seen["info", "front-door", "1.2.3"] == 1


def test_a_fault_that_is_over_shows_zero_so_that_its_alarm_can_end(metrics: Metrics) -> None:
    metrics.set_degraded(["camera_stalled"])
    metrics.set_degraded([])
    assert values(metrics.text())["degraded", "camera_stalled"] == 0


def test_a_dead_sensor_shows_no_temperature_at_all(metrics: Metrics) -> None:
    metrics.set_heat(0, {"cpu-thermal": 50.0})
    metrics.set_heat(0, {})
    assert ("temperature_celsius", "cpu-thermal") not in values(metrics.text())


def test_the_port_is_open_on_loopback_only_and_closes(metrics: Metrics) -> None:
    server = MetricsServer(metrics, 0)
    try:
        answer = httpx.get(f"http://127.0.0.1:{server.port}/metrics", trust_env=False)
        assert answer.status_code == 200
        assert values(answer.text)["info", "front-door", "1.2.3"] == 1
        assert server._server.server_address[0] == "127.0.0.1"
        port = server.port
    finally:
        server.close()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_taken_port_is_said_in_a_sentence(metrics: Metrics) -> None:
    first = MetricsServer(metrics, 0)
    try:
        with pytest.raises(EdgeverifyError, match=r"metrics port \d+ cannot be opened"):
            MetricsServer(metrics, first.port)
    finally:
        first.close()


def test_a_textfile_is_replaced_whole(metrics: Metrics, tmp_path: Path) -> None:
    path = tmp_path / "edgeverify.prom"
    path.write_text("old")
    metrics.write_textfile(path)
    assert values(path.read_text())["info", "front-door", "1.2.3"] == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["edgeverify.prom"]
    assert path.stat().st_mode & 0o777 == 0o644

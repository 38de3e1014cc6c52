"""What stands in docs/integrations names what the door really has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import cast

import yaml

from edgeverify.domain import Outcome, Reason
from edgeverify.events import Topics
from edgeverify.metrics import Metrics
from tests.integrations.conftest import FILES

METRIC = re.compile(r"\bedgeverify_\w+")
REASON = re.compile(r'reason="(\w+)"')
OUTCOME = re.compile(r'outcome="(\w+)"')


def _dashboard_expressions() -> Iterator[str]:
    board = json.loads((FILES / "grafana-dashboard.json").read_text("utf-8"))
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def _alert_expressions() -> Iterator[str]:
    rules = yaml.safe_load((FILES / "prometheus-alerts.yaml").read_text("utf-8"))
    for rule in rules["groups"][0]["rules"]:
        assert rule["annotations"]["summary"].startswith("{{ $labels.instance }}: ")
        yield rule["expr"]


def test_every_expression_asks_for_figures_that_a_door_has() -> None:
    shown = Metrics(door="front-door", version="1").registry.collect()
    names = {
        family.name + suffix
        for family in shown
        for suffix in ("", "_total", "_bucket", "_sum", "_count")
    }
    expressions = [*_dashboard_expressions(), *_alert_expressions()]
    assert len(expressions) > 15
    for expression in expressions:
        wanted = set(METRIC.findall(expression))
        assert wanted, expression
        assert wanted <= names, expression
        assert set(REASON.findall(expression)) <= {one.value for one in Reason}, expression
        assert set(OUTCOME.findall(expression)) <= {one.value for one in Outcome}, expression


def test_every_wire_of_the_flow_ends_at_a_node_and_every_topic_is_a_doors() -> None:
    flow = json.loads((FILES / "node-red-flow.json").read_text("utf-8"))
    ids = {node["id"] for node in flow}
    assert len(ids) == len(flow)
    topics = Topics("+")
    for node in flow:
        ends = {to for wires in cast("list[list[str]]", node.get("wires", [])) for to in wires}
        assert ends <= ids
        if node["type"] == "mqtt in":
            assert node["topic"] in {topics.event, topics.status, topics.lock}
            assert node["broker"] in ids

"""Alert rules and dashboard, read by the programs that they are for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.absent import absent
from tests.integrations.conftest import FILES

pytestmark = pytest.mark.integrations
AS_GRAFANA_READS_IT = """
import json, sys
from grafana_foundation_sdk.models.dashboard import Dashboard
board = Dashboard.from_json(json.load(open(sys.argv[1])))
print(board.title, len(board.panels), sorted({panel.type_val for panel in board.panels}))
"""


def _promtool(*words: str) -> str:
    found = shutil.which("promtool")
    if found is None:
        absent("promtool is not installed (make test-integrations)")
    done = subprocess.run([found, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_rules() -> None:
    assert "7 rules found" in _promtool("check", "rules", str(FILES / "prometheus-alerts.yaml"))


def test_the_rules_fire_when_they_should_and_stay_silent_otherwise(tmp_path: Path) -> None:
    """Prometheus' own unit tests of rules: series in, alerts out."""
    labels = {"severity": "warning", "instance": "door", "name": "hot"}
    cases = {
        "rule_files": [str(FILES / "prometheus-alerts.yaml")],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {
                        "series": 'edgeverify_degraded{instance="door",name="hot"}',
                        "values": "0 1x20",
                    },
                    {
                        "series": 'edgeverify_degraded{instance="door",name="calm"}',
                        "values": "0x20",
                    },
                    {
                        "series": 'edgeverify_frame_age_seconds{instance="door"}',
                        "values": "0.1x5 11x20",
                    },
                ],
                "alert_rule_test": [
                    {"eval_time": "3m", "alertname": "DoorIsDegraded", "exp_alerts": []},
                    {
                        "eval_time": "10m",
                        "alertname": "DoorIsDegraded",
                        "exp_alerts": [
                            {
                                "exp_labels": labels,
                                "exp_annotations": {
                                    "summary": "door: hot for five minutes",
                                    "description": "What it means and what to do: "
                                    "docs/operations.md, table of faults.",
                                },
                            }
                        ],
                    },
                    {"eval_time": "5m", "alertname": "CameraStandsStill", "exp_alerts": []},
                    {
                        "eval_time": "10m",
                        "alertname": "CameraStandsStill",
                        "exp_alerts": [
                            {
                                "exp_labels": {"severity": "critical", "instance": "door"},
                                "exp_annotations": {
                                    "summary": "door: the newest picture is 11s old"
                                },
                            }
                        ],
                    },
                ],
            },
            {
                "interval": "1m",
                "input_series": [
                    {"series": 'up{instance="door"}', "values": "1x5 0x20"},
                    {"series": 'edgeverify_info{instance="door"}', "values": "1x5 stale"},
                    {"series": 'up{instance="something else"}', "values": "0x25"},
                ],
                "alert_rule_test": [
                    {
                        "eval_time": "18m",
                        "alertname": "DoorIsSilent",
                        "exp_alerts": [
                            {
                                "exp_labels": {"severity": "critical", "instance": "door"},
                                "exp_annotations": {
                                    "summary": "door: the door has not answered for two minutes",
                                    "description": "Look: systemctl status edgeverify, then "
                                    "edgeverify doctor.",
                                },
                            }
                        ],
                    }
                ],
            },
        ],
    }
    path = tmp_path / "rules-test.yaml"
    path.write_text(yaml.safe_dump(cases))
    assert "SUCCESS" in _promtool("test", "rules", str(path))


def test_the_dashboard_counts_grants_behind_a_panel_apart(tmp_path: Path) -> None:
    board = json.loads((FILES / "grafana-dashboard.json").read_text("utf-8"))
    (panel,) = (one for one in board["panels"] if one["title"] == "Let in")
    ours, the_panels = (
        target["expr"].replace("$door", ".*").replace("$__range", "5m")
        for target in panel["targets"]
    )
    decided = 'edgeverify_decisions_total{outcome="grant",reason="match",instance="%s"}'
    case = {
        "interval": "1m",
        "input_series": [
            {"series": decided % "older", "values": "0+1x10"},
            {"series": decided % "own", "values": "0+10x10"},
            {"series": 'edgeverify_opened_by_panel{instance="own"}', "values": "0x10"},
            {"series": decided % "behind", "values": "0+100x10"},
            {"series": 'edgeverify_opened_by_panel{instance="behind"}', "values": "1x10"},
        ],
        "promql_expr_test": [
            {"expr": expr, "eval_time": "10m", "exp_samples": [{"labels": "{}", "value": value}]}
            for expr, value in ((ours, 55), (the_panels, 500))
        ],
    }
    path = tmp_path / "dashboard-test.yaml"
    path.write_text(yaml.safe_dump({"rule_files": [], "tests": [case]}))
    assert "SUCCESS" in _promtool("test", "rules", str(path))


def test_grafanas_own_library_reads_the_dashboard() -> None:
    path = FILES / "grafana-dashboard.json"
    done = subprocess.run(
        [sys.executable, "-c", AS_GRAFANA_READS_IT, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "No module named 'grafana_foundation_sdk'" in done.stderr:
        absent("grafana-foundation-sdk is not installed (make test-integrations)")
    assert done.returncode == 0, done.stderr
    panels = json.loads(path.read_text("utf-8"))["panels"]
    assert f"Doors (edgeverify) {len(panels)} " in done.stdout

"""How much a door's journal keeps its word under SIGKILL: the figures for docs/reliability.md.

Run from the repository's root: python -m benchmarks.kills [KILLS]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from tests.brokers import mosquitto
from tests.journal.killing import kill_often


def main(kills: int) -> None:
    """Kill, count, print JSON; exit 1 where a promise was broken."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        state.mkdir()
        quiet = ("allow_anonymous true", "log_type error", "max_queued_messages 0")
        with mosquitto(Path(folder) / "broker", *quiet) as broker:
            toll = kill_often(state, broker, kills, seed=20261122)
    broken = {
        "lost": len(toll.lost),
        "published_twice": len(toll.published_twice),
        "live_without_row": len(toll.live_without_row),
        "never_delivered": len(toll.never_delivered),
        "out_of_order": toll.unordered,
        "damage": len(toll.damage),
    }
    counts = {"kills": toll.kills, "promised": toll.committed, "live": toll.live, "rows": toll.rows}
    print(json.dumps(counts | broken | {"seconds": round(time.monotonic() - started, 1)}, indent=1))
    raise SystemExit(any(broken.values()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)

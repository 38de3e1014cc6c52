"""What somebody who measures may ask for; the same for the points and for the figures at them."""

from __future__ import annotations

import argparse
import os
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.shipped_points.making import Order
from edgeverify.models.folders import cache_directory

MODELS = ("sface", "strong", "mobilefacenet", "dlib-resnet")


def asked(description: str | None) -> tuple[Order, bool]:
    """Read the command line; return what is to be made, and whether it is only compared."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("testdata", type=Path)
    parser.add_argument("--weights", type=Path, help="trained models; without it they are fetched")
    parser.add_argument("--model", action="append", choices=MODELS, help="only these; all")
    parser.add_argument("--cache", type=Path, default=cache_directory(os.environ) / "evaluation")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args()
    order = Order(
        testdata=given.testdata,
        weights=given.weights,
        cache=given.cache,
        threads=given.threads,
        models=tuple(given.model or MODELS),
        date=datetime.now(tz=timezone.utc).date().isoformat(),
    )
    return order, given.check

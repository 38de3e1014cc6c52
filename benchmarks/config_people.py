"""How long a config with many people takes to read: `python -m benchmarks.config_people`."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from edgeverify.config import load_config

PERSON = '  - card: "{n:07}"\n    name: Person {n}\n    photos: [photos/{n}.jpg]\n'


def main() -> None:
    """Write a config, read it three times, print the shortest CPU time."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=40_000)
    people = options.parse_args().people
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "door.yaml"
        file.write_text("staff:\n" + "".join(PERSON.format(n=n) for n in range(people)))
        times = []
        for _ in range(3):
            begun = time.process_time()
            read = len(load_config(file).settings.staff)
            times.append(time.process_time() - begun)
        size = file.stat().st_size
    print(f"{read} people, {size} bytes: {min(times):.2f} s of CPU")


if __name__ == "__main__":
    main()

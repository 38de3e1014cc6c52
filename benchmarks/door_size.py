"""What a door takes on disk, and how long `make install` takes: `python -m benchmarks.door_size`.

Installs this checkout as a service into an image's folder, as `make install` does into `/`, from
pip's own cache (run it twice: the first fills it), and lists what lies there.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
LISTED = 15
MEGABYTE = 2**20


def main() -> None:
    """Install, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--python", default="/usr/bin/python3", help="makes the environment")
    parser.add_argument("--lock", type=Path, default=CHECKOUT / "requirements/daemon.lock")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", name]
        subprocess.run([*pip, str(CHECKOUT)], check=True)
        (wheel,) = folder.glob("edgeverify-*.whl")
        command = [asked.python, "-m", "edgeverify.installation", "install", "--root", name]
        command += ["--wheel", str(wheel), "--requirements", str(asked.lock)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        subprocess.run(command, check=True, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        _report(folder / "opt/edgeverify/current")
    print(f"installed in {seconds:.0f} s, {cpu:.0f} s of CPU")


def _report(release: Path) -> None:
    sizes: Counter[str] = Counter()
    (packages,) = release.resolve().glob("lib/python3*/site-packages")
    for path in release.resolve().rglob("*"):
        if path.is_symlink() or path.is_dir():
            continue
        inside = path.is_relative_to(packages)
        top = path.relative_to(packages).parts[0] if inside else "the rest"
        # Whole blocks, as `du` counts.
        sizes[top] += path.stat().st_blocks * 512
    for top, size in sizes.most_common(LISTED):
        print(f"{size / MEGABYTE:8.1f} {top}")
    print(f"{sum(sizes.values()) / MEGABYTE:8.1f} MB in all")


if __name__ == "__main__":
    main()

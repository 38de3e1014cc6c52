"""Run a command under each locale that hurt people: `python -m tests.locales -- COMMAND ...`.

Turkish capitals, a decimal comma with Latin-1, and no locale at all. They are compiled into a
folder of their own, so that the machine's stay as they are. Exits with 1 where any run failed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

GENERATED = {
    "tr_TR.UTF-8": ("tr_TR", "UTF-8"),
    "de_DE.ISO-8859-1": ("de_DE", "ISO-8859-1"),
    "ja_JP.EUC-JP": ("ja_JP", "EUC-JP"),
}
LOCALES = ("C", "POSIX", "tr_TR.UTF-8", "de_DE.ISO-8859-1")
"""Under which everything runs; the product alone runs under the others too."""
SOURCES = Path("/usr/share/i18n/locales")
SET_BY_OTHERS = ("LANGUAGE", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONCOERCECLOCALE")


def can_be_made() -> bool:
    """Return whether this machine has what locales are compiled from."""
    sources = (SOURCES / language for language, _ in GENERATED.values())
    return shutil.which("localedef") is not None and all(source.exists() for source in sources)


def make(folder: Path) -> None:
    """Compile the locales into `folder`, those that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (language, charset) in GENERATED.items():
        if not (folder / name).exists():
            command = ["localedef", "-i", language, "-f", charset, str(folder / name)]
            subprocess.run(command, check=True)


def environment(folder: Path, name: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return `given` as a login under the locale `name` would have it."""
    kept = {
        key: value
        for key, value in given.items()
        if not key.startswith("LC_") and key not in SET_BY_OTHERS
    }
    return kept | {"LOCPATH": str(folder.absolute()), "LC_ALL": name, "LANG": name}


def main() -> int:
    """Run the command once under each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/locales"))
    parser.add_argument("--only", action="append", choices=LOCALES)
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    if not can_be_made():
        sys.exit("no sources of locales are here; run: apt-get install locales")
    make(given.folder)
    failed = []
    for name in given.only or LOCALES:
        print(f"==== {name}", flush=True)
        around = environment(given.folder, name, os.environ)
        if subprocess.run(given.command, env=around, check=False).returncode:
            failed.append(name)
    print("failed under: " + ", ".join(failed) if failed else "the same under every locale")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())

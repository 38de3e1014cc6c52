"""A disk that forgets: what POSIX promises of it, and no more.

A write or truncation is safe once the same file was synced after it; a creation, removal or rename
once its folder was. At a power cut each unsafe step may have happened or not, independently, and a
write may be torn at a sector. (fsync(2), rename(2); T. S. Pillai et al., "All File Systems Are Not
Created Equal", OSDI 2014, for what real ones do.)
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.power_cut.recording import Operation

SECTOR = 512
Fate = Callable[[], bool]


@dataclass
class Content:
    """One file's bytes: what is safe, and the steps that are not yet."""

    safe: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)

    def sync(self) -> None:
        for step in self.pending:
            _apply(self.safe, step)
        self.pending.clear()

    def after_cut(self, survives: Fate, draw: random.Random) -> bytes:
        found = bytearray(self.safe)
        for step in self.pending:
            if survives():
                _apply(found, step)
            elif step.kind == "W" and draw.random() < 0.3:
                kept = draw.randrange(0, len(step.data) + 1, SECTOR)
                _apply(found, Operation("W", step.path, step.offset, step.data[:kept]))
        return bytes(found)


@dataclass
class Disk:
    """Names point to contents; a change of names is pending until its folder is synced."""

    names: dict[str, Content] = field(default_factory=dict)
    safe_names: dict[str, Content] = field(default_factory=dict)
    pending: list[tuple[str, Content | None]] = field(default_factory=list)

    def do(self, step: Operation) -> None:
        """Take one recorded operation."""
        if step.kind == "C":
            self._name(step.path, Content())
        elif step.kind in {"W", "T"}:
            self.names[step.path].pending.append(step)
        elif step.kind == "U":
            self._name(step.path, None)
        elif step.kind == "R":
            content = self.names[step.path]
            self._name(step.data.decode(), content)
            self._name(step.path, None)
        elif step.kind == "S" and step.path in self.names:
            self.names[step.path].sync()
        elif step.kind == "S":
            for name, content in self.pending:
                _set(self.safe_names, name, content)
            self.pending.clear()

    def cut(self, target: Path, survives: Fate, draw: random.Random) -> None:
        """Write what is left after a power cut into the folder `target`."""
        names = dict(self.safe_names)
        for name, content in self.pending:
            if survives():
                _set(names, name, content)
        for name, content in names.items():
            path = target / Path(name).name
            path.write_bytes(content.after_cut(survives, draw))
            path.chmod(0o600)

    def _name(self, name: str, content: Content | None) -> None:
        _set(self.names, name, content)
        self.pending.append((name, content))


def fates(draw: random.Random) -> Iterable[tuple[str, Fate]]:
    """What may become of the unsafe: nothing, everything, and by the toss of a coin."""
    yield "all dropped", lambda: False
    yield "all kept", lambda: True
    yield "half of it", lambda: draw.random() < 0.5
    yield "most of it", lambda: draw.random() < 0.9


def _apply(content: bytearray, step: Operation) -> None:
    if step.kind == "T":
        if step.offset < len(content):
            del content[step.offset :]
        else:
            content.extend(bytes(step.offset - len(content)))
        return
    end = step.offset + len(step.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[step.offset : end] = step.data


def _set(names: dict[str, Content], name: str, content: Content | None) -> None:
    if content is None:
        names.pop(name, None)
    else:
        names[name] = content

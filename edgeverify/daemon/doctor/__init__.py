"""What `edgeverify doctor` looks at: each part by itself, and what a running daemon says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from edgeverify.config import LoadedConfig
from edgeverify.daemon.doctor import model, people, state, surroundings
from edgeverify.daemon.doctor.finding import Finding, fault_found
from edgeverify.daemon.doctor.panel import look_at_panel
from edgeverify.domain import FaultName
from edgeverify.errors import EdgeverifyError, StateError
from edgeverify.state import StateDirectory, as_owner
from edgeverify.status_socket import ask, is_running
from edgeverify.verifier.verifier import Verifier

__all__ = ["Finding", "beside", "examine", "examine_without_state"]

Check: TypeAlias = Callable[[], Iterator[Finding]]


def examine(
    config: LoadedConfig, place: StateDirectory, environ: Mapping[str, str]
) -> Iterator[Finding]:
    """Look at every part in turn; a part that breaks is a finding, never an exception.

    `place` is the state that the config means; root looks at it as its owner does.
    """
    runs = is_running(place.folder)

    def further(verifier: Verifier) -> Iterator[Finding]:
        def look() -> Iterator[Finding]:
            yield from people.look_at_people(verifier, config, place, environ, is_running=runs)
            yield from people.look_at_rate(verifier, config, place, is_running=runs)

        return _as_owner(place.folder, look)()

    own = (
        ("permissions", lambda: state.look_at_permissions(place.folder)),
        ("config", lambda: state.look_at_config(config)),
        ("disk", lambda: state.look_at_disk(place.folder)),
        ("journal", lambda: state.look_at_journal(config, place)),
        (
            "references",
            lambda: state.look_at_references(config, place, environ, is_running=runs),
        ),
    )
    yield from _look(
        (
            ("daemon", lambda: beside(place.folder, runs=runs, chosen=_chosen(config))),
            ("model", lambda: model.look_at_model(config, environ, further)),
            ("camera", lambda: surroundings.look_at_camera(config, is_running=runs)),
            ("broker", lambda: surroundings.look_at_broker(config, environ)),
            ("panel", lambda: look_at_panel(config, is_running=runs)),
            *((part, _as_owner(place.folder, check)) for part, check in own),
            ("clock", lambda: surroundings.look_at_clock(config)),
            ("heat", lambda: surroundings.look_at_heat(config)),
            ("signals", lambda: surroundings.look_at_signals(config, is_running=runs)),
        )
    )


def examine_without_state(
    config: LoadedConfig, problem: StateError, environ: Mapping[str, str]
) -> Iterator[Finding]:
    """Look at what can be seen by somebody who may not look into the door's state.

    The camera is left alone: a daemon may have it. `problem` says why, as the first finding.
    """
    yield Finding(part="state", is_well=False, seen=problem.problem, advice=problem.advice)
    yield from _look(
        (
            ("model", lambda: model.look_at_model(config, environ)),
            ("broker", lambda: surroundings.look_at_broker(config, environ)),
            ("clock", lambda: surroundings.look_at_clock(config)),
            ("heat", lambda: surroundings.look_at_heat(config)),
        )
    )


def _as_owner(folder: Path, check: Check) -> Check:
    def looked() -> Iterator[Finding]:
        with as_owner(folder):
            found = list(check())
        yield from found

    return looked


def _look(checks: Iterable[tuple[str, Check]]) -> Iterator[Finding]:
    for part, check in checks:
        try:
            yield from check()
        except EdgeverifyError as error:  # noqa: PERF203 - the others still run
            yield Finding(part=part, is_well=False, seen=error.problem, advice=error.advice)
        except OSError as error:
            seen = f"{error.filename or part}: {error.strerror or error}"
            yield Finding(part=part, is_well=False, seen=seen)


def _chosen(config: LoadedConfig) -> Mapping[FaultName, str]:
    """Return the faults that the config allows, each with the key that does."""
    allows = config.settings.clock.allow_unsynced
    return {FaultName.CLOCK_UNSYNCED: "clock.allow_unsynced"} if allows else {}


def beside(
    folder: Path, *, runs: bool, chosen: Mapping[FaultName, str] = MappingProxyType({})
) -> Iterator[Finding]:
    """Repeat what the running daemon is degraded by, each with what to do. Raises StateError.

    What the config allows (`chosen`: a fault and its key) is shown, and is well.
    """
    if not runs:
        yield Finding(part="daemon", is_well=True, seen="not running")
        return
    status = ask(folder, "status")
    yield Finding(part="daemon", is_well=True, seen=f"running, {status.get('state')}")
    reasons = status.get("reasons")
    for reason in reasons if isinstance(reasons, list) else []:
        if isinstance(reason, dict):
            name, detail = str(reason.get("name")), str(reason.get("detail") or "")
            yield _repeated(name, detail, chosen)
    lines, problems = status.get("enrolment"), status.get("enrolment_problems")
    for number, line in enumerate(lines if isinstance(lines, list) else []):
        # Those that cost somebody a photo or the reference come first, then what is worth knowing.
        is_well = isinstance(problems, int) and number >= problems
        yield Finding(part="enrolment", is_well=is_well, seen=str(line))
    yield from people.repeated_cautions(status.get("threshold"))
    yield from people.repeated(status.get("own_people"))
    yield from people.repeated_rate(status.get("live_fmr"), status.get("threshold"))


def _repeated(name: str, detail: str, chosen: Mapping[FaultName, str]) -> Finding:
    try:
        if key := chosen.get(FaultName(name)):
            seen = f"{name}: {detail} (allowed by {key})"
            return Finding(part="daemon", is_well=True, seen=seen, fault=name)
        return fault_found("daemon", FaultName(name), detail)
    except ValueError:  # the running daemon is of another release
        return Finding(part="daemon", is_well=False, seen=f"{name}: {detail}", fault=name)

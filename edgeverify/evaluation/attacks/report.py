"""All figures of one PAD evaluation, and how they read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from edgeverify.domain import Reason
from edgeverify.evaluation.attacks.door import DoorResult, iapar
from edgeverify.evaluation.attacks.poses import PoseRates, pose_lines
from edgeverify.evaluation.attacks.rates import PadRates, PadRule, Share

_REFUSED_BY_LIVENESS = frozenset(
    reason.value
    for reason in (
        Reason.PRESENTATION_ATTACK,
        Reason.CHALLENGE_FAILED,
        Reason.LIVENESS_UNAVAILABLE,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PadReport:
    """What was measured, under which conditions.

    `rates` has bona fide first, then every species; `poses` bona fide by pose. `door`
    is empty where nobody was enrolled; `door_without_pad` is the same presentations with
    `liveness: off`, the control that shows how many of them only liveness kept out.
    """

    pad_bundle: str
    embedder: str
    rule: PadRule
    min_eye_distance_pixels: float
    rates: tuple[PadRates, ...]
    poses: tuple[PoseRates, ...] = ()
    door: tuple[DoorResult, ...] = ()
    door_without_pad: tuple[DoorResult, ...] = ()

    @property
    def worst_apcer(self) -> float | None:
        """The highest APCER per run over the species: by ISO/IEC 30107-3 the one that counts."""
        known = [r.per_run.rate for r in self.rates if r.species and r.per_run.rate is not None]
        return max(known, default=None)

    @property
    def bpcer_per_transaction(self) -> Share:
        """Bona fide transactions that liveness refused, whatever it gave as its reason."""
        live = [result for result in self.door if result.species is None]
        refused = sum(n for r in live for reason, n in r.reasons if reason in _REFUSED_BY_LIVENESS)
        return Share(errors=refused, count=sum(result.transactions for result in live))

    def as_json(self) -> dict[str, object]:
        """Return everything, for `--json`."""
        return {
            "pad_bundle": self.pad_bundle,
            "embedder": self.embedder,
            **asdict(self.rule),
            "min_eye_distance_pixels": self.min_eye_distance_pixels,
            "worst_apcer_per_run": self.worst_apcer,
            "rates": [_rates_json(rates) for rates in self.rates],
            "bpcer_by_pose": [
                {
                    "angle": one.angle,
                    "from_degrees": one.low,
                    "to_degrees": one.high,
                    **_share_json(one.share),
                }
                for one in self.poses
            ],
            "bpcer_per_transaction": _share_json(self.bpcer_per_transaction),
            "door": [asdict(result) for result in self.door],
            "door_without_pad": [asdict(result) for result in self.door_without_pad],
        }

    def lines(self) -> tuple[str, ...]:
        """Put it as text, a line each."""
        rule = self.rule
        head = [
            f"PAD bundle {self.pad_bundle}, embedder {self.embedder}",
            (
                f"live at mean P(live) >= {rule.threshold:g} over at least {rule.min_frames} "
                f"frames; windows of {rule.window} frames"
            ),
            (
                f"gate: {self.min_eye_distance_pixels:g} pixels between the eyes; bounds are "
                "one-sided 95 % (Clopper-Pearson)"
            ),
            "",
            f"{'':24}{'runs':>6}{'frames':>8}  {'per frame':<28}{'per window':<28}per run",
        ]
        body = [_rates_line(rates) for rates in self.rates]
        worst = self.worst_apcer
        if worst is not None:
            body.append(f"worst APCER over the species, per run: {worst:.1%}")
        return tuple(head + body + pose_lines(self.poses) + self._door_lines())

    def _door_lines(self) -> list[str]:
        if not self.door:
            return []
        lines = ["", "whole door (enrolled person claimed; runs granted at least once):"]
        species = sorted({r.species for r in self.door if r.species is not None})
        for name in species:
            mine = [r for r in self.door if r.species == name]
            open_door = [r for r in self.door_without_pad if r.species == name]
            absent = [r for r in mine if not r.was_presented]
            lines += [
                (
                    f"  IAPAR {name}: {_share(iapar(mine, only_presented=False))} over all, "
                    f"{_share(iapar(mine, only_presented=True))} over those past the gates"
                ),
                f"    with liveness off: {_share(iapar(open_door, only_presented=False))}",
            ]
            if absent:
                lines.append("    not presented (frames refused by the gates):")
                lines += [f"      {r.run}: {_counted(r.gates)}" for r in absent]
        live = [r for r in self.door if r.species is None]
        if live:
            granted = sum(r.granted for r in live)
            lines.append(
                f"  bona fide: {granted} of {sum(r.transactions for r in live)} transactions "
                f"granted ({_reasons(live)})"
            )
            lines.append(f"  BPCER per transaction: {_share(self.bpcer_per_transaction)}")
        return lines


def _reasons(results: Sequence[DoorResult]) -> str:
    counts: dict[str, int] = {}
    for result in results:
        for reason, count in result.reasons:
            counts[reason] = counts.get(reason, 0) + count
    return _counted(sorted(counts.items()))


def _counted(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts)


def _rates_line(rates: PadRates) -> str:
    name = "BPCER bona fide" if rates.species is None else f"APCER {rates.species}"
    return (
        f"{name:<24}{rates.runs:>6}{rates.frames:>8}  {_share(rates.per_frame):<28}"
        f"{_share(rates.per_window):<28}{_share(rates.per_run)}"
    )


def _share(share: Share) -> str:
    if share.rate is None or share.upper_95 is None:
        return "nothing judged"
    text = f"{share.errors}/{share.count} {share.rate:.1%} (<={share.upper_95:.1%})"
    return f"{text} +{share.not_judged}?" if share.not_judged else text


def _rates_json(rates: PadRates) -> dict[str, object]:
    found = asdict(rates)
    for name in ("per_frame", "per_window", "per_run"):
        found[name] = _share_json(getattr(rates, name))
    found["refused_windows"] = [
        {"run": w.run, "first_frame": w.first_frame, "mean": w.mean} for w in rates.refused_windows
    ]
    return found


def _share_json(share: Share) -> dict[str, object]:
    return asdict(share) | {"rate": share.rate, "upper_95": share.upper_95}

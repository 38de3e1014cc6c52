"""How sure a measured rate is: binomial bounds, the rule of three, a bootstrap over people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.stats import beta

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.statistics.scores import Sample, require_both


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share with its 95 % interval; all 0 to 1. `count` is how often it was tried."""

    value: float
    lower: float
    upper: float
    errors: int
    count: int


def clopper_pearson(errors: int, count: int, confidence: float = 0.95) -> Rate:
    """Return the exact binomial interval (Clopper and Pearson, 1934) for independent trials.

    Raises EvaluationError for no trial: a rate of nothing does not exist.
    """
    if count <= 0:
        raise EvaluationError("a rate needs at least one trial")
    if not 0 <= errors <= count:
        raise EvaluationError(f"{errors} errors of {count} trials cannot be")
    tail = (1 - confidence) / 2
    lower = 0.0 if errors == 0 else float(beta.ppf(tail, errors, count - errors + 1))
    upper = 1.0 if errors == count else float(beta.ppf(1 - tail, errors + 1, count - errors))
    return Rate(value=errors / count, lower=lower, upper=upper, errors=errors, count=count)


def rule_of_three(count: int, confidence: float = 0.95) -> float:
    """Return the one-sided upper bound of a rate after `count` trials without an error.

    The exact form 1 - (1 - confidence)^(1/count), close to 3/count (Hanley and Lippman-Hand, 1983).
    """
    if count <= 0:
        raise EvaluationError("a bound needs at least one trial")
    return float(1 - (1 - confidence) ** (1 / count))


def is_supported(rate: float, count: int) -> bool:
    """Return whether `count` comparisons can carry a claim of `rate` at 95 %.

    Even without a single error, 3/rate comparisons are needed: 30,000 for 1 in 10,000.
    """
    return count > 0 and rule_of_three(count) <= rate


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBounds:
    """FMR and FNMR at one threshold, with 95 % intervals over people."""

    fmr: Rate
    fnmr: Rate


def bootstrap(
    sample: Sample, threshold: float, *, generator: np.random.Generator, draws: int = 1000
) -> ErrorBounds:
    """Return both rates with intervals from drawing people, not comparisons, with replacement.

    Comparisons that share a person are not independent, so drawing comparisons would make the
    interval too narrow (Bolle, Ratha and Pankanti, 2004). A side without any error has no
    bootstrap spread; there the rule of three over its people (mated) or its pairs of people
    (non-mated) is the upper bound.
    """
    require_both(sample)
    people = sample.people
    weights = generator.multinomial(people, np.full(people, 1 / people), size=draws).astype(
        np.float64
    )
    misses = sample.mated < threshold
    owner = sample.mated_people[:, 0]
    missed = np.bincount(owner, weights=misses, minlength=people)
    tried = np.bincount(owner, minlength=people)
    left, right = sample.alarms(threshold)
    # Draw d counts a false match of (i, j) as often as weights[d, i] * weights[d, j].
    pairs = coo_matrix((np.ones(len(left)), (left, right)), shape=(people, people)).tocsr()
    with np.errstate(invalid="ignore", divide="ignore"):
        fnmr_draws = (weights @ missed) / (weights @ tried)
        fmr_draws = ((pairs.T @ weights.T).T * weights).sum(axis=1) / sample.tried(weights)
    return ErrorBounds(
        fmr=_rate(len(left), len(sample.non_mated), fmr_draws, sample.pairs_of_people),
        fnmr=_rate(int(misses.sum()), len(misses), fnmr_draws, int(np.count_nonzero(tried))),
    )


def _rate(errors: int, count: int, draws: NDArray[np.float64], independent: int) -> Rate:
    spread = draws[np.isfinite(draws)]
    if errors == 0 or not len(spread):
        upper = rule_of_three(independent) if errors == 0 else 1.0
        return Rate(value=errors / count, lower=0.0, upper=upper, errors=errors, count=count)
    lower, upper = np.percentile(spread, [2.5, 97.5])
    return Rate(
        value=errors / count, lower=float(lower), upper=float(upper), errors=errors, count=count
    )

"""Where claims come from, and which of them are believed to be new and fresh."""

from edgeverify.claims.gate import ClaimGate, Verdict
from edgeverify.claims.standing import StandingClaims

__all__ = ["ClaimGate", "StandingClaims", "Verdict"]

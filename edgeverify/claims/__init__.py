"""Where claims come from, one file per source, and which are believed to be new and fresh."""

from edgeverify.claims.fixed import FIXED
from edgeverify.claims.gate import ClaimGate, TokenBucket, Verdict
from edgeverify.claims.intake import ClaimIntake, ExitIntake
from edgeverify.claims.mqtt import MQTT
from edgeverify.claims.source import ClaimTopic, SourceKind, Surroundings
from edgeverify.claims.sources import SOURCES, RunningSources, chosen
from edgeverify.claims.standing import StandingClaims
from edgeverify.claims.walk_up import WALK_UP

__all__ = [
    "FIXED",
    "MQTT",
    "SOURCES",
    "WALK_UP",
    "ClaimGate",
    "ClaimIntake",
    "ClaimTopic",
    "ExitIntake",
    "RunningSources",
    "SourceKind",
    "StandingClaims",
    "Surroundings",
    "TokenBucket",
    "Verdict",
    "chosen",
]

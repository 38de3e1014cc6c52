"""What a head is doing, relative to how this person looked at this camera when all began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from edgeverify.domain import HeadPose
from edgeverify.liveness.actions import Action
from edgeverify.settings.liveness import ChallengeSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """Looking ahead, in degrees as the pose estimate reads them: cameras hang high or low."""

    yaw_degrees: float
    pitch_degrees: float


def ahead(poses: Sequence[HeadPose]) -> Ahead:
    """Return the median of the poses with which a person began; `poses` must not be empty."""
    return Ahead(
        yaw_degrees=median(pose.yaw_degrees for pose in poses),
        pitch_degrees=median(pose.pitch_degrees for pose in poses),
    )


def is_neutral(pose: HeadPose, zero: Ahead, settings: ChallengeSettings) -> bool:
    """Return whether the head looks ahead: half a turn at most, three quarters of a nod."""
    yaw, pitch = pose.yaw_degrees - zero.yaw_degrees, pose.pitch_degrees - zero.pitch_degrees
    return abs(yaw) < settings.turn_degrees / 2 and abs(pitch) < 0.75 * settings.nod_degrees


def action_shown(pose: HeadPose, zero: Ahead, settings: ChallengeSettings) -> Action | None:
    """Return the turn or the downward half of a nod that this pose shows, or None.

    Read from the mesh's own pose. A flat picture that turns does not get far here: measured on
    twelve NUAA faces turned by up to 50 degrees on a plane, the yaw read moved by at most 11.3 and
    the pitch down by 9.6 (`benchmarks/liveness_flatness.py`).
    """
    yaw, pitch = pose.yaw_degrees - zero.yaw_degrees, pose.pitch_degrees - zero.pitch_degrees
    if yaw >= settings.turn_degrees:
        return Action.TURN_LEFT
    if yaw <= -settings.turn_degrees:
        return Action.TURN_RIGHT
    if pitch <= -settings.nod_degrees and abs(yaw) < settings.turn_degrees / 2:
        return Action.NOD
    return None


def has_come_up(pose: HeadPose, zero: Ahead, settings: ChallengeSettings) -> bool:
    """Return whether a nod has come back up: past half of its depth."""
    return pose.pitch_degrees - zero.pitch_degrees > -settings.nod_degrees / 2


def share_of(action: Action, pose: HeadPose, zero: Ahead, settings: ChallengeSettings) -> float:
    """Return how far a pose has gone into a turn or nod: 1 is all that is asked; 0 for a blink."""
    yaw, pitch = pose.yaw_degrees - zero.yaw_degrees, pose.pitch_degrees - zero.pitch_degrees
    if action is Action.TURN_LEFT:
        return yaw / settings.turn_degrees
    if action is Action.TURN_RIGHT:
        return -yaw / settings.turn_degrees
    return -pitch / settings.nod_degrees if action is Action.NOD else 0.0

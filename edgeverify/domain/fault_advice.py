"""Advice that several faults share, and what is said of a back end that was refused."""

from __future__ import annotations

SPACE = (
    "The fault's detail says why: free space on the disk of the state, repair it, or use a local "
    "one. The door is back within seconds."
)
ACL = "Give the door's login this right at the broker: `edgeverify broker setup` gives all of them."
LENS = "Look at the lens and at where it points: `edgeverify aim` shows what the camera sees."
PAD = "Fetch it again: `edgeverify models fetch minifasnet`."
CONFINE = "Use a kernel with Landlock (5.13 and later); the fault's detail says what is still open."
SENSOR = "Look at the machine's sensors (`sensors`); the door goes on at the pace it had."
BACK_END = "The door runs on the next back end; the fault's detail says what this one is missing."
REFUSED = "this back end was refused; the next one runs"

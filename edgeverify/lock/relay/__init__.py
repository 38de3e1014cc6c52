"""The relay: held by a process of its own, which lets go of the door whatever becomes of us."""

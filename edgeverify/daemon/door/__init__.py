"""The door: one claim at a time, from the first frame to the decision."""

"""The daemon: composition root, supervision, and the loop that turns claims into decisions."""

"""The training itself: material, state, loop, checkpoints, log."""

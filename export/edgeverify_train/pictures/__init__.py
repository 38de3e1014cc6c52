"""Chips from disk to a network's input: read, brought to a stage's size, augmented, fed."""

"""The network that is trained: built, started from a file, partly frozen."""

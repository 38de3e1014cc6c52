"""Rates per transaction, from sequences and from a door's own journal."""

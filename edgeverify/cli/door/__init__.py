"""Commands at a door: run it, ask it, listen to it, look after it."""

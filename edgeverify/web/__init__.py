"""The local page: a process of its own beside the door, with the least rights (docs/web.md)."""

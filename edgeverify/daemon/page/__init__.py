"""What the daemon tells the local page, which is a process of its own and another user's."""

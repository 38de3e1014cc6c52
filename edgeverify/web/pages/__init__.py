"""One file a page: what it asks of the daemon, and what it shows."""

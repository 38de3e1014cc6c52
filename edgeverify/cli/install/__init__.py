"""Commands that install, fetch, save and show."""

"""The staff file as the page edits it: one entry at a time, every other byte as it was."""

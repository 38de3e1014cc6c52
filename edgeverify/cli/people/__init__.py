"""Commands about people and their photos."""

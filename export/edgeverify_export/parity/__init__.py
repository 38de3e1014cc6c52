"""Real faces through every form of a network, side by side: is it still the same function."""

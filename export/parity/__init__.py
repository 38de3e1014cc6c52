"""Is it still the same function? Real faces through every form of a network, side by side."""

"""The losses that a recipe can name, one module for each that no library has as we need it."""

"""Models of the land carbon cycle, without a screen and without files."""

"""Every built-in layer and optimizer, carried from each release to every other."""

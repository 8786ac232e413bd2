"""The grid: states written by every release, resumed by every other."""

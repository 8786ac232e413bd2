"""States in stores that a URL names: written, read and removed without a rename."""

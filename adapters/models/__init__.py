"""Models behind `core.completions.Model`."""

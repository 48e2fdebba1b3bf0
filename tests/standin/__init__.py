"""The GitHub stand-in behaves as GitHub does: its own specification, with nothing else of ours."""

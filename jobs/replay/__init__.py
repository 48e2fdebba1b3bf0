"""Replay: the run once more, by the code of today, with nothing outside but its record."""

from jobs.replay.walk import Replayed, replay

__all__ = ["Replayed", "replay"]

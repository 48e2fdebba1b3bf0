"""The built-in agent: a tool-calling loop that can be killed at any moment and goes on where it stopped."""

from jobs.agent.assignment import AgentLimits, Assignment, Handover, Memo
from jobs.agent.loop import work

__all__ = ["AgentLimits", "Assignment", "Handover", "Memo", "work"]

"""Decoding and describing what was sent, in processes that may die."""

from relook.server.describing.lanes import Lane
from relook.server.describing.pool import DescribingPool
from relook.server.describing.tools import Task, Tools, ToolsMaker

__all__ = ["DescribingPool", "Lane", "Task", "Tools", "ToolsMaker"]

"""A record of runs → something to read: terminal table, JSON, Markdown, one HTML page."""

from __future__ import annotations

from relook.evaluation.report.recognition_terminal import recognition_table
from relook.evaluation.report.terminal import terminal_table
from relook.evaluation.report.write import write_report

__all__ = ["recognition_table", "terminal_table", "write_report"]

"""Recognition as Markdown tables, for an issue or a paper's appendix."""

from __future__ import annotations

from relook.evaluation.report.markdown import escaped, markdown_table
from relook.evaluation.report.recognition_words import FIGURES, MEANING, Record, run_words
from relook.evaluation.report.words import interval_words, score_words

__all__ = ["recognition_markdown"]


def recognition_markdown(record: Record) -> str:
    """All figures as a table, and what they mean; no pictures and no single queries."""
    parts = [f"# {escaped(record['dataset'])}: recognition with {escaped(record['recipe'])}"]
    parts.append(escaped(f"{record['created']}. Intervals are 95 % bootstrap over queries."))
    parts += [f"> **Warning**: {escaped(words)}" for words in record["warnings"]]
    about = "\n".join(f"- {escaped(line)}" for line in run_words(record))
    parts += [_scores(record), about]
    meanings = [f"- {escaped(FIGURES[name])}: {escaped(words)}" for name, words in MEANING.items()]
    return "\n\n".join([*parts, "## What the figures mean", "\n".join(meanings)]) + "\n"


def _scores(record: Record) -> str:
    subsets = sorted(record["subsets"].items())
    rows = [_row(name, part) for name, part in subsets if len(subsets) > 1]
    bounds = [interval_words(record["intervals"].get(name)) for name in FIGURES]
    rows += [_row("all", record), ["95 %", "", "", *bounds]]
    return markdown_table(("subset", "known", "unknown", *FIGURES.values()), rows)


def _row(name: str, part: Record) -> list[object]:
    figures = [score_words(part[figure]) for figure in FIGURES]
    return [name, part["n_known"], part["n_unknown"], *figures]

"""What a label is, and changing the labels of pictures: each change is one transaction."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, get_args

from relook.collection.catalog import in_chunks, listed
from relook.core.errors import CollectionError, UsageError

if TYPE_CHECKING:
    import sqlite3

    from relook.collection.writer import Writer

__all__ = ["LONGEST", "Mode", "apply_labels", "drop_label", "make_label", "rename_label"]

LONGEST = 200
"""Characters of a label."""

Mode = Literal["add", "replace", "remove"]

_SPACES = "\t\n\v\f\r\x85"
_OVERRIDES = "\u202d\u202e"
"""They turn letters around that stand behind them; no script needs them."""
_SHOWN = 40


def make_label(text: str) -> str:
    """A label as it is kept: Unicode NFC, with one space for every run of spaces and line ends.

    Raises:
        UsageError: nothing is left, it is longer than 200 characters, or it has characters that
            no person could have meant.
    """
    if not isinstance(text, str):
        raise UsageError(f"a label is text, not {type(text).__name__}; write it in quotes")
    for letter in text:
        kind = unicodedata.category(letter)
        if kind == "Cs" or letter in _OVERRIDES or (kind == "Cc" and letter not in _SPACES):
            raise UsageError(
                f"the label {_short(text)} has the control character U+{ord(letter):04X}; write it "
                "without"
            )
    label = " ".join(unicodedata.normalize("NFC", text).split())
    # Joiners and marks of direction belong to some scripts; alone they would be an unseen label.
    if all(unicodedata.category(letter)[0] in "CZ" for letter in label):
        raise UsageError("a label must not be empty; write a name")
    if len(label) > LONGEST:
        raise UsageError(
            f"the label {_short(label)} has {len(label)} characters; write at most {LONGEST}"
        )
    return label


def apply_labels(
    writer: Writer, wanted: Mapping[int, Iterable[str]], *, mode: Mode = "replace"
) -> int:
    """Add labels to contents, replace theirs, or take some away; all of it or nothing.

    A label that a content has already is no change, nor is taking away one that it lacks.

    Returns:
        The number of contents whose labels changed.

    Raises:
        UsageError: a label or the mode is wrong.
        CollectionError: a content is not in the collection.
    """
    if mode not in get_args(Mode):
        raise UsageError(f"the mode is one of {', '.join(get_args(Mode))}, not {mode}")
    meant = {int(content): _labels(labels) for content, labels in wanted.items()}
    with writer.changing() as connection:
        _check_known(connection, list(meant))
        changed = 0
        for content, before in _present(connection, list(meant)):
            after = _combine(before, meant[content], mode)
            _delete(connection, content, before - after)
            _insert(connection, content, after - before)
            changed += before != after
    return changed


def rename_label(writer: Writer, old: str, new: str) -> int:
    """Call a label otherwise; where a content has the new one already, the two become one.

    Returns:
        The number of contents that a file shows and that had the old label.

    Raises:
        UsageError: no picture has the old label, or the new one is none.
    """
    before, after = make_label(old), make_label(new)
    with writer.changing() as connection:
        shown = _count(connection, before)
        if before != after:
            connection.execute(
                "INSERT OR IGNORE INTO labels SELECT content, ? FROM labels WHERE label = ?",
                (after, before),
            )
            connection.execute("DELETE FROM labels WHERE label = ?", (before,))
    return shown


def drop_label(writer: Writer, label: str) -> int:
    """Take a label from all contents.

    Returns:
        The number of contents that a file shows and that had it.

    Raises:
        UsageError: no picture has it.
    """
    name = make_label(label)
    with writer.changing() as connection:
        shown = _count(connection, name)
        connection.execute("DELETE FROM labels WHERE label = ?", (name,))
    return shown


def _labels(labels: Iterable[str]) -> set[str]:
    """The labels of one picture; a bare word is one label, not one for each letter."""
    return {make_label(label) for label in ([labels] if isinstance(labels, str) else labels)}


def _combine(before: set[str], meant: set[str], mode: Mode) -> set[str]:
    if mode == "replace":
        return meant
    return before | meant if mode == "add" else before - meant


def _check_known(connection: sqlite3.Connection, contents: list[int]) -> None:
    for chunk in in_chunks(contents):
        rows = connection.execute(
            "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM contents)",
            (listed(chunk),),
        )
        for (content,) in rows:
            raise CollectionError(f"no picture has id {content}; search or list for its id")


def _present(connection: sqlite3.Connection, contents: list[int]) -> Iterator[tuple[int, set[str]]]:
    for chunk in in_chunks(contents):
        found: dict[int, set[str]] = {content: set() for content in chunk}
        rows = connection.execute(
            "SELECT content, label FROM labels WHERE content IN (SELECT value FROM json_each(?))",
            (listed(chunk),),
        ).fetchall()
        for content, label in rows:
            found[content].add(label)
        yield from found.items()


def _insert(connection: sqlite3.Connection, content: int, labels: Iterable[str]) -> None:
    connection.executemany(
        "INSERT INTO labels VALUES (?, ?)", [(content, label) for label in labels]
    )


def _delete(connection: sqlite3.Connection, content: int, labels: Iterable[str]) -> None:
    connection.executemany(
        "DELETE FROM labels WHERE content = ? AND label = ?",
        [(content, label) for label in labels],
    )


def _count(connection: sqlite3.Connection, label: str) -> int:
    """How many contents that a file shows have a label; some do."""
    (shown,) = connection.execute(
        "SELECT count(*) FROM labels l WHERE l.label = ? "
        "AND EXISTS (SELECT 1 FROM paths p WHERE p.content = l.content)",
        (label,),
    ).fetchone()
    if not shown:
        rows = connection.execute(
            "SELECT DISTINCT l.label FROM labels l "
            "WHERE EXISTS (SELECT 1 FROM paths p WHERE p.content = l.content)"
        )
        raise UsageError(f"no picture has the label {_short(label)}; {_advice(label, rows)}")
    return int(shown)


def _advice(label: str, rows: Iterable[tuple[str]]) -> str:
    known = {name.casefold(): name for (name,) in rows}
    close = difflib.get_close_matches(label.casefold(), known, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(_short(known[name]) for name in close) + "?"
    return "list the labels to see what there is" if known else "no picture has any label yet"


def _short(text: str) -> str:
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return f"“{shown.encode('utf-8', 'backslashreplace').decode()}”"

"""Killed processes and full disks."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from collection import fakes
from collection.kill_soak import soak, workers_of
from relook.collection import Collection
from relook.core.errors import CollectionError

TESTS = Path(__file__).parents[1]
posix = pytest.mark.skipif(sys.platform == "win32", reason="sends signals")


def reopen(directory: Path) -> Collection:
    return Collection.open(directory, engine=lambda _: fakes.engine())


def sound_digest(directory: Path) -> str:
    with reopen(directory) as collection:
        report = collection.check()
        assert report.problems == ()
        return report.digest


@posix
@pytest.mark.usefixtures("twenty")  # what is compiled is kept, and no part of the quiet time
def test_killed_runs_are_resumed_and_end_like_a_quiet_one(tmp_path: Path) -> None:
    fakes.save_photos(tmp_path / "photos", 40)
    (tmp_path / "photos" / "bad.jpg").write_text("not a picture")
    (tmp_path / "photos" / "copy.png").write_bytes((tmp_path / "photos" / "0039.png").read_bytes())
    script = str(TESTS / "collection" / "index_run.py")
    result = soak(
        lambda directory: [sys.executable, script, str(tmp_path / "photos"), str(directory)],
        sound_digest,
        tmp_path,
        kills=5,
        seed=1,
        longest=0.8,
    )
    assert result.kills >= 5
    assert result.workers > 0
    assert result.codes == []


@posix
def test_a_kill_between_catalog_and_index_is_caught_up(
    filled: Collection, twenty: Path, tmp_path: Path
) -> None:
    """The index on the disk is older than the catalog, and newer segments lie beside it."""
    old = tmp_path / "old"
    folder = filled.directory / "derived" / "search"
    shutil.copytree(folder, old)
    new = fakes.save_photo(tmp_path / "new" / "n.png", 700)
    filled.add([new], jobs=1)
    filled.remove(["0003.png"])
    filled.close()
    shutil.copy(old / "manifest.json", folder / "manifest.json")
    for path in old.iterdir():
        shutil.copy(path, folder / path.name)
    (folder / "half.segment").write_bytes(b"half")
    with reopen(filled.directory) as again:
        assert again.search(new).results[0].path == "n.png"
        assert len(again.search(new, top=50).results) <= 20
        assert again.check().ok
    assert not (folder / "half.segment").exists()


LIMITED = """
import resource, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1]]
from collection import fakes
from relook.collection import Collection
from relook.collection.ingest import Limits
from relook.core.errors import RelookError
limit = int(sys.argv[4])
with Collection.open(sys.argv[2], engine=lambda _: fakes.engine()) as c:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        c.add([sys.argv[3]], limits=Limits(jobs=1, batch=5))
    except RelookError as error:
        print(type(error).__name__, error)
"""


@posix
@pytest.mark.parametrize("limit", [40_000, 120_000])
def test_no_space_left_keeps_what_was_committed_and_says_so(
    filled: Collection, tmp_path: Path, limit: int
) -> None:
    """A limit on the size of files stands for the full disk, for the log and all else."""
    directory, before = filled.directory, filled.check().digest
    filled.close()
    fakes.save_photos(tmp_path / "more", 40, start=600)
    arguments = [str(TESTS), str(directory), str(tmp_path / "more"), str(limit)]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *arguments], capture_output=True, text=True, check=False
    )
    assert done.stdout.count("\n") == 1, done.stderr
    assert "CollectionError" in done.stdout
    assert "free space" in done.stdout
    with reopen(directory) as collection:
        assert collection.check().ok
        kept = collection.info().images - 20
        assert 0 <= kept < 40
        assert (collection.check().digest == before) == (kept == 0)
        assert collection.add([tmp_path / "more"], jobs=1).added == 40 - kept
        assert collection.search(tmp_path / "more" / "0620.png").results[0].path == "0620.png"


def test_a_full_disk_is_named(filled: Collection, tmp_path: Path) -> None:
    from relook.collection.writer import Writer

    fakes.save_photos(tmp_path / "more", 3, start=600)
    before = filled.check().digest
    with Writer(filled.directory) as writer:
        (pages,) = writer._connection.execute("PRAGMA page_count").fetchone()
        writer._connection.execute(f"PRAGMA max_page_count = {pages}")
        disk_full = pytest.raises(CollectionError, match="disk is full: nothing of the last batch")
        with disk_full, writer.changing() as connection:
            connection.execute("DELETE FROM contents WHERE id < 4")
            for number in range(100):
                connection.execute("INSERT INTO labels VALUES (5, ?)", (f"{number:01000d}",))
    assert filled.check().digest == before


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), OSError(5, "Input/output error")]
)
def test_an_index_that_cannot_be_kept_is_used_from_memory(
    filled: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def fail(*_: object) -> None:
        raise error

    new = fakes.save_photo(tmp_path / "new" / "n.png", 700)
    monkeypatch.setattr("relook.core.storage.os.fsync", fail)
    assert filled.add([new], jobs=1).added == 1
    assert filled.search(new).results[0].path == "n.png"
    monkeypatch.undo()
    with reopen(filled.directory) as again:
        assert again.search(new).results[0].path == "n.png"
        assert again.check().ok


def test_a_locked_database_is_one_line(filled: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relook.collection.database.BUSY_MILLISECONDS", 50)
    other = sqlite3.connect(filled.directory / "catalog.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CollectionError, match="busy in another process; try again"):
        filled.remove(["0000.png"])
    other.execute("ROLLBACK")
    other.close()
    assert filled.remove(["0000.png"]) == 1


@posix
@pytest.mark.parametrize("seconds", [0.0, 0.8])
def test_ctrl_c_in_a_terminal_stops_parent_and_workers_quietly(
    tmp_path: Path, seconds: float
) -> None:
    """The whole group gets the signal, as from a terminal, also while workers are starting."""
    fakes.save_photos(tmp_path / "photos", 200)
    script = str(TESTS / "collection" / "index_run.py")
    process = subprocess.Popen(
        [sys.executable, script, str(tmp_path / "photos"), str(tmp_path / "c")],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not workers_of(process.pid):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    last = complaint.rstrip().splitlines()[-1]
    assert last.startswith("KeyboardInterrupt: stopped; ")
    assert last.endswith("of 200 photos are done and safe, run the same command again to go on")
    assert complaint.count("Traceback") == 1
    assert sound_digest(tmp_path / "c")

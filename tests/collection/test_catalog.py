"""Opening, creating and migrating catalogs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from collection import fakes
from relook.collection import Collection
from relook.collection.catalog import Catalog
from relook.collection.creation import is_collection
from relook.collection.migration import migrate
from relook.collection.place import check_local, network_share
from relook.collection.schema import VERSION
from relook.core.errors import (
    CollectionError,
    FormatError,
    NotACollectionError,
    RecipeMismatchError,
)
from relook.search import Engine


def reopen(directory: Path) -> Collection:
    return Collection.open(directory, engine=lambda _: fakes.engine())


def change(directory: Path, sql: str) -> None:
    connection = sqlite3.connect(directory / "catalog.sqlite")
    with connection:
        connection.execute(sql)
    connection.close()


def test_a_directory_without_a_collection_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotACollectionError, match="holds no collection; make one with `relook"):
        reopen(tmp_path)
    with pytest.raises(NotACollectionError):
        reopen(tmp_path / "none")


def test_a_new_collection_needs_an_empty_directory(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(CollectionError, match=r"not empty and holds no collection \(thesis.tex\)"):
        Collection.create(tmp_path, engine=fakes.engine())
    Collection.create(tmp_path / "a" / "b", engine=fakes.engine()).close()
    with pytest.raises(CollectionError, match="holds a collection already; open it"):
        Collection.create(tmp_path / "a" / "b", engine=fakes.engine())
    with pytest.raises(CollectionError, match="cannot be made"):
        Collection.create(tmp_path / "thesis.tex", engine=fakes.engine())


def test_leftovers_of_a_killed_creation_are_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "writer.lock").write_text("123\n")
    (tmp_path / ".catalog.sqlite.part").write_bytes(b"half a catalog")
    (tmp_path / ".catalog.sqlite.part-wal").write_bytes(b"half a log")
    assert not is_collection(tmp_path)
    with Collection.create(tmp_path, engine=fakes.engine()) as collection:
        assert collection.check().ok
    assert not list(tmp_path.glob(".catalog*"))


def test_another_recipe_is_refused_with_a_way_out(filled: Collection, twenty: Path) -> None:
    before = filled.check().digest
    other = fakes.engine(describe_hash="fake-2")
    with (
        Collection.open(filled.directory, engine=lambda _: other) as collection,
        pytest.raises(RecipeMismatchError, match=r"of the recipe fake .* into a new directory"),
    ):
        collection.add([twenty / "photos"])
    assert filled.check().digest == before


def test_the_stored_recipe_makes_the_engine_when_it_is_needed(filled: Collection) -> None:
    seen = []

    def make(recipe: str) -> Engine:
        seen.append(recipe)
        return fakes.engine()

    with Collection.open(filled.directory, engine=make) as collection:
        assert collection.info().recipe == "fake"
        assert seen == []
        assert collection.engine.name == "fake"
        assert seen == ['{"name": "fake"}']


def test_a_newer_format_asks_for_an_upgrade(filled: Collection) -> None:
    change(filled.directory, f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(FormatError, match=r"newer relook .* upgrade relook"):
        reopen(filled.directory)


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    change(tmp_path, "CREATE TABLE theirs (x)")
    with pytest.raises((NotACollectionError, FormatError, CollectionError)):
        reopen(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_file_that_is_no_database_is_reported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(content)
    with pytest.raises((FormatError, CollectionError)) as caught:
        reopen(tmp_path)
    assert "\n" not in str(caught.value)


def test_migration_goes_step_by_step_and_a_failing_step_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA application_id = {0x72656C6B}")
    connection.execute("CREATE TABLE photos (name TEXT)")
    connection.execute("INSERT INTO photos VALUES ('a')")

    def rename(database: sqlite3.Connection) -> None:
        database.execute("ALTER TABLE photos RENAME TO contents")

    def fail(database: sqlite3.Connection) -> None:
        database.execute("ALTER TABLE contents ADD COLUMN width INTEGER")
        raise OSError("power cut")

    with pytest.raises(OSError, match="power cut"):
        migrate(connection, path, steps={0: rename, 1: fail}, version=2)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT * FROM contents").fetchall() == [("a",)]
    with pytest.raises(FormatError, match="format 1, which this relook cannot read"):
        migrate(connection, path, steps={0: rename}, version=2)
    connection.close()


def test_generations_tell_an_ancestor_from_a_restored_backup(
    filled: Collection, twenty: Path
) -> None:
    catalog = filled._catalog
    old = catalog.generation()
    filled.remove(["0000.png"])
    middle = catalog.generation()
    filled.remove(["0001.png"])
    assert middle.uuid != old.uuid
    assert middle.counter == old.counter + 1
    assert catalog.descends_from(old)
    assert catalog.descends_from(middle)
    backup = Catalog(twenty / "collection")
    assert backup.descends_from(old)
    assert not backup.descends_from(middle)
    backup.close()


def test_reading_goes_on_while_a_transaction_is_open(filled: Collection) -> None:
    from relook.collection.writer import Writer

    with Writer(filled.directory) as writer, writer.changing() as connection:
        connection.execute("DELETE FROM contents")
        assert filled.info().images == 20
    assert filled.info().images == 0


def test_a_snapshot_does_not_see_later_commits(filled: Collection) -> None:
    from relook.collection.writer import Writer

    with filled._catalog.reading():
        before = filled._catalog.generation()
        with Writer(filled.directory) as writer:
            writer.forget([(1, "0000.png")])
        assert filled._catalog.generation() == before
        assert len(filled._catalog.searchable()) == 20
    assert len(filled._catalog.searchable()) == 19


READ_ONLY = """
import fcntl, mmap, os, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1]]
import numpy as np
from collection import fakes
from PIL import Image as Pillow
from relook.collection import Collection
from relook.core.errors import RelookError
from relook.core.records import Image
picture = Image(np.zeros((8, 8, 3), np.uint8), (8, 8))
codes = fakes.unpack(fakes.FakeDescriber().describe(picture)["local"])
engine, warm = fakes.engine(), fakes.make_index()
warm.add(np.array([1]), [codes.aggregate])
warm.search(codes.aggregate, top=1)
query = np.asarray(Pillow.open(sys.argv[3]))
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
with Collection.open(sys.argv[2], engine=lambda _: engine) as c:
    print(c.search(query).results[0].path, c.info().images)
    for task in (lambda: c.remove(["0000.png"]), lambda: c.add([Path(sys.argv[3])], jobs=1)):
        try:
            task()
        except RelookError as error:
            print(type(error).__name__, "cannot be written" in str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="changes permissions and users")
@pytest.mark.parametrize("derived", [True, False])
def test_a_read_only_collection_can_be_searched(twenty: Path, derived: bool) -> None:
    with tempfile.TemporaryDirectory() as outside:
        place = Path(outside)
        shutil.copytree(twenty, place / "twenty")
        directory = place / "twenty" / "collection"
        for name in ("catalog.sqlite-wal", "catalog.sqlite-shm"):
            (directory / name).unlink(missing_ok=True)
        if not derived:
            shutil.rmtree(directory / "derived")
        for folder, _, files in os.walk(place):
            Path(folder).chmod(0o555)
            for name in files:
                (Path(folder) / name).chmod(0o444)
        query = place / "twenty" / "photos" / "0005.png"
        tests = str(Path(__file__).parents[1])
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, tests, str(directory), str(query)],
            capture_output=True,
            text=True,
            check=False,
        )
        for folder, _, _ in os.walk(place):
            Path(folder).chmod(0o755)
    lines = done.stdout.splitlines()
    assert lines == ["0005.png 20", *["CollectionError True"] * 2], done.stderr


@pytest.mark.parametrize(
    ("kind", "share"), [("nfs4", "nfs4"), ("cifs", "cifs"), ("ext4", None), ("tmpfs", None)]
)
def test_network_shares_are_recognized_by_their_mount(
    tmp_path: Path, kind: str, share: str | None
) -> None:
    mounts = tmp_path / "mounts"
    inside = tmp_path / "my disk"
    escaped = str(inside).replace(" ", "\\040")
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {escaped} {kind} rw 0 0\nbad\n")
    assert network_share(inside / "collection", mounts=mounts) == share
    assert network_share(tmp_path, mounts=mounts) is None
    assert network_share(tmp_path, mounts=tmp_path / "none") is None


def test_a_network_share_is_refused_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relook.collection.place.network_share", lambda _: "nfs4")
    with pytest.raises(CollectionError, match=r"network share \(nfs4\).* local disk"):
        check_local(tmp_path)
    with pytest.raises(CollectionError, match="network share"):
        Collection.create(tmp_path / "c", engine=fakes.engine())

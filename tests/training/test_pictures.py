from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from relook.core.errors import UsageError
from relook.training.sources.pictures import Folder, find_pictures


@pytest.fixture
def save(tmp_path):
    """Write a picture whose bytes depend on ``seed`` alone."""

    def write(name: str, seed: int) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path, format="BMP")  # equal lengths: all are compared

    return write


def _names(found) -> dict[str, str]:
    pictures = found.pictures
    return {
        path.name: pictures.classes[label]
        for path, label in zip(pictures.paths, pictures.labels, strict=True)
    }


def test_in_a_plain_folder_every_picture_is_a_class(save, tmp_path):
    for i, name in enumerate(["p/b.bmp", "p/a.bmp", "p/deep/c.bmp", "p/.hidden.bmp"]):
        save(name, i)
    (tmp_path / "p/notes.txt").write_text("no picture")
    found = find_pictures([Folder(tmp_path / "p", kind="flat")])
    assert _names(found) == {"a.bmp": "p/a.bmp", "b.bmp": "p/b.bmp", "c.bmp": "p/deep/c.bmp"}
    assert found.pictures.labels.tolist() == [0, 1, 2]
    assert found.pictures.kinds == ("flat",) * 3
    assert found.left_out == ()
    assert found.alone == ()
    assert found.notes() == ()


def test_folders_within_a_folder_are_classes(save, tmp_path):
    for i, name in enumerate(["o/cup/1.bmp", "o/cup/2.bmp", "o/toy/red/3.bmp", "o/stray.bmp"]):
        save(name, i)
    found = find_pictures([Folder(tmp_path / "o", labels="folder", kind="object", name="things")])
    assert _names(found) == {
        "1.bmp": "things/cup",
        "2.bmp": "things/cup",
        "3.bmp": "things/toy/red",
    }
    assert [path.name for path, _ in found.left_out] == ["stray.bmp"]
    assert found.alone == ("things/toy/red",)
    assert "1 class has one picture" in found.notes()[1]


def test_a_table_gives_labels(save, tmp_path):
    for i in range(4):
        save(f"t/{i}.bmp", i)
    (tmp_path / "t/list.csv").write_text(
        'label, path,place\nlion,0.bmp,x\n"lion",1.bmp,\nbear,2.bmp,y\nbear,2.bmp,y\n,3.bmp,\n'
        "wolf,4.bmp,\nwolf,list.csv,\n",
        encoding="utf-8-sig",
    )
    found = find_pictures([Folder(tmp_path / "t", labels="list.csv", kind="thing")])
    assert _names(found) == {"0.bmp": "lion", "1.bmp": "lion", "2.bmp": "bear"}
    reasons = {path.name: reason for path, reason in found.left_out}
    assert "line 6 of list.csv lacks" in reasons["3.bmp"]
    assert "No such file" in reasons["4.bmp"]
    assert "names no picture" in reasons["list.csv"]
    assert found.alone == ("bear",)


def test_several_folders_have_their_own_kinds_and_labels_that_do_not_clash(save, tmp_path):
    save("a/x/1.bmp", 1)
    save("a/x/2.bmp", 2)
    save("b/x/1.bmp", 3)
    save("c/1.bmp", 4)
    folders = [
        Folder(tmp_path / "a", labels="folder", kind="object"),
        Folder(tmp_path / "b", labels="folder", kind="flat"),
        Folder(tmp_path / "c", kind="scene"),
    ]
    found = find_pictures(folders)
    assert found.pictures.classes == ("a/x", "b/x", "c/1.bmp")
    assert found.pictures.labels.tolist() == [0, 0, 1, 2]
    assert found.pictures.kinds == ("object", "object", "flat", "scene")


def test_folders_of_one_name_in_different_places_do_not_clash(save, tmp_path):
    save("a/covers/1.bmp", 1)
    save("b/covers/1.bmp", 2)
    folders = [Folder(tmp_path / "a/covers"), Folder(tmp_path / "b/covers")]
    assert find_pictures(folders).pictures.classes == ("a/covers/1.bmp", "b/covers/1.bmp")
    same = [Folder(folder.path, name="covers") for folder in folders]
    assert find_pictures(same).pictures.classes == ("covers/1.bmp",)


def test_copies_in_a_plain_folder_are_one_class(save, tmp_path):
    for name, seed in [("p/1.bmp", 5), ("p/2.bmp", 6), ("p/3.bmp", 5)]:
        save(name, seed)
    found = find_pictures([Folder(tmp_path / "p")])
    assert found.pictures.labels.tolist() == [0, 1, 0]
    assert found.pictures.classes == ("p/1.bmp", "p/2.bmp")


def test_a_copy_of_a_labelled_picture_has_its_label(save, tmp_path):
    for name, seed in [("p/1.bmp", 5), ("o/cup/1.bmp", 5), ("o/cup/2.bmp", 6)]:
        save(name, seed)
    found = find_pictures([Folder(tmp_path / "p"), Folder(tmp_path / "o", labels="folder")])
    assert found.pictures.classes == ("o/cup",)
    assert found.alone == ()


def test_a_picture_of_two_folders_counts_once(save, tmp_path):
    save("p/x/1.bmp", 1)
    save("p/x/2.bmp", 2)
    folders = [Folder(tmp_path / "p"), Folder(tmp_path / "p", labels="folder")]
    found = find_pictures(folders)
    assert found.pictures.classes == ("p/x",)
    assert [path.name for path in found.pictures.paths] == ["1.bmp", "2.bmp"]


def test_the_same_picture_under_two_labels_is_told_and_not_used(save, tmp_path):
    for name, seed in [("o/cat/1.bmp", 5), ("o/dog/9.bmp", 5), ("o/dog/2.bmp", 6)]:
        save(name, seed)
    found = find_pictures([Folder(tmp_path / "o", labels="folder")])
    assert _names(found) == {"2.bmp": "o/dog"}
    assert [path.name for path, _ in found.left_out] == ["1.bmp", "9.bmp"]
    assert "labelled o/cat and o/dog" in found.left_out[0][1]
    assert "2 pictures are not used" in found.notes()[0]


def test_one_path_with_two_labels_in_a_table_is_told_and_not_used(save, tmp_path):
    save("t/0.bmp", 0)
    save("t/1.bmp", 1)
    (tmp_path / "t/l.csv").write_text("path,label\n0.bmp,a\n0.bmp,b\n1.bmp,a\n")
    found = find_pictures([Folder(tmp_path / "t", labels="l.csv")])
    assert _names(found) == {"1.bmp": "a"}
    assert [path.name for path, _ in found.left_out] == ["0.bmp"]


def test_what_is_no_picture_is_named_and_left_out(save, tmp_path):
    save("p/good.bmp", 1)
    (tmp_path / "p/empty.jpg").write_bytes(b"")
    (tmp_path / "p/page.png").write_bytes(b"<html>not here</html>")
    found = find_pictures([Folder(tmp_path / "p")])
    assert _names(found) == {"good.bmp": "p/good.bmp"}
    reasons = {path.name: reason for path, reason in found.left_out}
    assert "empty file" in reasons["empty.jpg"]
    assert "not a picture" in reasons["page.png"]
    assert "empty.jpg: empty file" in found.notes()[0]


def test_many_notes_are_cut(save, tmp_path):
    save("p/good.bmp", 1)
    for i in range(9):
        (tmp_path / f"p/{i}.jpg").write_bytes(b"")
    (note,) = find_pictures([Folder(tmp_path / "p")]).notes()
    assert "and 4 more" in note


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"labels": "names"}, "picture, folder, or the name of a .csv"),
        ({"kind": "person"}, "scene, flat, thing, object"),
        ({"labels": "missing.csv"}, "cannot read"),
        ({"labels": "empty.csv"}, "no column path"),
        ({"labels": "header.csv"}, "no rows"),
        ({"labels": "other.csv"}, "no column label"),
        ({"labels": "binary.csv"}, "no CSV file"),
        ({"labels": "quote.csv"}, "no CSV file"),
        ({"labels": "short.csv"}, "line 2 of short.csv lacks"),
        ({"labels": "folder"}, "lies in no folder of a class"),
    ],
)
def test_bad_input_is_told(save, tmp_path, options, words):
    save("p/1.bmp", 1)
    for name, content in {
        "empty.csv": b"",
        "header.csv": b"path,label\n",
        "other.csv": b"path,class\n1.bmp,a\n",
        "binary.csv": b"path,label\n\xff\xfe,a\n",
        "quote.csv": b'path,label\n"1.bmp,a\n',
        "short.csv": b"path,label\n1.bmp\n",
    }.items():
        (tmp_path / "p" / name).write_bytes(content)
    with pytest.raises(UsageError, match=words):
        find_pictures([Folder(tmp_path / "p", **options)])


def test_missing_and_empty_folders_are_told(tmp_path):
    with pytest.raises(UsageError, match="there is no folder"):
        find_pictures([Folder(tmp_path / "nowhere")])
    (tmp_path / "void").mkdir()
    with pytest.raises(UsageError, match="is empty"):
        find_pictures([Folder(tmp_path / "void")])
    with pytest.raises(UsageError, match="no folders"):
        find_pictures([])

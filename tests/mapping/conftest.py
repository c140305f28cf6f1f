"""Small collections of drawn photos, indexed once; not to be changed."""

from __future__ import annotations

import shutil

import pytest

import relook
from oracles import wall


def index(folder, write, *, recipe="sift-asmk"):
    write(folder / "photos")
    with relook.create(folder / "pictures", recipe=recipe) as collection:
        collection.add([folder / "photos"], jobs=1)
    return folder / "pictures"


@pytest.fixture(scope="session")
def walls(tmp_path_factory):
    """A collection of three things, three photos each, before three walls."""
    return index(tmp_path_factory.mktemp("walls"), wall.write_photos)


@pytest.fixture(scope="session")
def copies(tmp_path_factory):
    """A collection of pictures and their copies; see :func:`oracles.wall.write_copies`."""
    return index(tmp_path_factory.mktemp("copies"), wall.write_copies)


@pytest.fixture
def own_walls(walls, tmp_path):
    """The same, to be changed."""
    shutil.copytree(walls, tmp_path / "walls")
    return tmp_path / "walls"

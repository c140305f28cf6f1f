"""Memory that is left: what Linux and its control groups say, and what elsewhere is asked."""

from __future__ import annotations

import pytest

from relook.core import memory
from relook.core.errors import UsageError

GIB = 1 << 30


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A machine of 16 GiB, 8 of them free, without groups."""
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_OWN_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "_GROUPS", tmp_path / "groups")
    (tmp_path / "meminfo").write_text(
        f"MemTotal: {16 * GIB // 1024} kB\nMemAvailable: {8 * GIB // 1024} kB\n"
    )
    return tmp_path


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


def test_without_groups_it_is_what_the_system_has(system):
    assert memory.available_memory() == 8 * GIB


def test_a_container_is_held_to_its_own_limit_and_to_those_above_it(system):
    (system / "cgroup").write_text("0::/outer/inner\n")
    groups = system / "groups"
    write(groups / "outer" / "inner", memory__max="max", memory__current=GIB)
    write(groups / "outer", memory__max=5 * GIB, memory__current=2 * GIB)
    assert memory.available_memory() == 3 * GIB
    write(groups / "outer", memory__stat=f"anon 7\ninactive_file {GIB}")  # given back at need
    assert memory.available_memory() == 4 * GIB
    write(groups / "outer" / "inner", memory__max=GIB)
    assert memory.available_memory() == 0


def test_a_container_that_sees_its_own_group_as_the_top_is_held_to_it(system):
    (system / "cgroup").write_text("0::/a/path/of/the/host\n")
    write(system / "groups", memory__max=2 * GIB, memory__current=GIB)
    assert memory.available_memory() == GIB


def test_groups_of_the_first_version_count_too(system):
    (system / "cgroup").write_text("7:cpu,cpuacct:/job\n4:memory:/job\n")
    write(
        system / "groups" / "memory" / "job",
        memory__limit_in_bytes=4 * GIB,
        memory__usage_in_bytes=3 * GIB,
        memory__stat=f"cache 9\ntotal_inactive_file {GIB}",
    )
    assert memory.available_memory() == 2 * GIB


def test_other_systems_are_asked_in_their_way(system, monkeypatch):
    (system / "meminfo").unlink()
    asked = memory.available_memory()
    assert asked is None or asked > 0
    monkeypatch.setattr(memory.os, "sysconf_names", {}, raising=False)
    monkeypatch.setattr(memory.sys, "platform", "elsewhere")
    assert memory.available_memory() is None
    memory.check_memory(1 << 60, what="this", instead="that")  # nothing known, nothing refused


def test_what_does_not_fit_is_refused_with_what_it_needs_and_what_there_is(system):
    memory.check_memory(8 * GIB, what="this", instead="that")
    with pytest.raises(
        UsageError, match=r"^a fit needs 12 GiB of memory, 8 GiB are available; ask"
    ):
        memory.check_memory(12 * GIB, what="a fit", instead="ask for less")

"""How much memory this process may still take, and a refusal before the work and not in it."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from relook.core.errors import UsageError

__all__ = ["available_memory", "check_memory", "gibibytes"]

_MEMINFO = Path("/proc/meminfo")
_OWN_GROUPS = Path("/proc/self/cgroup")
_GROUPS = Path("/sys/fs/cgroup")


def available_memory() -> int | None:
    """Bytes that can be taken without swapping, within the limits of a container.

    Returns:
        The smallest of what Linux calls available and what the control groups leave; elsewhere
        the memory that is free, or all there is where the system says no more; None where it says
        nothing.
    """
    known = [_linux(), *_control_groups()]
    found = [size for size in known if size is not None]
    if found:
        return max(0, min(found))
    return _windows() if sys.platform == "win32" else _posix()


def check_memory(needed: int, *, what: str, instead: str) -> None:
    """Raise unless so many bytes are available.

    Raises:
        UsageError: they are not; it names the GiB needed and available, and says ``instead``.
    """
    available = available_memory()
    if available is not None and needed > available:
        raise UsageError(
            f"{what} needs {gibibytes(needed)} of memory, {gibibytes(available)} are available; "
            f"{instead}"
        )


def gibibytes(size: int) -> str:
    """A size in words: 1.5 GiB."""
    return f"{size / 2**30:.2g} GiB" if size < 10 * 2**30 else f"{size / 2**30:.0f} GiB"


def _linux() -> int | None:
    for line in _lines(_MEMINFO):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _control_groups() -> list[int | None]:
    """What the group of this process and those above it leave (version 2, then version 1)."""
    left = []
    for line in _lines(_OWN_GROUPS):
        _, controllers, own = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        base = _GROUPS / controllers
        group = base / own.lstrip("/")
        limit, used = ("memory.max", "memory.current") if not controllers else (
            "memory.limit_in_bytes", "memory.usage_in_bytes")  # fmt: skip
        # Inside a container the path may be the host's: its own group is then the top one.
        folders = {base, group, *(above for above in group.parents if above.is_relative_to(base))}
        left += [_left(folder, limit, used) for folder in folders]
    return left


def _left(folder: Path, limit: str, used: str) -> int | None:
    numbers = [_number(folder / name) for name in (limit, used)]
    if numbers[0] is None or numbers[1] is None:
        return None
    cached = sum(  # pages of files that the system gives back first
        int(line.split()[1])
        for line in _lines(folder / "memory.stat")
        if line.startswith(("inactive_file ", "total_inactive_file "))
    )
    return numbers[0] - max(0, numbers[1] - cached)


def _number(file: Path) -> int | None:
    text = "".join(_lines(file)).strip()
    return int(text) if text.isdecimal() else None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("ascii", errors="replace").splitlines()
    except OSError:
        return []


def _posix() -> int | None:
    for pages in ("SC_AVPHYS_PAGES", "SC_PHYS_PAGES"):
        if pages in os.sysconf_names:
            count = os.sysconf(pages)
            if count > 0:
                return count * os.sysconf("SC_PAGE_SIZE")
    return None


def _windows() -> int | None:
    class Status(ctypes.Structure):
        """``MEMORYSTATUSEX``."""

        _fields_ = (
            ("length", ctypes.c_ulong), ("load", ctypes.c_ulong),
            ("physical", ctypes.c_ulonglong), ("available", ctypes.c_ulonglong),
            ("rest", ctypes.c_ulonglong * 5),
        )  # fmt: skip

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - there only on Windows
    if not kernel.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status.available)

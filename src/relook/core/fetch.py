"""Downloads that resume where they stopped and are not believed before their checksum is."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Callable, Mapping
from http.client import HTTPMessage
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from relook.core.errors import FetchError, UsageError

__all__ = ["Progress", "check_file", "fetch"]

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here and the bytes in all, None where the server does not say."""

CHUNK = 1 << 20
ALGORITHMS = ("md5", "sha256")


def fetch(
    url: str,
    target: Path,
    *,
    checksum: str | None = None,
    progress: Progress | None = None,
    timeout: float = 30.0,
) -> Path:
    """Download ``url`` into the file ``target``, unless it is there already.

    What came before an interruption is kept beside it, as ``.target.part``, and gone on with if the
    server can and says that the file is still the same.

    Args:
        url: http or https.
        target: the file to make; its folder is made too.
        checksum: ``sha256:…`` or ``md5:…`` in hexadecimal digits, where one is known.
        progress: called after every part.
        timeout: seconds without an answer.

    Raises:
        UsageError: the address or the checksum is of no kind that is known.
        FetchError: no network, no such file, not enough disk, or what came has another checksum.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"{url} is not an http or https address; download it by hand to {target}")
    if target.exists():
        check_file(target, checksum)
        return target
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _receive(url, part, trusted=checksum is not None, progress=progress, timeout=timeout)
    except HTTPError as error:
        error.close()
        raise FetchError(
            f"{url} answers {error.code} {error.reason}; bring it by hand as {target}"
        ) from error
    except (URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise FetchError(
            f"no connection to {urlsplit(url).netloc} ({reason}); try again later, or bring {url} "
            f"by hand as {target}"
        ) from error
    except OSError as error:
        raise FetchError(f"cannot write {part}: {error.strerror}; make room there") from error
    try:
        check_file(part, checksum)
    except FetchError:
        part.unlink()
        _tag(part).unlink(missing_ok=True)
        raise
    part.replace(target)
    _tag(part).unlink(missing_ok=True)
    return target


def check_file(file: Path, checksum: str | None) -> None:
    """Raise :class:`FetchError` unless a file has this checksum; None fits every file."""
    if checksum is None:
        return
    name, _, digits = checksum.partition(":")
    if name not in ALGORITHMS:
        raise UsageError(f"checksum {checksum!r} must start with {' or '.join(ALGORITHMS)}")
    digest = hashlib.new(name, usedforsecurity=False)
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != digits.lower():
        raise FetchError(
            f"{file} has the {name} {digest.hexdigest()}, not {digits.lower()}; delete it and "
            "download it again"
        )


def _receive(
    url: str, part: Path, *, trusted: bool, progress: Progress | None, timeout: float
) -> None:
    headers = _resume(part, trusted=trusted)
    try:
        response = _ask(url, headers, timeout)
    except HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or not headers:
            raise
        if error.headers.get("Content-Range") == f"bytes */{part.stat().st_size}":
            return  # all of it was here
        response = _ask(url, {}, timeout)
    with response:
        here = _start(response, part)
        length = response.headers.get("Content-Length")
        total = None if length is None else here + int(length)
        _tag(part).write_text(_validator(response.headers), encoding="utf-8")
        with part.open("ab" if here else "wb") as file:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                here += len(chunk)
                if progress is not None:
                    progress(here, total)
    if total is not None and here < total:
        raise ConnectionError(f"it broke off after {here:,} of {total:,} bytes")


def _ask(url: str, headers: Mapping[str, str], timeout: float) -> http.client.HTTPResponse:
    # The scheme was checked: no file: address comes here.
    answer: http.client.HTTPResponse = urlopen(  # noqa: S310
        Request(url, headers=dict(headers)),  # noqa: S310
        timeout=timeout,
    )
    return answer


def _resume(part: Path, *, trusted: bool) -> dict[str, str]:
    """What asks for the rest of a file; nothing where it must begin anew."""
    size = part.stat().st_size if part.exists() else 0
    tag = _tag(part).read_text(encoding="utf-8") if _tag(part).exists() else ""
    if not size or not (tag or trusted):
        return {}
    rest = {"Range": f"bytes={size}-"}
    return rest | {"If-Range": tag} if tag else rest


def _start(response: http.client.HTTPResponse, part: Path) -> int:
    """How many bytes are here already, if the server goes on behind them."""
    if response.status != http.client.PARTIAL_CONTENT:
        return 0
    size = part.stat().st_size
    if not response.headers.get("Content-Range", "").startswith(f"bytes {size}-"):
        raise http.client.HTTPException("it goes on at another place than it was asked to")
    return size


def _tag(part: Path) -> Path:
    return part.with_name(part.name + ".tag")


def _validator(headers: HTTPMessage) -> str:
    """What says that a file is still the same: a strong tag, or the time of its last change."""
    tag = headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else str(headers.get("Last-Modified", ""))

"""Running a server until somebody stops it."""

from __future__ import annotations

import errno
import importlib.util
import ipaddress
import socket
import ssl
import stat
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from relook.cli import console
from relook.core.errors import RelookError, UsageError

if TYPE_CHECKING:
    from relook.collection import Collection
    from relook.server.settings import ServerSettings

__all__ = ["Certificate", "Place", "check_extra", "read_token", "serve", "settings_for"]

_SHORTEST_TOKEN = 16
_HOW_TO_MAKE_ONE = "python -c 'import secrets; print(secrets.token_urlsafe(32))' > token.txt"
_NEEDED = ("fastapi", "python_multipart", "prometheus_client", "uvicorn")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server listens.

    Attributes:
        host: name or address.
        port: 0 for any that is free.
    """

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this computer can reach it."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def check(self, token: str | None) -> None:
        """Refuse to serve other computers without a token.

        Raises:
            UsageError: says how to make one.
        """
        if token is None and not self.is_loopback:
            raise UsageError(
                f"--host {self.host} lets other computers in, which takes a token: make one with "
                f"`{_HOW_TO_MAKE_ONE}` and add --token-file token.txt"
            )

    @contextmanager
    def listen(self) -> Iterator[socket.socket]:
        """A socket that listens here.

        Raises:
            UsageError: the address is not of this computer, or the port is taken.
        """
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
        except OSError as error:
            raise UsageError(
                f"{self.host} is no address of this computer; leave --host out, or use 0.0.0.0"
            ) from error
        with socket.socket(family, kind, protocol) as listener:
            if sys.platform != "win32":  # there it would let two servers have one port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(address)
            except OSError as error:
                raise UsageError(self._refused(error)) from error
            yield listener

    def _refused(self, error: OSError) -> str:
        if error.errno == errno.EADDRINUSE:
            return f"port {self.port} is in use; choose another one with --port, or --port 0"
        if error.errno in (errno.EACCES, errno.EPERM):
            return f"port {self.port} is not for everybody; choose one above 1023 with --port"
        return f"cannot listen at {self.host} ({error.strerror}); leave --host out, or use 0.0.0.0"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server proves with who it is, so that what travels is encrypted.

    Attributes:
        file: the certificate and what signs it, PEM.
        key: its private key, PEM; None where it is in ``file`` too.
    """

    file: Path
    key: Path | None

    @classmethod
    def of(cls, file: Path | None, key: Path | None) -> Certificate | None:
        """The certificate of a command line; None where it has none.

        Raises:
            UsageError: the files are no certificate and its key.
        """
        if file is None:
            if key is not None:
                raise UsageError("--key belongs to a certificate; add --certificate FILE")
            return None
        try:
            # Without a password: nobody is there to type one.
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
                file, key, password=b""
            )
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise UsageError(
                f"{file}{f' and {key}' if key else ''} cannot be used for TLS "
                f"({getattr(error, 'strerror', None) or error}); give a PEM certificate and its "
                "PEM key without a password"
            ) from error
        return cls(file, key)


def check_extra() -> None:
    """Make sure that what serving takes is installed.

    Raises:
        UsageError: says how to install it.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"{', '.join(missing)} missing: install what serving takes with "
            'pip install "relook[server]"'
        )


def read_token(file: Path) -> str:
    """The token in a file.

    Raises:
        UsageError: the file cannot be read, or its token is too short or not one line of ASCII.
    """
    try:
        token = file.read_text("utf-8").strip()
        mode = file.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file} cannot be read as a token; make one with `{_HOW_TO_MAKE_ONE}`"
        ) from error
    if len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable():
        raise UsageError(
            f"the token in {file} has to be one line of {_SHORTEST_TOKEN} ASCII characters or "
            f"more; make one with `{_HOW_TO_MAKE_ONE}`"
        )
    if sys.platform != "win32" and mode & (stat.S_IRGRP | stat.S_IROTH):
        console.note(f"others on this computer can read {file}; chmod 600 it")
    return token


def settings_for(
    place: Place, *, token: str | None, readonly: bool, hosts: tuple[str, ...], workers: int | None
) -> ServerSettings:
    """Settings of a server; what is not said is as it is by default."""
    from relook.server.settings import ServerSettings  # noqa: PLC0415

    settings = ServerSettings(token=token, readonly=readonly, hosts=(place.host, *hosts))
    return settings if workers is None else replace(settings, workers=workers)


def serve(
    collection: Collection,
    settings: ServerSettings,
    listener: socket.socket,
    *,
    certificate: Certificate | None = None,
    open_page: bool,
    verbose: bool,
) -> None:
    """Serve until Ctrl-C or a signal to end.

    Raises:
        RelookError: the server did not start.
    """
    from relook.server.app import create_app  # noqa: PLC0415
    from relook.server.running import make_server  # noqa: PLC0415

    app = create_app(collection, settings=settings)

    def ready() -> None:
        console.err().print(f"relook serves {collection.directory} at {url}; Ctrl-C stops")
        if not Place(*listener.getsockname()[:2]).is_loopback:
            console.note("other computers reach it by this computer's address, or an --allow-host")
        threading.Thread(target=app.state.service.asking.warm, daemon=True).start()
        if open_page:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    url = _url(listener, scheme="https" if certificate else "http")
    files = {"certificate": certificate.file, "key": certificate.key} if certificate else {}
    server = make_server(app, ready=ready, verbose=verbose, **files)
    try:
        server.run([listener])
    except KeyboardInterrupt:
        return
    if not server.started:
        raise RelookError("the server could not start; -v shows why")


def _url(listener: socket.socket, *, scheme: str) -> str:
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"{scheme}://[{shown}]:{port}/" if ":" in shown else f"{scheme}://{shown}:{port}/"

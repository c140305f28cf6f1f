"""``relook serve``: a collection as a page for people and as a REST interface."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from relook.cli import console
from relook.cli.options import Directory

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook serve pictures",
    "relook serve pictures --readonly --port 9000 --no-open",
    "relook serve pictures --host 0.0.0.0 --token-file token.txt --allow-host photos.lan",
    "relook serve pictures --host 0.0.0.0 --token-file token.txt --certificate cert.pem",
)


def run(
    directory: Directory,
    *,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS",
                          help="Where to listen; beyond this computer only with a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535,
                          help="Port to listen at; 0 takes a free one.")
    ] = 8000,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", metavar="FILE", show_default=False,
                     help="File with the token that clients have to know; 16 characters or more."),
    ] = None,
    readonly: Annotated[
        bool, typer.Option("--readonly", help="Refuse everything that changes the collection.")
    ] = False,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in a browser.")
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", show_default=False,
                     help="A name by which the server may be called, such as photos.lan. "
                          "Repeatable."),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", metavar="FILE", show_default=False,
                     help="PEM certificate: serve by TLS, so that what travels is encrypted and "
                          "phones may use their camera."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", show_default=False,
                     help="Private key of the certificate, PEM, where it is in another file."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", min=1, show_default=False,
                     help="Processes that describe uploads; one less than cores, up to 4, unless "
                          "said."),
    ] = None,
) -> None:  # fmt: skip
    """Serve a collection: a page for people, and a REST interface under /api/v1.

    It listens on this computer only unless --host says otherwise, which takes a token.
    """
    import relook  # noqa: PLC0415
    from relook.cli.serving import (  # noqa: PLC0415
        Certificate,
        Place,
        check_extra,
        read_token,
        serve,
        settings_for,
    )  # fmt: skip
    from relook.cli.threads import limit_threads  # noqa: PLC0415

    check_extra()
    limit_threads()
    place = Place(host, port)
    token = None if token_file is None else read_token(token_file)
    place.check(token)
    proof = Certificate.of(certificate, key)
    settings = settings_for(
        place, token=token, readonly=readonly, hosts=tuple(allow_host or ()), workers=workers
    )
    with relook.open(directory) as collection, place.listen() as listener:
        serve(
            collection, settings, listener, certificate=proof, open_page=open_page,
            verbose=console.is_verbose(),
        )  # fmt: skip

"""``relook serve``: what it refuses, and a real server process from its start to Ctrl-C."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme

from relook.cli import main, serving
from server.probes import TOKEN

NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
STOP = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT)


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token.txt"
    file.write_text(f"{TOKEN}\n", "utf-8")
    file.chmod(0o600)
    return file


@pytest.fixture
def port() -> Iterator[int]:
    """A port that somebody else has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main(["serve", *map(str, words)]) != 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("relook: ")
    return said.err


def test_other_computers_take_a_token(museum: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for host in ("0.0.0.0", "::", "192.168.1.7", "photos.lan"):
        said = refused(capsys, museum / "pictures", "--host", host)
        assert "token" in said
        assert "secrets" in said


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "LOCALHOST", "::1"])
def test_loopback_does_not(host: str) -> None:
    serving.Place(host, 0).check(None)


@pytest.mark.parametrize("content", ["", "short", "x" * 15, "ünïcödé " * 5, "two\nlines " * 5])
def test_a_bad_token_is_refused(
    museum: Path, tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token.txt"
    file.write_text(content, "utf-8")
    assert "16" in refused(capsys, museum / "pictures", "--token-file", file)


def test_a_token_file_that_is_none_is_refused(
    museum: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe" * 20)
    for file in (tmp_path / "missing", tmp_path, tmp_path / "binary"):
        assert "cannot be read" in refused(capsys, museum / "pictures", "--token-file", file)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are other things there")
def test_a_token_that_others_can_read_is_warned_about(
    token_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serving.read_token(token_file) == TOKEN
    assert capsys.readouterr().err == ""
    token_file.chmod(0o644)
    assert serving.read_token(token_file) == TOKEN
    assert "chmod 600" in capsys.readouterr().err


def test_a_port_in_use_is_said(museum: Path, port: int, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, museum / "pictures", "--port", port)
    assert f"port {port} is in use" in said


def test_an_address_of_elsewhere_is_said(
    museum: Path, token_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for host in ("192.0.2.1", "no.such.name.invalid"):
        words = ("--host", host, "--token-file", token_file)
        assert host in refused(capsys, museum / "pictures", *words)


def test_a_directory_without_a_collection_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no collection" in refused(capsys, tmp_path)


def test_what_is_not_installed_is_said(
    museum: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "fastapi" else find(name)
    )
    assert 'pip install "relook[server]"' in refused(capsys, museum / "pictures")


def test_the_address_that_is_printed_is_one_that_the_server_answers_to() -> None:
    for host, shown in (("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")):
        with serving.Place(host, 0).listen() as listener:
            port = listener.getsockname()[1]
            assert serving._url(listener, scheme="http") == f"http://{shown}:{port}/"


class Process:
    """A server in a process of its own."""

    def __init__(self, *words: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "relook", "serve", *map(str, words), "--port", "0"],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            creationflags=NEW_GROUP,
            text=True,
        )
        stream = self.process.stderr
        lines = iter(stream.readline, "") if stream else iter(())
        self.url = next(
            (found[0] for line in lines if (found := re.search(r"https?://\S+?/(?=;)", line))), ""
        )
        assert self.url

    def stop(self) -> None:
        """Press Ctrl-C; it ends well, and soon."""
        self.process.send_signal(STOP)
        out, err = self.process.communicate(timeout=60)
        assert (self.process.returncode, out) == (0, ""), err
        assert "Traceback" not in err


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A certificate of 127.0.0.1, its key, and who signed it."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    files = tuple(tmp_path / name for name in ("cert.pem", "key.pem", "ca.pem"))
    issued.cert_chain_pems[0].write_to_path(files[0])
    issued.private_key_pem.write_to_path(files[1])
    authority.cert_pem.write_to_path(files[2])
    return files


def test_it_serves_by_tls_until_ctrl_c_also_with_open_streams(
    directory: Path, photos: Path, token_file: Path, certificate: tuple[Path, Path, Path]
) -> None:
    file, key, authority = certificate
    words = ("--token-file", token_file, "--workers", 1, "--certificate", file, "--key", key)
    process = Process(directory, *words, "--allow-host", "a.lan")
    try:
        assert process.url.startswith("https://")
        trusted = ssl.create_default_context(cafile=authority)
        with httpx.Client(base_url=process.url, verify=trusted, timeout=60) as client:
            use(client)
            with client.stream("GET", add_a_photo(client, photos)) as events:
                assert events.status_code == 200
                next(events.iter_raw())
                process.stop()
    finally:
        process.process.kill()
        process.process.communicate()


def use(client: httpx.Client) -> None:
    """Look around, log in, look again."""
    assert client.get("/").headers["content-type"].startswith("text/html")
    assert client.get("/api/v1/health").json() == {"status": "ok"}
    assert client.get("/api/v1/health", headers={"Host": "a.lan"}).status_code == 200
    assert client.get("/api/v1/health", headers={"Host": "b.lan"}).status_code == 421
    assert client.get("/api/v1/info").status_code == 401
    assert client.post("/api/v1/session", json={"token": "wrong" * 5}).status_code == 401
    origin = str(client.base_url).rstrip("/")
    answer = client.post("/api/v1/session", json={"token": TOKEN}, headers={"Origin": origin})
    assert answer.status_code == 204
    assert "secure" in answer.headers["set-cookie"].lower()
    assert client.get("/api/v1/info").json()["login"] is True


def add_a_photo(client: httpx.Client, photos: Path) -> str:
    """Where to follow the job: of a photo that the collection does not have."""
    data = min(photos.iterdir()).read_bytes() + b"bytes behind the end change nothing"
    job = client.post("/api/v1/images", files={"images": ("new.jpg", data)})
    assert job.status_code == 202
    return f"/api/v1/jobs/{job.json()['id']}/events"


def test_what_is_no_certificate_is_refused(
    museum: Path, certificate: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    file, key, authority = certificate
    pictures = museum / "pictures"
    assert "--certificate" in refused(capsys, pictures, "--key", key)
    for wrong in (("nowhere.pem", key), (file, authority), (key, key), (museum, key)):
        said = refused(capsys, pictures, "--certificate", wrong[0], "--key", wrong[1])
        assert "PEM" in said

"""Uploads that are no pictures, or pictures that mean harm: 4xx each, and the server goes on."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image as Pillow

ROUTES = ("/api/v1/search", "/api/v1/recognize")


def jpeg(size=(320, 240)) -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (*size[::-1], 3), dtype=np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(noise).save(file, "JPEG")
    return file.getvalue()


def png_bomb(width: int, height: int) -> bytes:
    """A header that promises more than there is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def huge_exif() -> bytes:
    """Segments of EXIF, 16 of 64 kB each, that point everywhere."""
    plain = jpeg()
    block = b"Exif\0\0II*\0\x08\0\0\0" + b"\xff" * 65_000
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    return plain[:2] + segment * 16 + plain[2:]


BAD = {
    "empty": b"",
    "text": b"I am no picture, sorry.",
    "html": b"<html><script>alert(1)</script></html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script/></svg>',
    "zeros": bytes(5000),
    "jpeg-head": b"\xff\xd8\xff",
    "truncated-jpeg": jpeg()[:4000],
    "polyglot": b"GIF89a/*" + bytes(300) + b"*/=1;alert(1)",
    "png-head": b"\x89PNG\r\n\x1a\n",
    "bomb": png_bomb(100_000, 100_000),
    "flat-bomb": png_bomb(2**31 - 1, 1),
    "zero-size": png_bomb(0, 10),
    "lying-png": png_bomb(800, 600),
    "tiff": b"II*\0" + b"\xff" * 400,
    "bmp": b"BM" + b"\xff" * 400,
    "webp": b"RIFF" + b"\xff" * 4 + b"WEBPVP8 " + bytes(200),
    "avif": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(300),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(300),
    "pdf": b"%PDF-1.7\n" + bytes(300),
    "zip": b"PK\x03\x04" + bytes(300),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("route", ROUTES)
def test_what_is_no_picture_is_a_clients_mistake(shared_client, route, name) -> None:
    answer = shared_client.post(route, files={"image": (f"{name}.jpg", BAD[name])})
    assert answer.status_code in {413, 415}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_bomb_is_called_too_large(shared_client) -> None:
    answer = shared_client.post("/api/v1/search", files={"image": ("b.png", BAD["bomb"])})
    assert answer.status_code == 413
    assert "10,000,000,000 pixels" in answer.json()["detail"]


def test_random_damage_never_breaks_the_server(shared_client) -> None:
    random = np.random.default_rng(1)
    plain = np.frombuffer(jpeg((64, 48)), np.uint8)
    for _ in range(60):
        broken = plain.copy()
        places = random.integers(2, len(broken), 12)
        broken[places] = random.integers(0, 255, len(places), dtype=np.uint8)
        answer = shared_client.post("/api/v1/search", files={"image": ("x", broken.tobytes())})
        assert answer.status_code in {200, 413, 415}, answer.text


def test_odd_but_sound_pictures_are_answered(shared_client) -> None:
    one = io.BytesIO()
    Pillow.new("RGB", (1, 1)).save(one, "PNG")
    wide = io.BytesIO()
    Pillow.new("L", (5000, 2)).save(wide, "PNG")
    for data in (one.getvalue(), wide.getvalue(), huge_exif()):
        answer = shared_client.post("/api/v1/search", files={"image": ("x", data)})
        assert answer.status_code == 200, answer.text


def test_after_all_of_it_the_server_answers_right(shared_client, queries) -> None:
    files = {"image": ("q.jpg", queries[0].read_bytes())}
    assert shared_client.post("/api/v1/search", files=files).json()["results"][0]["verified"]


def test_larger_than_allowed_is_refused(serve) -> None:
    client = serve(upload_bytes=10_000)
    answer = client.post("/api/v1/search", files={"image": ("x.jpg", jpeg((600, 400)))})
    assert answer.status_code == 413


def test_a_form_without_a_file_chosen_asks_nothing(shared_client) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="image"; filename=""\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert shared_client.post("/api/v1/search", content=body, headers=headers).status_code == 422

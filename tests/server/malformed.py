"""Requests that mean harm, or that went wrong on the way; made from numbers, so always the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from server.bombs import BOMBS, sound

ASKING = ("search", "recognize", "landmark", "explain")
KINDS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF", "HEIF")
BOUNDARY = "a-line-between"


@dataclass(frozen=True)
class Malformed:
    """One request.

    Attributes:
        what: in words, for who has to find out what happened.
        path: where it goes.
        body: of the request.
        content_type: of the body.
    """

    what: str
    path: str
    body: bytes
    content_type: str = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True)
class Part:
    """A part of a form."""

    name: str
    value: bytes
    file: bytes | None = None
    headers: tuple[bytes, ...] = field(default=())

    def encoded(self) -> bytes:
        head = b'Content-Disposition: form-data; name="' + self.name.encode() + b'"'
        if self.file is not None:
            head += b'; filename="' + self.file + b'"\r\nContent-Type: image/jpeg'
        return b"\r\n".join([head, *self.headers, b"", self.value])


def malformed(count: int, *, seed: int = 0) -> Iterator[Malformed]:
    """So many requests, of all families in turn."""
    for number in range(count):
        random = np.random.default_rng([seed, number])
        make = FAMILIES[number % len(FAMILIES)]
        found = make(random)
        yield replace(found, what=f"{number} {make.__name__}: {found.what}")


def form(*parts: Part, end: bytes = b"--\r\n") -> bytes:
    line = b"--" + BOUNDARY.encode()
    return b"".join(line + b"\r\n" + part.encoded() + b"\r\n" for part in parts) + line + end


def to_ask(random: np.random.Generator, what: str, data: bytes, *more: Part) -> Malformed:
    """A question with a picture, now and then an attempt to add it."""
    name = ASKING[random.integers(len(ASKING))]
    parts = [Part("image", data, b"x.jpg"), *more]
    if name == "explain":
        parts.append(Part("result", b"1"))
    if random.random() < 0.07:
        name, parts = "images", [Part("images", data, b"x.jpg")]
    return Malformed(what, f"/api/v1/{name}", form(*parts))


def flipped(random: np.random.Generator) -> Malformed:
    """Some bits of a picture, mostly of its head."""
    kind = KINDS[random.integers(len(KINDS))]
    data = np.frombuffer(sound(kind), np.uint8).copy()
    end = len(data) if random.random() < 0.4 else min(len(data), 300)
    places = random.integers(2, end, random.integers(1, 20))
    data[places] ^= 1 << random.integers(0, 8, len(places)).astype(np.uint8)
    return to_ask(random, f"{kind} {places.tolist()}", data.tobytes())


def truncated(random: np.random.Generator) -> Malformed:
    kind = KINDS[random.integers(len(KINDS))]
    data = sound(kind)
    end = int(random.integers(0, len(data)))
    tail = random.bytes(int(random.integers(0, 50)))
    return to_ask(random, f"{kind} [:{end}]", data[:end] + tail)


def numbers(random: np.random.Generator) -> Malformed:
    """A number in the head that is far too large, or below zero."""
    kind = KINDS[random.integers(len(KINDS))]
    data = bytearray(sound(kind))
    place = int(random.integers(2, min(len(data) - 8, 400)))
    odd = [b"\xff" * 4, b"\x7f\xff\xff\xff", bytes(4), b"\x80\0\0\0", b"\xff\xff\xff\x7f", bytes(8)]
    value = odd[random.integers(len(odd))]
    data[place : place + len(value)] = value
    return to_ask(random, f"{kind} {value.hex()} at {place}", bytes(data))


def spliced(random: np.random.Generator) -> Malformed:
    """The head of one kind on the body of another, or two files in one."""
    first, second = (KINDS[one] for one in random.integers(len(KINDS), size=2))
    end = int(random.integers(4, 120))
    start = int(random.integers(0, 120))
    return to_ask(random, f"{first} + {second}", sound(first)[:end] + sound(second)[start:])


SCRIPT = b"<html><script>alert(document.cookie)</script></html>"
FOREIGN = {
    "empty": b"",
    "one byte": b"\xff",
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
    "svg bomb": b'<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa">'
    + b'<!ENTITY b "&a;&a;">' * 200
    + b"]><svg/>",
    "html": SCRIPT,
    "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF",
    "elf": b"\x7fELF\x02\x01\x01" + bytes(300),
    "zip": b"PK\x03\x04" + bytes(300),
    "text": "ein kurzer Text \u2603".encode(),
    "zeros": bytes(200_000),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage",
    "netpbm": b"P6 99999 99999 255\n" + bytes(99),
    "psd": b"8BPS\0\x01" + bytes(99),
    "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(99),
    "ico": b"\0\0\x01\0\x01\0" + b"\xff" * 99,
    "video": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(99),
    "pickle": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    "gif and script": b"GIF89a/*" + bytes(99) + b"*/=1;alert(1)",
    "jpeg and script": b"\xff\xd8\xff\xe0/*" + SCRIPT * 20,
}


def foreign(random: np.random.Generator) -> Malformed:
    names = sorted(FOREIGN)
    name = names[random.integers(len(names))]
    return to_ask(random, name, FOREIGN[name])


def polyglot(random: np.random.Generator) -> Malformed:
    """A sound picture that is something else, too."""
    kind = KINDS[random.integers(len(KINDS))]
    names = sorted(FOREIGN)
    name = names[random.integers(len(names))]
    data = FOREIGN[name] + sound(kind) if random.random() < 0.5 else sound(kind) + FOREIGN[name]
    return to_ask(random, f"{kind} and {name}", data)


def bomb(random: np.random.Generator) -> Malformed:
    names = sorted(BOMBS)
    name = names[random.integers(len(names))]
    return to_ask(random, name, BOMBS[name]())


NAMES = (
    b"", b"../../etc/passwd", b"..\\..\\boot.ini", b"/etc/passwd", b"C:\\x.jpg", b"a\0b.jpg",
    "\u202egpj.exe".encode(), b"\xff\xfe.jpg", b"x" * 5000 + b".jpg", b"con.jpg", b".", b"..",
    b".batch-1.json", b".part-1", "e\u0301\U0001f600.jpg".encode(), b"%2e%2e%2fx.jpg", b"a\tb.jpg",
    b"; name=images", b"x.jpg\\", b'quote\\".jpg', b"x.svg", b"|rm -rf x", b"$(true).jpg", b" ",
)  # fmt: skip


def named(random: np.random.Generator) -> Malformed:
    """A sound picture, or none, with an odd name."""
    name = NAMES[random.integers(len(NAMES))]
    data = sound("JPEG") if random.random() < 0.3 else random.bytes(64)
    if random.random() < 0.3:
        body = form(Part("images", data, name), Part("labels", name[:100]))
        return Malformed(f"add {name[:40]!r}", "/api/v1/images", body)
    return Malformed(f"{name[:40]!r}", "/api/v1/search", form(Part("image", data, name)))


def framed(random: np.random.Generator) -> Malformed:
    """A form whose frame is broken."""
    path = f"/api/v1/{('search', 'images')[random.integers(2)]}"
    name = "images" if path.endswith("images") else "image"
    whole = form(Part(name, sound("PNG"), b"x.png"))
    good = Malformed("", path, whole)
    long = b"X-Long: " + b"y" * 20_000
    choices = [
        replace(good, what="other boundary", content_type="multipart/form-data; boundary=other"),
        replace(good, what="no boundary", content_type="multipart/form-data"),
        replace(good, what="empty boundary", content_type="multipart/form-data; boundary="),
        replace(good, what="long", content_type="multipart/form-data; boundary=" + "b" * 3000),
        replace(good, what="odd", content_type='multipart/form-data; boundary="a\\";b'),
        replace(good, what="mixed", content_type=f"multipart/mixed; boundary={BOUNDARY}"),
        replace(good, what="json", content_type="application/json"),
        replace(good, what="urlencoded", content_type="application/x-www-form-urlencoded"),
        replace(good, what="no type", content_type=""),
        replace(good, what="no end", body=whole[: -int(random.integers(1, 60))]),
        replace(good, what="cut", body=whole[: int(random.integers(0, len(whole)))]),
        replace(good, what="line ends", body=whole.replace(b"\r\n", b"\n")),
        replace(good, what="empty", body=b""),
        replace(good, what="noise", body=random.bytes(500)),
        replace(good, what="only ends", body=(b"--" + BOUNDARY.encode() + b"--\r\n") * 50),
        replace(good, what="long header", body=form(Part(name, b"", b"x", headers=(long,)))),
        replace(good, what="headers", body=form(Part(name, b"", b"x", headers=(b"A: b",) * 3000))),
        replace(good, what="no name", body=whole.replace(b"name=", b"nome=")),
        replace(good, what="no header", body=whole.replace(b"Content-Disposition", b"X-Nothing")),
        replace(good, what="not a file", body=form(Part(name, sound("PNG")))),
        replace(good, what="many files", body=form(*[Part(name, b"a", b"x")] * 1500)),
        replace(good, what="many fields", body=form(*[Part(f"f{n}", b"1") for n in range(1500)])),
        replace(good, what="tail", body=whole + b"more " * 100),
        replace(good, what="base64", body=whole.replace(
            b"Content-Type: image/jpeg", b"Content-Transfer-Encoding: base64")),
    ]  # fmt: skip
    return choices[random.integers(len(choices))]


def nested(depth: int) -> str:
    return "[" * depth + "1" + "]" * depth


BOXES = (
    "", "null", "{}", "[]", "[[]]", "[1,2,3,4]", "[[1,2,3]]", "[[1,2,3,4,5]]",
    '[["a","b","c","d"]]',
    "[[NaN,0,1,1]]", "[[0,0,Infinity,1]]", "[[0,0,1e308,1e308]]", "[[1e308,1e308,1e308,1e308]]",
    "[[-1e9,0,5,5]]", "[[0,0,-5,5]]", "[[0,0,0,0]]", "[[0,0,1e-300,1]]", "[[5,5,1,1]]",
    "[[95,71,1,1]]",
    "[[0,0,1e400,1]]", "[[true,false,true,true]]", "[[null,0,1,1]]", nested(900), nested(990),
    '{"a":' * 300 + "1" + "}" * 300, "[[0,0,9,9]]" * 3, "[" + ",".join(["[0,0,9,9]"] * 9) + "]",
    "[[" + "9" * 1900 + ",0,1,1]]", "\ud7ff\u0000", "[[0,0,96,72]]x", "[[0.1,0.1,0.0001,50]]",
)  # fmt: skip
FIELDS = {
    "top": ("0", "-1", "1e9", "201", "x", "", "9" * 400, "1.5", "\u0663"),
    "candidates": ("-1", "1001", "x", "1e3"),
    "query_features": ("0", "49", "4001", "99999999999"),
    "expand": ("-1", "51", "\0"),
    "right": ("0", "-5", "9223372036854775808", "999999", "x"),
    "wrong": ("0", "9223372036854775807", "999999"),
    "labels": ("\0", "x" * 501, "nothing has this", "\ud7ff"),
    "since": ("yesterday", "2019-13-45", "0000-00-00", "2019-05-01T00", "9999-12-31"),
    "until": ("2019-02-30", "-001-01-01", "1"),
    "place": ("1,2", "91,0,1", "0,0,-1", "nan,0,1", "0,0,inf", "0,0,1e308", "a,b,c", "0,0,0"),
    "unlabelled": ("maybe", "2", ""),
    "id": ("0", "-1", "1.0", "9223372036854775808", "\u0663", "1e3", "x", "9" * 5000),
    "key": ("", "x" * 101, "picture-1", "picture-0", "picture-99999999999999999",
        "picture-\u0663", "\0"),
}  # fmt: skip


def boxed(random: np.random.Generator) -> Malformed:
    """A sound picture with odd boxes."""
    text = BOXES[random.integers(len(BOXES))]
    return to_ask(random, f"boxes {text[:40]!r}", sound("JPEG"), Part("boxes", text.encode()))


def asked(random: np.random.Generator) -> Malformed:
    """Odd fields, with a picture or with an id."""
    names = sorted(FIELDS)
    parts = [
        Part(name, FIELDS[name][random.integers(len(FIELDS[name]))].encode())
        for name in random.choice(names, int(random.integers(1, 3)), replace=False)
    ]
    if random.random() < 0.7:
        parts.append(Part("id", b"1") if random.random() < 0.7 else Part("image", b"", b"x"))
    what = ", ".join(f"{part.name}={part.value[:30]!r}" for part in parts)
    return Malformed(what, "/api/v1/search", form(*parts))


def sent(random: np.random.Generator) -> Malformed:
    """JSON that is none, or means nothing."""
    deep = nested(100_000)
    texts = (
        "", "{", "[]", "null", '{"ids":[],"labels":[]}', '{"ids":[0],"labels":["a"]}',
        '{"ids":[99999999],"labels":["a"]}', '{"ids":[1],"labels":["\\u0000"]}',
        '{"ids":[1],"labels":[""]}',
        '{"ids":[1],"labels":["\\ud800"]}', '{"ids":[1e400],"labels":[]}',
        '{"ids":[1],"labels":{},"mode":"x"}',
        f'{{"ids":{deep},"labels":[]}}', json.dumps({"ids": [1] * 10_001, "labels": ["a"]}),
        json.dumps({"ids": [1], "labels": ["x" * 201]}), json.dumps({"ids": [1],
        "labels": ["a"] * 101}),
        '{"ids":[' + "9" * 5000 + '],"labels":[]}', "\ufeff{}", '{"old":"a"}',
        '{"old":"nobody","new":"\\u202e"}',
    )  # fmt: skip
    text = texts[random.integers(len(texts))]
    path = ("labels", "labels/rename", "session")[random.integers(3)]
    body = text.encode() if random.random() < 0.9 else random.bytes(200)
    return Malformed(f"{path} {text[:40]!r}", f"/api/v1/{path}", body, "application/json")


FAMILIES: tuple[Callable[[np.random.Generator], Malformed], ...] = (
    flipped, truncated, numbers, flipped, spliced, foreign, polyglot, bomb, named, framed, boxed,
    flipped, asked, sent, truncated,
)  # fmt: skip

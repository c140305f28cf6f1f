"""Every format that relook reads, made here in memory, with the pixels that must come out."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
import simplejpeg
from numpy.typing import NDArray
from PIL import Image as Pillow

from relook.core.errors import ImageError
from relook.images import SUFFIXES, is_picture, read

pillow_heif.register_heif_opener()

UInt8 = NDArray[np.uint8]


def asymmetric(height: int = 48, width: int = 64) -> UInt8:
    """Smooth colors with no symmetry, so that lossy formats keep them and turns show."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    channels = (x * 3 + 20, y * 4 + 10, 200 - x - y)
    return np.clip(np.stack(channels, axis=2), 0, 255).astype(np.uint8)


def saved(pixels: NDArray[np.generic] | Pillow.Image, kind: str, **options: object) -> bytes:
    picture = pixels if isinstance(pixels, Pillow.Image) else Pillow.fromarray(pixels)
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


LOSSLESS = {
    "PNG": {},
    "WEBP": {"lossless": True},
    "TIFF": {},
    "BMP": {},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
    "HEIF": {"quality": -1, "chroma": 444},
}
LOSS = {"AVIF": 3, "HEIF": 2}
"""Gray levels that are lost on the way through YCbCr."""

TURNS = {
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: np.rot90(upright, 2).transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}
"""How a camera stores an upright picture under each EXIF orientation."""


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_formats_give_back_the_same_pixels(kind: str) -> None:
    pixels = asymmetric()
    image = read(saved(pixels, kind, **LOSSLESS[kind]))
    assert np.abs(image.pixels.astype(int) - pixels).max() <= LOSS.get(kind, 0)
    assert image.size == (64, 48)
    assert image.scale == (1.0, 1.0)
    assert image.offset == (0.0, 0.0)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_jpeg_is_close_to_what_was_saved(options: dict[str, object]) -> None:
    pixels = asymmetric()
    image = read(saved(pixels, "JPEG", quality=95, **options))
    assert np.abs(image.pixels.astype(int) - pixels).mean() < 2


def test_the_first_frame_of_a_gif_is_read() -> None:
    frames = [np.full((5, 7), value, np.uint8) for value in (40, 200)]
    first, second = (Pillow.fromarray(frame) for frame in frames)
    content = saved(first, "GIF", save_all=True, append_images=[second])
    np.testing.assert_array_equal(read(content).pixels, np.full((5, 7, 3), 40))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits", "jpeg"])
def test_compressed_tiff_is_read(compression: str) -> None:
    pixels = asymmetric()
    image = read(saved(pixels, "TIFF", compression=compression))
    assert np.abs(image.pixels.astype(int) - pixels).mean() < (3 if compression == "jpeg" else 0.01)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_every_orientation_comes_out_upright(kind: str, orientation: int) -> None:
    upright = asymmetric()
    stored = np.ascontiguousarray(TURNS[orientation](upright))
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    image = read(saved(stored, kind, exif=exif.tobytes(), **LOSSLESS[kind]))
    assert image.size == (64, 48)
    assert np.abs(image.pixels.astype(int) - upright).max() <= LOSS.get(kind, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_jpeg_is_turned_as_numpy_turns_it(orientation: int) -> None:
    stored = np.ascontiguousarray(TURNS[orientation](asymmetric()))
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    content = saved(stored, "JPEG", quality=95, exif=exif.tobytes())
    as_stored = simplejpeg.decode_jpeg(content)
    inverse = {6: 8, 8: 6}.get(orientation, orientation)
    image = read(content)
    np.testing.assert_array_equal(image.pixels, TURNS[inverse](as_stored))
    assert np.abs(image.pixels.astype(int) - asymmetric()).mean() < 2


def test_big_tiff_is_read() -> None:
    content = saved(asymmetric(), "TIFF", big_tiff=True)
    assert content[:4] == b"II+\0"
    np.testing.assert_array_equal(read(content).pixels, asymmetric())


def test_compressed_tiff_is_turned_once() -> None:
    stored = np.ascontiguousarray(TURNS[6](asymmetric()))
    image = read(saved(stored, "TIFF", compression="tiff_lzw", tiffinfo={0x0112: 6}))
    np.testing.assert_array_equal(image.pixels, asymmetric())


def test_orientations_that_do_not_exist_change_nothing() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 99
    for kind in ("PNG", "JPEG"):
        assert read(saved(asymmetric(), kind, exif=exif.tobytes())).size == (64, 48)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_gray_is_scaled_and_not_clipped(kind: str) -> None:
    gray = np.arange(0, 65536, 64, np.uint16).reshape(32, 32)
    image = read(saved(gray, kind))
    expected = np.repeat((gray / 257.0)[:, :, None], 3, axis=2)
    assert np.abs(image.pixels - expected).max() <= 1


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_color_is_scaled_and_not_clipped(suffix: str) -> None:
    color = np.random.default_rng(1).integers(0, 65536, (16, 24, 3), np.uint16)
    content = cv2.imencode(suffix, color[:, :, ::-1])[1].tobytes()
    assert np.abs(read(content).pixels - color / 257.0).max() <= 1


def test_one_bit_is_black_and_white() -> None:
    bits = np.random.default_rng(2).random((9, 13)) < 0.5
    for kind in ("PNG", "TIFF", "BMP"):
        image = read(saved(Pillow.fromarray(bits), kind))
        np.testing.assert_array_equal(image.pixels[:, :, 1], np.where(bits, 255, 0))


def test_gray_has_three_equal_channels() -> None:
    gray = asymmetric()[:, :, 0]
    for kind in ("PNG", "TIFF", "BMP", "JPEG"):
        pixels = read(saved(gray, kind)).pixels
        assert (pixels == pixels[:, :, :1]).all()
        assert np.abs(pixels[:, :, 0].astype(int) - gray).max() <= (6 if kind == "JPEG" else 0)


def test_palette_colors_are_looked_up() -> None:
    picture = Pillow.fromarray(np.array([[0, 1], [2, 1]], np.uint8), "P")
    picture.putpalette([255, 0, 0, 0, 128, 0, 10, 20, 30])
    expected = [[[255, 0, 0], [0, 128, 0]], [[10, 20, 30], [0, 128, 0]]]
    for kind in ("PNG", "GIF", "BMP", "TIFF"):
        np.testing.assert_array_equal(read(saved(picture, kind)).pixels, expected)


def test_alpha_is_laid_on_white() -> None:
    rgba = np.zeros((3, 4, 4), np.uint8)
    rgba[:, :, 0] = 200
    rgba[:, :, 3] = [0, 64, 128, 255]
    share = rgba[:, :, 3:] / 255.0
    expected = rgba[:, :, :3] * share + 255 * (1 - share)
    for kind in ("PNG", "TIFF", "WEBP"):
        options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
        assert np.abs(read(saved(rgba, kind, **options)).pixels - expected).max() <= 1


def test_gray_alpha_is_laid_on_white() -> None:
    picture = Pillow.fromarray(np.array([[[0, 0], [0, 255]]], np.uint8), "LA")
    np.testing.assert_array_equal(read(saved(picture, "PNG")).pixels[0, :, 0], [255, 0])


def test_the_transparent_color_of_a_palette_is_white() -> None:
    picture = Pillow.fromarray(np.array([[0, 1]], np.uint8), "P")
    picture.putpalette([9, 9, 9, 50, 60, 70])
    for kind in ("PNG", "GIF"):
        pixels = read(saved(picture, kind, transparency=0)).pixels
        np.testing.assert_array_equal(pixels, [[[255, 255, 255], [50, 60, 70]]])


def test_inverted_cmyk_of_adobe_shows_its_true_colors() -> None:
    red, dark = (0, 255, 255, 0), (0, 0, 0, 200)
    picture = Pillow.new("CMYK", (32, 16), red)
    picture.paste(dark, (16, 0, 32, 16))
    content = saved(picture, "JPEG", quality=100)
    assert b"Adobe" in content
    stored = simplejpeg.decode_jpeg(content, colorspace="CMYK")
    assert np.abs(stored[8, 4].astype(int) - (255, 0, 0, 255)).max() < 4  # Adobe inverts
    pixels = read(content, longest=32).pixels.astype(int)
    assert np.abs(pixels[8, 4] - (255, 0, 0)).max() < 5
    assert np.abs(pixels[8, 28] - (55, 55, 55)).max() < 5


def test_cmyk_tiff_is_read() -> None:
    pixels = read(saved(Pillow.new("CMYK", (4, 4), (255, 0, 0, 0)), "TIFF")).pixels
    np.testing.assert_array_equal(pixels[0, 0], [0, 255, 255])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([0.0, 32896.0, 65535.0], [0, 128, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([np.nan, 0.2, 1.0], [0, 51, 255]),
        ([np.inf, 0.2, np.nan], [0, 51, 0]),
        ([np.nan, np.nan, np.nan], [0, 0, 0]),
        ([-7.0, -7.0, -7.0], [0, 0, 0]),
    ],
)
def test_float_tiff_is_brought_to_its_usual_range(values: list[float], expected: list[int]) -> None:
    content = saved(np.array([values], np.float32), "TIFF")
    np.testing.assert_array_equal(read(content).pixels[0, :, 0], expected)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_floating_point_colors_are_read(kind: type[np.floating]) -> None:
    values = asymmetric() / np.array(255, kind)
    content = cv2.imencode(".tif", values[:, :, ::-1])[1].tobytes()
    np.testing.assert_array_equal(read(content).pixels, asymmetric())
    gray = cv2.imencode(".tif", values[:, :, 1])[1].tobytes()
    np.testing.assert_array_equal(read(gray).pixels[:, :, 2], asymmetric()[:, :, 1])
    with pytest.raises(ImageError, match="set max_pixels higher"):
        read(content, max_pixels=100)
    with pytest.raises(ImageError, match="TIFF"):
        read(content[: len(content) // 2])


def test_wide_integers_are_brought_to_their_usual_range() -> None:
    content = saved(np.array([[0, 257, 65535]], np.int32), "TIFF")
    np.testing.assert_array_equal(read(content).pixels[0, :, 2], [0, 1, 255])


def test_a_picture_is_read_by_its_bytes_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(saved(asymmetric(), "PNG"))
    np.testing.assert_array_equal(read(path).pixels, asymmetric())


def test_pictures_are_told_by_suffix_in_any_case() -> None:
    for name in ("a.jpg", "b.JPEG", "c.Tiff", "d.heic", "e.avif", "f.JFIF", "g.webp"):
        assert is_picture(Path(name))
    for name in ("a.txt", "jpg", ".jpg", "b.jpg.part", "c.svg"):
        assert not is_picture(Path(name))
    assert {".jpg", ".png", ".heif"} <= SUFFIXES


def test_heic_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    content = saved(asymmetric(), "HEIF")
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(ImageError, match=r"pip install relook\[heic\]"):
        read(content)


def test_the_same_bytes_give_the_same_pixels() -> None:
    for kind in ("JPEG", "WEBP", "AVIF", "HEIF"):
        content = saved(asymmetric(), kind)
        np.testing.assert_array_equal(
            read(content, longest=40).pixels, read(content, longest=40).pixels
        )


def test_a_picture_may_be_named_by_a_string(tmp_path):
    Pillow.new("RGB", (3, 2)).save(tmp_path / "p.png")
    assert read(str(tmp_path / "p.png")).size == (3, 2)

import io
import struct
import zlib
from contextlib import nullcontext, suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sealife_core.datasets.decoding import reading
from sealife_core.datasets.decoding.decoders import Decoders
from sealife_core.datasets.decoding.reading import decode, read_rgb
from sealife_core.errors import BusyError, DatasetError
from tests.datasets.pictures import encoded, noise, png_of_size


def through_file(image: Image.Image, form: str, **options) -> np.ndarray:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    stream.seek(0)
    found = decode(stream)
    assert found.rgb.mode == "RGB"
    assert found.format == form
    assert (found.width, found.height) == found.rgb.size
    return np.asarray(found.rgb)


@pytest.mark.parametrize(("form", "options"), [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True})])
def test_decode__lossless_formats_come_back_exactly(form: str, options: dict):
    assert np.array_equal(through_file(noise(1), form, **options), np.asarray(noise(1)))


def test_decode__jpeg_comes_back_closely():
    image = Image.new("RGB", (16, 16), (200, 40, 90))
    assert np.abs(through_file(image, "JPEG", quality=95).astype(int) - (200, 40, 90)).max() <= 3


def test_decode__gif_is_its_first_frame():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    seen = through_file(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (seen == (255, 0, 0)).all()


def test_decode__grey_and_palette_and_one_bit():
    grey = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    assert np.array_equal(through_file(grey, "PNG")[..., 1], np.asarray(grey))
    palette = noise(2).quantize(30)
    assert np.array_equal(through_file(palette, "PNG"), np.asarray(palette.convert("RGB")))
    assert set(np.unique(through_file(grey.convert("1"), "PNG"))) == {0, 255}


def test_decode__sixteen_bit_grey_is_scaled_and_not_clipped():
    deep = np.array([[0, 257 * 10, 257 * 128, 65535]], dtype=np.uint16)
    for form in ("PNG", "TIFF"):
        assert through_file(Image.fromarray(deep), form)[0, :, 0].tolist() == [0, 10, 128, 255]


def test_decode__floating_point_grey_is_stretched():
    real = np.array([[-1.0, 0.0, 1.0]], dtype=np.float32)
    assert through_file(Image.fromarray(real), "TIFF")[0, :, 2].tolist() == [0, 128, 255]


def test_decode__what_is_no_number_does_not_darken_all_others():
    real = np.array([[0.0, np.inf, -np.inf, np.nan, 0.5, 1.0]], dtype=np.float32)
    assert through_file(Image.fromarray(real), "TIFF")[0, :, 0].tolist() == [0, 0, 0, 0, 128, 255]


def test_decode__transparency_is_laid_over_white():
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    half = Image.new("RGBA", (4, 4), (255, 0, 0, 128))
    assert (through_file(clear, "PNG") == 255).all()
    assert np.abs(through_file(half, "PNG")[0, 0].astype(int) - (255, 127, 127)).max() <= 1
    keyed = Image.new("P", (4, 4), 0)
    keyed.putpalette([0, 0, 0] + [9, 9, 9] * 255)
    assert (through_file(keyed, "PNG", transparency=0) == 255).all()


def test_decode__cmyk_jpeg_has_its_colours():
    red = Image.new("RGB", (16, 16), (220, 30, 40)).convert("CMYK")
    assert np.abs(through_file(red, "JPEG", quality=95).astype(int) - (220, 30, 40)).max() <= 6


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_decode__turns_upright_by_exif(orientation: int, form: str):
    upright = noise(3, (24, 16))
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)  # fmt: skip
    stored = upright.transpose(turn) if turn is not None else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(through_file(stored, form, exif=exif), np.asarray(upright))


def test_decode__a_smaller_jpeg_has_the_sides_of_its_upright_original():
    exif = Image.Exif()
    exif[0x0112] = 8
    stream = io.BytesIO()
    noise(4, (805, 603)).save(stream, "JPEG", exif=exif)
    found = decode(stream, at_least_px=200)
    assert found.rgb.size == (302, 403)
    assert (found.width, found.height) == (603, 805)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_decode__a_cut_jpeg_is_told_though_it_is_decoded_smaller(progressive: bool, share: float):
    stream = io.BytesIO()
    noise(5, (1600, 1200)).save(stream, "JPEG", progressive=progressive)
    whole = stream.getvalue()
    assert decode(io.BytesIO(whole), at_least_px=100).rgb.size == (200, 150)
    with pytest.raises(DatasetError, match="cut short"):
        decode(io.BytesIO(whole[: int(share * len(whole))]), at_least_px=100)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"this is text", "Not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Not a picture"),
        (encoded()[:-200], "Damaged or cut short"),
        (encoded(form="PNG")[:-60], "Damaged or cut short"),
        (png_of_size(60_000, 60_000), "More than 160 million pixels"),
    ],
)
def test_decode__says_why_not(data: bytes, says: str):
    with pytest.raises(DatasetError, match=says) as caught:
        decode(io.BytesIO(data))
    assert "\n" not in str(caught.value)


# Pillow warns of large claims and odd metadata on its own account; what counts here is what is raised.
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_decode__never_raises_anything_but_its_own_error():
    rng = np.random.default_rng(0)
    for form in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"):
        data = np.frombuffer(encoded(5, form), dtype=np.uint8)
        for _ in range(60):
            broken = data.copy()
            broken[rng.integers(0, len(data), 4)] = rng.integers(0, 256, 4)
            with suppress(DatasetError):
                assert decode(io.BytesIO(broken.tobytes()))[0].mode == "RGB"


def test_read_rgb__missing_and_damaged_files_are_named(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"gone\.jpg is missing"):
        read_rgb(tmp_path / "gone.jpg")
    (tmp_path / "text.jpg").write_text("text")
    with pytest.raises(DatasetError, match=r"text\.jpg: Not a picture"):
        read_rgb(tmp_path / "text.jpg")


def test_read_rgb__a_smaller_jpeg_is_not_smaller_than_asked(tmp_path: Path):
    noise(0, (800, 640)).save(tmp_path / "large.jpg")
    assert read_rgb(tmp_path / "large.jpg").size == (800, 640)
    assert read_rgb(tmp_path / "large.jpg", at_least_px=100).size == (200, 160)


def test_decode__a_bomb_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("decoded"))
    for size in ((16_001, 10_000), (160_000_001, 1)):
        with (
            pytest.warns(Image.DecompressionBombWarning),
            pytest.raises(DatasetError, match="More than 160 million pixels"),
        ):
            decode(io.BytesIO(png_of_size(*size)))


def tiled_tiff(tile_px: int) -> bytes:
    """A TIFF of 100 × 100 px in one tile of another size."""
    tags = {256: 100, 257: 100, 258: 8, 259: 8, 262: 1, 277: 1, 322: tile_px, 323: tile_px, 324: 8, 325: 16}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<I", 24) + bytes(16) + struct.pack("<H", len(tags)) + entries + bytes(4)


def test_decode__a_small_tiff_of_huge_tiles_is_refused_by_its_header():
    with pytest.raises(DatasetError, match="More than 160 million pixels"):
        decode(io.BytesIO(tiled_tiff(30_000)))
    with pytest.raises(DatasetError, match="Damaged"):
        decode(io.BytesIO(tiled_tiff(112)))


def test_decode__a_progressive_jpeg_counts_by_all_its_pixels(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "MOST_PIXELS", 200_000)
    for progressive, refused in ((False, False), (True, True)):
        stream = io.BytesIO()
        noise(6, (800, 640)).save(stream, "JPEG", progressive=progressive)
        with pytest.raises(DatasetError, match="million pixels") if refused else nullcontext():
            assert decode(stream, at_least_px=100).rgb.size == (200, 160)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "I;16", "F"])
def test_decode__a_large_picture_comes_smaller_where_less_is_asked_for(mode: str, monkeypatch: pytest.MonkeyPatch):
    smooth = np.add.outer(np.arange(300), np.arange(400)) / 700
    image = Image.fromarray(np.uint8(255 * np.stack([smooth, 1 - smooth, smooth], axis=2)))
    if mode in ("I;16", "F"):
        image = Image.fromarray((65_535 * smooth).astype(np.uint16 if mode == "I;16" else np.float32))
    elif mode != "RGB":
        image = image.convert(mode)
    stream = io.BytesIO()
    image.save(stream, "TIFF" if mode == "F" else "PNG")
    whole = decode(stream, at_least_px=100)
    monkeypatch.setattr(reading, "_STRIP_PIXELS", 7 * 400)
    assert np.array_equal(decode(stream).rgb, whole.rgb)
    monkeypatch.setattr(reading, "_LARGE_PIXELS", 100 * 400)
    small = decode(stream, at_least_px=100)
    assert small.rgb.size == (134, 100)
    assert (small.width, small.height) == (400, 300)
    expected = np.asarray(whole.rgb.reduce(3), dtype=int)
    assert np.abs(np.asarray(small.rgb, dtype=int) - expected).max() <= 1


def test_decode__a_metadata_bomb_is_a_sentence():
    chunks = {b"zTXt": b"x\0\0", b"iTXt": b"x\0\1\0\0\0", b"iCCP": b"x\0\0"}
    packed = zlib.compress(bytes(80 * 2**20), 9)
    whole = encoded(0, "PNG")
    for kind, before in chunks.items():
        data = before + packed
        chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        with suppress(DatasetError):
            assert decode(io.BytesIO(whole[:33] + chunk + whole[33:])).rgb.size == (24, 20)


def test_decode__waits_for_its_turn_or_says_that_it_is_busy(monkeypatch: pytest.MonkeyPatch):
    full = Decoders(1, 10**9)
    monkeypatch.setattr(reading, "DECODERS", full)
    with full.place(1), pytest.raises(BusyError):
        decode(io.BytesIO(encoded()), within_s=0)
    assert decode(io.BytesIO(encoded()), within_s=0).format == "JPEG"

"""Safe decoding: every mode in common use, and broken and malicious files."""

import io
import os
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from engine.api.errors import ImageError
from engine.imaging.decode import MAX_PIXELS, decode, read_image


def picture(width: int = 48, height: int = 32) -> Image.Image:
    """RGB in which every pixel differs from its neighbors."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return Image.fromarray(np.stack([5 * x % 256, 7 * y % 256, (3 * x + 11 * y) % 256], -1).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that declares its size and then ends."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = b"IDAT" + zlib.compress(b"\0")
    chunks = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, pixels, b"IEND")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_a_lossless_picture_is_decoded_bit_for_bit(kind):
    source = decode(encoded(picture(), kind, **({"lossless": True} if kind == "WEBP" else {})), "a picture")
    assert source.image.mode == "RGB"
    assert np.array_equal(np.asarray(source.image), np.asarray(picture()))
    assert source.notes == () and source.alpha is None and source.icc_profile is None and source.exif == b""


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_gray_and_palette_become_the_same_colors_in_rgb(mode):
    image = picture().convert(mode)
    assert np.array_equal(np.asarray(decode(encoded(image), "x").image), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparency_is_kept_and_put_on_white_for_the_model(mode):
    image = picture().convert(mode)
    alpha = Image.linear_gradient("L").resize(image.size)
    alpha.paste(0, (0, 0, 5, 5))
    image.putalpha(alpha)
    source = decode(encoded(image), "x")
    assert source.image.mode == "RGBA"
    assert np.array_equal(np.asarray(source.alpha), np.asarray(image.getchannel("A")))
    model_input = source.for_model()
    assert model_input.mode == "RGB" and model_input.getpixel((0, 0)) == (255, 255, 255)


def test_a_transparent_palette_color_becomes_alpha():
    image = picture().quantize(8)
    source = decode(encoded(image, transparency=3), "x")
    assert source.alpha is not None
    assert np.array_equal(np.asarray(source.alpha) == 0, np.asarray(image) == 3)


def test_16_bit_gray_is_read_at_8_bits_with_a_note():
    values = (np.arange(32 * 48, dtype=np.uint16).reshape(32, 48) * 40).astype(np.uint16)
    source = decode(encoded(Image.fromarray(values)), "x")
    assert np.array_equal(np.asarray(source.image)[..., 0], values >> 8)
    assert [note.text for note in source.notes] == ["The picture has 16 bits per channel; it is read with 8."]


def test_16_bit_color_is_noted_although_pillow_hides_it():
    header = b"IHDR" + struct.pack(">IIBBBBB", 20, 20, 16, 2, 0, 0, 0)
    pixels = b"IDAT" + zlib.compress((b"\0" + b"\x80\x01" * 60) * 20)
    chunks = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, pixels, b"IEND")]
    source = decode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks), "x")
    assert source.image.getpixel((3, 3)) == (128, 128, 128)
    assert [note.text for note in source.notes] == ["The picture has 16 bits per channel; it is read with 8."]


def test_floating_point_is_refused():
    with pytest.raises(ImageError, match="32 bits"):
        decode(encoded(Image.new("F", (20, 20), 0.5), "TIFF"), "depth.tif")


def test_cmyk_becomes_rgb_with_a_note():
    cmyk = Image.new("CMYK", (20, 20), (0, 255, 255, 0))
    source = decode(encoded(cmyk, "TIFF"), "x")
    assert source.image.mode == "RGB"
    red, green, blue = np.asarray(source.image)[5, 5]
    assert red > 200 and green < 60 and blue < 60
    assert [note.text for note in source.notes] == ["The picture is in CMYK; it is read and saved as RGB."]


def test_lab_becomes_rgb_with_a_note():
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(picture(), *profiles, outputMode="LAB")
    source = decode(encoded(lab, "TIFF"), "x")
    assert [note.text for note in source.notes] == ["The picture is in Lab; it is read and saved as RGB."]
    assert np.abs(np.asarray(source.image, int) - np.asarray(picture(), int)).mean() < 4


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_picture_is_upright_and_its_other_exif_data_is_kept(kind):
    image = Image.new("RGB", (40, 20), "white")
    image.paste("red", (0, 0, 40, 8))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"  # rotated by 90° clockwise
    source = decode(encoded(image, kind, exif=exif), "x")
    assert source.image.size == (20, 40)
    red, green, _ = np.asarray(source.image)[20, 18]
    assert red > 200 and green < 60
    decoded_exif = Image.Exif()
    decoded_exif.load(source.exif)
    assert decoded_exif.get(0x0112, 1) == 1 and decoded_exif[0x010F] == "Camera"


def test_an_rgb_profile_is_kept_and_used_for_the_model():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = decode(encoded(picture(), icc_profile=profile), "x")
    assert source.icc_profile == profile
    assert np.array_equal(np.asarray(source.image), np.asarray(picture()))
    assert np.abs(np.asarray(source.for_model(), int) - np.asarray(picture(), int)).max() <= 2


def test_a_damaged_profile_is_dropped_with_a_note():
    source = decode(encoded(picture(), icc_profile=b"no profile at all"), "x")
    assert source.icc_profile is None
    assert [note.text for note in source.notes] == ["The color profile is damaged; the picture is read as sRGB."]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_the_first_frame_of_an_animation_is_used_with_a_note(kind):
    frames = [Image.new("RGB", (20, 20), name) for name in ("blue", "green", "yellow")]
    source = decode(encoded(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True), "x")
    assert source.image.convert("RGB").getpixel((4, 4)) == (0, 0, 255)
    assert [note.text for note in source.notes] == ["The file is an animation with 3 frames; only the first is used."]


def test_the_first_page_of_a_tiff_is_used_with_a_note():
    data = encoded(picture(), "TIFF", save_all=True, append_images=[picture()])
    assert [note.text for note in decode(data, "x").notes] == ["The file has 2 pages; only the first is used."]


def test_resolution_is_read():
    assert decode(encoded(picture(), "JPEG", dpi=(300, 300)), "x").dpi == (300, 300)


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "image_empty", "x.png is empty"),
        (b"Dear diary, this is no picture.", "image_unknown", "PNG, JPEG, WebP, TIFF, PSD or BMP"),
        (encoded(picture(), "GIF"), "image_unknown", "PNG, JPEG, WebP, TIFF, PSD or BMP"),
        (encoded(Image.new("RGB", (1, 1))), "image_too_small", "1×1 pixels"),
        (encoded(Image.new("RGB", (15, 400))), "image_too_small", "needs at least 16"),
        (png_header(20_000, 20_000), "image_too_large", "64 megapixels"),
        (png_header(8_001, 8_000), "image_too_large", "8001×8000 pixels"),
        (png_header(11_000, 9_000), "image_too_large", "64 megapixels"),
        (png_header(40, 40), "image_broken", "damaged"),
        (encoded(picture(400, 300), "JPEG")[:2500], "image_broken", "damaged"),
        (encoded(picture(400, 300), "WEBP")[:800], "image_broken", "damaged"),
    ],
)
def test_an_unusable_picture_is_refused_in_one_line_that_names_it(data, code, words):
    with pytest.raises(ImageError) as caught:
        decode(data, "x.png")
    assert caught.value.code == code
    assert words in str(caught.value) and "x.png" in str(caught.value) and "\n" not in str(caught.value)
    assert caught.value.remedy


def test_too_many_pixels_are_refused_before_decoding(monkeypatch):
    def never(*arguments):
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr(Image.Image, "load", never)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", never)
    with pytest.raises(ImageError, match="megapixels"):
        decode(png_header(8_001, MAX_PIXELS // 8_000), "x")


def test_errors_name_files_that_cannot_be_read(tmp_path: Path):
    for path, code in [(tmp_path / "no.png", "image_not_found"), (tmp_path, "image_is_folder")]:
        with pytest.raises(ImageError) as caught:
            read_image(path)
        assert caught.value.code == code and str(path) in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_without_waiting(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageError, match="not a regular file"):
        read_image(tmp_path / "pipe.png")


def test_a_file_is_read_by_its_content_and_not_by_its_name(tmp_path: Path):
    path = tmp_path / "really-a-jpeg.png"
    path.write_bytes(encoded(picture(), "JPEG"))
    assert read_image(path).image.size == (48, 32)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_a_damaged_file_gives_a_picture_or_an_image_error(kind):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 3, "Camera"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    whole = encoded(picture(), kind, exif=exif, icc_profile=profile)
    dice = random.Random(7)
    refused = 0
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            assert min(decode(bytes(data[: dice.choice([len(data), dice.randrange(len(data))])]), "x").image.size) > 0
        except ImageError:
            refused += 1
    assert refused > 10


def test_a_flat_psd_is_no_animation():
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 20, 30, 8, 3)
    nothing = struct.pack(">III", 0, 0, 0)  # palette, resources, layers
    source = decode(header + nothing + struct.pack(">H", 0) + bytes(range(200)) * 9, "flat.psd")
    assert source.image.size == (30, 20) and source.notes == ()

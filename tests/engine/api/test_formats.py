"""The table of picture formats, against Pillow."""

import io

import pytest
from PIL import Image, features

from engine.api.formats import FORMATS, PNG, UPLOADED, WRITTEN, format_of, labels
from engine.imaging.decode import decode
from engine.imaging.save import encode


def test_pillow_knows_every_format_under_its_endings():
    assert features.check("webp")
    extensions = Image.registered_extensions()
    for format in FORMATS:
        assert {extensions[suffix] for suffix in format.suffixes} == {format.pillow_name}
        assert format.pillow_name in Image.OPEN
        assert format.save_options is None or format.pillow_name in Image.SAVE


@pytest.mark.parametrize("format", WRITTEN, ids=lambda format: format.label)
def test_what_is_written_is_read_again(format):
    image = Image.new("RGBA", (20, 16), (200, 30, 60, 128))
    again = decode(encode(image, format.suffixes[0]), "it", (format,))
    assert again.image.size == (20, 16) and (again.image.mode == "RGBA") == format.has_alpha


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.label)
def test_a_format_is_found_by_its_ending_and_read(format):
    assert all(format_of(suffix.upper()) is format for suffix in format.suffixes)
    if format.label != "PSD":  # Pillow writes none
        buffer = io.BytesIO()
        Image.new("RGB", (20, 16)).save(buffer, format.pillow_name)
        assert decode(buffer.getvalue(), "it").image.size == (20, 16)


def test_the_engine_takes_few_formats():
    assert list(UPLOADED) == ["image/png", "image/jpeg", "image/webp"]


def test_names_make_a_sentence():
    assert format_of(".gif") is None
    assert labels((PNG,)) == "PNG" and labels(WRITTEN) == "PNG, JPEG or WebP"

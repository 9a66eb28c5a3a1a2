"""OpenRaster: files are as other programs expect them, and malicious ones are refused."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from engine.api.errors import ImageError
from engine.imaging.composite import Layer, edit_layer
from engine.imaging.decode import Source
from engine.imaging.openraster import read_openraster, write_openraster
from engine.imaging.save import read_facts


def noise(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (60, 80, 3), np.uint8))


def layered(name: str = 'GoT: make it <red> & "round" ✓') -> tuple[Image.Image, Layer, bytes]:
    base = noise(1)
    layer = edit_layer(name, base, noise(2), [(20, 20, 40, 40)], "boxes")
    source = Source("x", base, dpi=(300.0, 300.0))
    return base, layer, write_openraster(base, [layer], layer.over(base), source, {"seed": 7})


def test_layers_are_read_back_in_order_with_their_names_and_pixels():
    base, layer, data = layered()
    read = read_openraster(data, "x.ora")
    assert read.size == (80, 60)
    assert [one.name for one in read.layers] == ["Source", layer.name]
    assert np.array_equal(np.asarray(read.layers[0].image), np.asarray(base))
    edit = read.layers[1].image
    assert np.array_equal(np.asarray(edit.getchannel("A")), np.asarray(layer.mask))
    assert np.array_equal(np.asarray(edit.convert("RGB")), np.asarray(layer.image))
    assert np.array_equal(np.asarray(read.merged), np.asarray(layer.over(base)))


def test_compositing_the_layers_gives_the_merged_picture():
    _, _, data = layered()
    read = read_openraster(data, "x.ora")
    flat = Image.new("RGBA", read.size)
    for layer in read.layers:
        flat.alpha_composite(layer.image.convert("RGBA"), layer.position)
    assert np.abs(np.asarray(flat.convert("RGB"), int) - np.asarray(read.merged, int)).max() <= 1


def test_the_file_follows_the_specification():
    _, _, data = layered()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.read("mimetype") == b"image/openraster"
        assert data[30:54] == b"mimetypeimage/openraster"  # as programs that inspect the first bytes expect
        names = archive.namelist()
        assert {"stack.xml", "mergedimage.png", "Thumbnails/thumbnail.png", "data/layer0.png"} <= set(names)
        thumbnail = Image.open(io.BytesIO(archive.read("Thumbnails/thumbnail.png")))
        assert max(thumbnail.size) <= 256
        xml = archive.read("stack.xml").decode()
        assert 'w="80"' in xml and 'h="60"' in xml and 'xres="300"' in xml
        assert xml.index("layer1.png") < xml.index("layer0.png")  # the topmost first
        assert read_facts(archive.read("mergedimage.png")) == {"seed": 7}


def test_an_edit_is_visible_only_where_the_source_is():
    base = noise(1)
    base.putalpha(Image.new("L", base.size, 0))
    layer = edit_layer("x", base.convert("RGB"), noise(2), [(20, 20, 40, 40)], "boxes")
    read = read_openraster(write_openraster(base, [layer], base, None, None), "x.ora")
    assert read.layers[1].image.getchannel("A").getextrema() == (0, 0)


def repacked(data: bytes, **changes: bytes | None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = changes.get(name.split(".")[0], old.read(name))
            if content is not None:
                new.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mimetype": b"application/zip"}, "openraster_type"),
        ({"stack": b"<image"}, "openraster_broken"),
        ({"stack": b"<image w='1' h='x'><stack/></image>"}, "openraster_broken"),
        ({"stack": b"<!DOCTYPE x [<!ENTITY a 'aa'>]><image w='1' h='1'>&a;</image>"}, "openraster_doctype"),
        ({"stack": b" " * 2_000_000}, "openraster_broken"),
        ({"mergedimage": None}, "openraster_broken"),
        ({"mergedimage": b"no picture"}, "image_unknown"),
    ],
)
def test_an_invalid_file_is_refused(changes, code):
    with pytest.raises(ImageError) as caught:
        read_openraster(repacked(layered()[2], **changes), "x.ora")
    assert caught.value.code == code and "x.ora" in str(caught.value)


def test_truncated_and_damaged_archives_are_refused():
    data = layered()[2]
    for length in (0, 10, len(data) // 2, len(data) - 5):
        with pytest.raises(ImageError):
            read_openraster(data[:length], "x.ora")

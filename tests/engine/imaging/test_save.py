"""Saving: the data that each format keeps, and that a file appears completely or not at all."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from PIL import Image, ImageCms

from engine.api.errors import OutputError
from engine.imaging.decode import Source, decode
from engine.imaging.save import check_size, check_writable, encode, read_facts, write_files


def picture(mode: str = "RGB") -> Image.Image:
    image = Image.fromarray(np.random.default_rng(5).integers(0, 256, (32, 48, 3), np.uint8))
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


@cache  # a profile contains its creation time in seconds
def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def source() -> Source:
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    return Source("x", picture(), exif.tobytes(), profile(), (300.0, 300.0))


@pytest.mark.parametrize("suffix", [".png", ".webp"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_pixels_exif_profile_and_alpha_are_kept(suffix, mode):
    back = decode(encode(picture(mode), suffix, source()), "x")
    assert np.array_equal(np.asarray(back.image), np.asarray(picture(mode)))
    assert back.icc_profile == profile()
    exif = Image.Exif()
    exif.load(back.exif)
    assert exif[0x010F] == "Camera"


def test_resolution_is_kept_in_png_and_jpeg():
    for suffix in (".png", ".jpg"):
        dpi = decode(encode(picture(), suffix, source()), "x").dpi
        assert dpi is not None and abs(dpi[0] - 300) < 0.1


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg"])
def test_jpeg_keeps_exif_and_profile_and_puts_transparency_on_white(suffix):
    image = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    back = decode(encode(image, suffix, source()), "x")
    assert back.image.getpixel((9, 9)) == (255, 255, 255)
    assert back.icc_profile == profile() and b"Camera" in back.exif


def test_facts_are_stored_in_a_png_and_read_back():
    facts = {"instruction": "mach den Ball größer ✓", "seed": 42, "boxes": [[1, 2, 3, 4]]}
    assert read_facts(encode(picture(), ".png", facts=facts)) == facts
    assert read_facts(encode(picture(), ".png")) is None


def test_unsupported_contents_of_a_format_are_an_output_error():
    huge = Source("x", picture(), exif=b"Exif\0\0" + b"\0" * 70_000)
    with pytest.raises(OutputError, match="The .jpg file could not be created"):
        encode(picture(), ".jpg", huge)


def test_a_picture_too_long_for_the_format_is_refused_before_the_work():
    with pytest.raises(OutputError, match="at most 16383 on each side"):
        check_size(Path("a.webp"), (20_000, 30))
    check_size(Path("a.jpg"), (20_000, 30))
    check_size(Path("a.png"), (70_000, 30))


def test_files_are_written_and_nothing_is_left_beside_them(tmp_path: Path):
    write_files({tmp_path / "a.png": b"one", tmp_path / "b.png": b"two"}, overwrite=False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.png": b"one", "b.png": b"two"}


def test_an_existing_file_is_kept_without_overwrite_even_if_it_appears_during_the_work(tmp_path: Path):
    path = tmp_path / "a.png"
    check_writable(path, overwrite=False)
    path.write_bytes(b"yours")
    with pytest.raises(OutputError, match="already exists.*--force"):
        check_writable(path, overwrite=False)
    with pytest.raises(OutputError, match="already exists.*--force"):
        write_files({path: b"mine"}, overwrite=False)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"yours"]
    check_writable(path, overwrite=True)
    write_files({path: b"mine"}, overwrite=True)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"mine"]


def test_nothing_appears_when_one_of_the_files_cannot_be_written(tmp_path: Path):
    with pytest.raises(OutputError, match="nowhere"):
        write_files({tmp_path / "a.png": b"one", tmp_path / "nowhere" / "b.png": b"two"}, overwrite=False)
    assert list(tmp_path.iterdir()) == []


def test_nothing_appears_when_one_of_the_files_appears_meanwhile(tmp_path: Path):
    (tmp_path / "b.png").write_bytes(b"yours")
    with pytest.raises(OutputError, match="b.png already exists"):
        write_files({tmp_path / "a.png": b"one", tmp_path / "b.png": b"two"}, overwrite=False)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("b.png", b"yours")]


def test_an_interrupt_while_writing_leaves_nothing(tmp_path: Path, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_files({tmp_path / "a.png": b"one"}, overwrite=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_is_kept_and_its_target_is_replaced(tmp_path: Path):
    target, link = tmp_path / "real.png", tmp_path / "link.png"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_files({link: b"new"}, overwrite=True)
    assert link.is_symlink() and target.read_bytes() == b"new"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.gif", "output_format"),
        ("a", "output_format"),
        ("folder.png", "output_is_folder"),
        ("nowhere/a.png", "output_no_folder"),
        ("a.png/b.png", "output_no_folder"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path, name: str, code: str):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(OutputError) as caught:
        check_writable(tmp_path / name, overwrite=False)
    assert caught.value.code == code and name.split("/")[0] in str(caught.value)


@contextmanager
def unprivileged() -> Iterator[None]:
    """The superuser can write everywhere, so in that case the test runs as the user "nobody"."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name == "nt", reason="rights are others on Windows")
def test_a_folder_without_write_permission_is_refused():
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with unprivileged(), pytest.raises(OutputError, match="cannot be written: Permission denied"):
            check_writable(Path(folder) / "a.png", overwrite=False)
        Path(folder).chmod(0o700)


def test_a_name_that_the_disk_refuses_is_an_output_error(tmp_path: Path):
    with pytest.raises(OutputError, match="cannot be written"):
        check_writable(tmp_path / ("a" * 400 + ".png"), overwrite=False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_output_error(tmp_path: Path, monkeypatch):
    real = os.open

    def on_a_full_disk(path, flags, *mode):
        return real("/dev/full", os.O_WRONLY) if flags & os.O_EXCL else real(path, flags, *mode)

    monkeypatch.setattr(os, "open", on_a_full_disk)
    with pytest.raises(OutputError, match="No space left"):
        write_files({tmp_path / "a.png": b"one"}, overwrite=False)


def test_the_encoded_bytes_are_what_pillow_reads(tmp_path: Path):
    with Image.open(io.BytesIO(encode(picture(), ".webp"))) as image:
        assert image.format == "WEBP"

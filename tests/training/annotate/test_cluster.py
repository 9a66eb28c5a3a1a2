"""Annotation on a local Ray cluster gives the same result as a single process."""

from __future__ import annotations

import pytest
from PIL import Image

from training.annotate.describer import Plain
from training.annotate.pairs import annotated
from training.annotate.run import annotate
from training.data.manifest import MANIFEST


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("default")  # Ray raises warnings of its own
def test_two_hundred_pairs_on_ray_equal_the_single_process(tmp_path):
    ray = pytest.importorskip("ray")
    from training.annotate.cluster import annotated_by_ray

    pairs = tmp_path / "pairs"
    pairs.mkdir()
    for number in range(200):
        image = Image.new("RGB", (48, 48), (number, 100, 255 - number))
        image.save(pairs / f"{number:03d}-before.png")
        image.paste("white", (4 + number % 20, 6, 24 + number % 20, 30))
        image.save(pairs / f"{number:03d}-after.png")
        (pairs / f"{number:03d}.txt").write_text(f"paint it white {number}")
    assert annotate(pairs, tmp_path / "one", annotated(Plain())).pairs == 200
    try:
        assert annotate(pairs, tmp_path / "ray", annotated_by_ray(None, workers=2)).pairs == 200
    finally:
        ray.shutdown()
    one, many = ((tmp_path / name / MANIFEST).read_bytes() for name in ("one", "ray"))
    assert one.count(b"\n") == 200
    assert one == many

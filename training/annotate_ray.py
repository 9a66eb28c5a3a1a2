"""Annotation on all machines of a Ray cluster: the same function for each pair, the same manifest (optional extra)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from engine.api.errors import RequestError
from training.annotate import Mapper, annotate_pair, make_describer
from training.data.check import Checked
from training.data.pair import Finding

_AT_ONCE = 512
"""Pairs that are handed out before the first of them are written."""


class Annotator:
    """Lives in a worker and holds the model there."""

    def __init__(self, model: str | None) -> None:
        self.describer = make_describer(model)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"number": row["number"], "result": annotate_pair(row["item"], self.describer)}


def annotated_by_ray(model: str | None, workers: int | None = None) -> Mapper:
    """Annotates in as many workers as there are cores, or `workers`. Raises RequestError where Ray is not here."""
    try:
        import ray  # pyright: ignore[reportMissingImports]
        import ray.data  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise RequestError(
            "ray_unavailable", "--ray needs Ray, which is not here.", "pip install 'got-desktop[ray]'"
        ) from error
    ray.init(ignore_reinit_error=True, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False

    def results(pairs: Iterator[Checked]) -> Iterable[tuple[Checked, tuple[str, str] | Finding]]:
        while chunk := list(islice(pairs, _AT_ONCE)):
            rows = ray.data.from_items([{"number": i, "item": item} for i, item in enumerate(chunk)])
            compute = ray.data.ActorPoolStrategy(size=workers or int(ray.cluster_resources()["CPU"]))
            done = rows.map(Annotator, fn_constructor_args=(model,), compute=compute).take_all()
            for row in sorted(done, key=lambda row: row["number"]):
                result = row["result"]
                yield chunk[row["number"]], result if isinstance(result, Finding) else tuple(result)

    return results

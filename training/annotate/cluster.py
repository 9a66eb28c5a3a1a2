"""Annotation on a Ray cluster (optional extra). The manifest is the same as that of a single process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from engine.api.errors import RequestError
from training.annotate.choose import make_describer
from training.annotate.pairs import Annotation, Mapper, annotate_pair
from training.data.check import Checked
from training.data.pair import Finding

_AT_ONCE = 512
"""Number of pairs that are sent to the workers at once; their rows are written before the next ones are sent."""


class Annotator:
    """Annotates pairs in a worker process, with a model that is loaded once."""

    def __init__(self, model: str | None, device: str) -> None:
        self.describer = make_describer(model, device)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"number": row["number"], "result": annotate_pair(row["item"], self.describer)}


def annotated_by_ray(model: str | None, device: str = "cpu", workers: int | None = None) -> Mapper:
    """Returns a mapper with `workers` workers; by default as many as the cluster has cores or, with "cuda", GPUs.

    Raises RequestError if Ray is not installed, or if the cluster has none of these.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]
        import ray.data  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise RequestError(
            "ray_unavailable", "--ray needs Ray, which is not installed.", "pip install 'got-desktop[ray]'"
        ) from error
    ray.init(ignore_reinit_error=True, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False

    kind = "CPU" if device == "cpu" else "GPU"
    count = int(ray.cluster_resources().get(kind, 0))
    if not count:
        raise RequestError("ray_without_card", "No machine of the Ray cluster has a GPU.", "Remove --device.")

    def results(pairs: Iterator[Checked]) -> Iterable[tuple[Checked, Annotation | Finding]]:
        while chunk := list(islice(pairs, _AT_ONCE)):
            rows = ray.data.from_items([{"number": i, "item": item} for i, item in enumerate(chunk)])
            compute = ray.data.ActorPoolStrategy(size=workers or count)
            options: dict[str, Any] = {"fn_constructor_args": (model, device), "compute": compute}
            annotations = rows.map(Annotator, **options, **({"num_gpus": 1} if kind == "GPU" else {})).take_all()
            for row in sorted(annotations, key=lambda row: row["number"]):
                yield chunk[row["number"]], row["result"]

    return results

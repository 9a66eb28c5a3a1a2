"""Plans and renders a pair with the shipped pipeline, and measures the result against the pair's target."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.api.chain import IM_GEN_START, Chain
from engine.api.errors import EngineError
from engine.got.files.checkpoint import Components
from engine.got.pipeline import GoTPipeline
from training.data.manifest import Row
from training.measures import deviation, iou, mean, outside_boxes, psnr
from training.pages import sheet_of, thumbnail


def measure(
    components: Components, rows: list[Row], steps: int | None, sheet: Path, guidance: str = "spatial"
) -> dict[str, float | None]:
    """Returns the mean figures of the rows (see `summary`); writes their pictures to the file `sheet`."""
    pipeline = GoTPipeline.from_components(components)
    results = [edit_row(pipeline, row, steps, guidance) for row in rows]
    sheet.parent.mkdir(parents=True, exist_ok=True)
    sheet_of([r["pictures"] for r in results]).save(sheet)
    return summary(results)


def edit_row(pipeline: GoTPipeline, row: Row, steps: int | None = None, guidance: str = "spatial") -> dict[str, Any]:
    """Plans and renders a pair's instruction, and measures the result against the pair's target.

    `guidance` is "spatial", "chain" (no spatial guidance) or "none" (no chain either).
    """
    source, target = row.pictures()
    # an untrained model may never end its chain, so limit its length
    pipeline.planner.max_new_tokens = 32 + 2 * pipeline.planner.count_tokens(row.chain)
    chain = Chain.parse(IM_GEN_START) if guidance == "none" else pipeline.plan(row.instruction, source)
    scales = pipeline.config.defaults.guidance_scales["edit" if source else "text_to_image"]
    if guidance != "spatial":
        scales = replace(scales, spatial=0.0)
    expected = [r.box for r in Chain.parse(row.chain).mask_regions(0)]
    actual = [r.box for r in chain.mask_regions(0)]
    try:
        options = {"num_inference_steps": steps, "guidance_scales": scales}
        result = pipeline.render(chain, source, instruction=row.instruction, **options)[0]
    except EngineError:  # an empty chain: nothing is rendered, which shows in the figures
        result = source or Image.new("RGB", target.size)
    result = result.resize(target.size)
    outside = outside_boxes(target.size, expected)
    plan = [thumbnail(source, chain.text)] if source else []
    return {
        "parsed": chain.text.endswith(IM_GEN_START) and not [p for p in chain.problems if p.code != "no_color"],
        "iou": iou(expected, actual),
        "deviation": deviation(expected, actual),
        "outside_psnr": psnr(np.asarray(result), np.asarray(target), outside) if source and outside.any() else None,
        "chain": chain.text,
        "instruction": row.instruction,
        "result": result,
        "pictures": [*plan, thumbnail(result, ""), thumbnail(target, row.chain)],
    }


def summary(results: list[dict[str, Any]]) -> dict[str, float | None]:
    """Returns the chain parse rate, the target boxes' mean IoU, the share of edits with a mean IoU > 0.5, the position
    deviation (a share of the picture's side), and the PSNR in dB outside the boxes."""
    return {
        "chain_parse_rate": mean([r["parsed"] for r in results]),
        "target_box_iou": mean([r["iou"] for r in results]),
        "target_box_iou50": mean([None if r["iou"] is None else r["iou"] > 0.5 for r in results]),
        "position_deviation": mean([r["deviation"] for r in results]),
        "outside_psnr": mean([r["outside_psnr"] for r in results]),
    }

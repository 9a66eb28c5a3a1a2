"""How a model plans and edits a pair: drawn as the pipeline draws it, and measured against the picture after."""

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
from training.pages import drawn, sheet_of


def measure(
    components: Components, rows: list[Row], steps: int | None, sheet: Path, guidance: str = "spatial"
) -> dict[str, float | None]:
    """Chain parse rate, target-box mean IoU, IoU > 0.5, position deviation, PSNR outside the boxes (dB) of edits.

    The pictures go into the file `sheet`.
    """
    pipeline = GoTPipeline.from_components(components)
    results = [edit_row(pipeline, row, steps, guidance) for row in rows]
    sheet.parent.mkdir(parents=True, exist_ok=True)
    sheet_of([r["pictures"] for r in results]).save(sheet)
    return summary(results)


def edit_row(pipeline: GoTPipeline, row: Row, steps: int | None = None, guidance: str = "spatial") -> dict[str, Any]:
    """Plans and renders a pair's instruction, and measures the result against the pair.

    `guidance` is "spatial", "chain" (boxes are not drawn) or "none" (there is no chain).
    """
    source, target = row.pictures()
    # a chain that is far longer than it should be never ends: a model that has not learnt to would write on and on
    pipeline.planner.max_new_tokens = 32 + 2 * pipeline.planner.count_tokens(row.chain)
    chain = Chain.parse(IM_GEN_START) if guidance == "none" else pipeline.plan(row.instruction, source)
    scales = pipeline.config.defaults.guidance_scales["edit" if source else "text_to_image"]
    if guidance != "spatial":
        scales = replace(scales, spatial=0.0)
    wanted = [r.box for r in Chain.parse(row.chain).mask_regions(0)]
    found = [r.box for r in chain.mask_regions(0)]
    try:
        options = {"num_inference_steps": steps, "guidance_scales": scales}
        result = pipeline.render(chain, source, instruction=row.instruction, **options)[0]
    except EngineError:  # an empty chain: nothing is drawn, which the figures say
        result = source or Image.new("RGB", target.size)
    result = result.resize(target.size)
    outside = outside_boxes(target.size, wanted)
    shown = [drawn(source, chain.text)] if source else []
    return {
        "parsed": chain.text.endswith(IM_GEN_START) and not [p for p in chain.problems if p.code != "no_color"],
        "iou": iou(wanted, found),
        "deviation": deviation(wanted, found),
        "outside_psnr": psnr(np.asarray(result), np.asarray(target), outside) if source and outside.any() else None,
        "chain": chain.text,
        "instruction": row.instruction,
        "result": result,
        "pictures": [*shown, drawn(result, ""), drawn(target, row.chain)],
    }


def summary(results: list[dict[str, Any]]) -> dict[str, float | None]:
    return {
        "chain_parse_rate": mean([r["parsed"] for r in results]),
        "target_box_iou": mean([r["iou"] for r in results]),
        "target_box_iou50": mean([None if r["iou"] is None else r["iou"] > 0.5 for r in results]),
        "position_deviation": mean([r["deviation"] for r in results]),
        "outside_psnr": mean([r["outside_psnr"] for r in results]),
    }

"""What the storybook's examples show."""

from __future__ import annotations

import numpy as np

from training.storybook.edits import Example


def picture_before(example: Example) -> np.ndarray:
    """The one that an edit begins with."""
    assert example.source is not None
    return example.source.render()

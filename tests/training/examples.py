"""Pictures of storybook examples."""

from __future__ import annotations

import numpy as np

from training.storybook.edits import Example


def picture_before(example: Example) -> np.ndarray:
    """Returns the source picture of an edit."""
    assert example.source is not None
    return example.source.render()

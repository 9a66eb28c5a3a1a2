"""What a plan answers: the instruction or caption, the model that wrote it and the picture that it was planned for.

A plan is drawn, stored and named with the words that it answers, whatever a text field says by then. Standard library
only, Python 3.10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Task = Literal["edit", "text_to_image"]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a plan answers. Without an instruction it was written by hand, and answers the words it is drawn with."""

    task: Task = "edit"
    instruction: str = ""
    """The instruction or, for a new picture, the caption."""
    model: str = ""
    """The model's name in the catalog."""
    adapter: str = ""
    image: str = ""
    """ID of the picture that the model saw: the SHA-256 hash of the uploaded file. Empty for a new picture."""

    @property
    def known(self) -> bool:
        return bool(self.instruction.strip())

    def answers(self, task: Task, words: str) -> bool:
        """Whether the plan answers these words; a field without words asks for nothing else."""
        if not self.known:
            return True
        return task == self.task and words.split() in ([], self.instruction.split())

    def words(self, otherwise: str) -> str:
        """The words to draw the plan with: its own, or `otherwise` if it was written by hand."""
        return self.instruction if self.known else otherwise

    def to_json(self) -> dict[str, str]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Origin:
        """Reads the known values; values of other types are ignored."""
        names = {field.name for field in fields(cls)}
        kept = {name: item for name, item in value.items() if name in names and isinstance(item, str)}
        task: Task = "text_to_image" if kept.pop("task", "") == "text_to_image" else "edit"
        return cls(task=task, **kept)

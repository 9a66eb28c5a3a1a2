"""The engine's activity as text for the user."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from got_desktop.model.activity import Activity
from got_desktop.model.figures import seconds

translate = QCoreApplication.translate


def say_activity(activity: Activity) -> str:
    """Stage, step and time left, such as “Drawing: step 12 of 50, 0.25 s per step, 9 s left”."""
    words = _stage(activity)
    if activity.stage != "draw":
        return words
    if activity.step_seconds:
        words += ", " + translate("Activity", "{time} per step").format(time=seconds(activity.step_seconds))
    if activity.seconds_left is not None:
        words += ", " + say_seconds(activity.seconds_left)
    return words


def _stage(activity: Activity) -> str:
    part = {"done": activity.done, "total": activity.total, "turn": activity.turn + 1}
    if activity.stage == "wait":
        if activity.position:
            return translate("Activity", "Waiting: {number} ahead").format(number=activity.position)
        return translate("Activity", "Waiting for the engine")
    if activity.stage == "load":
        return (
            translate("Activity", "Loading the model: {done} of {total}").format(**part)
            if activity.total
            else translate("Activity", "Loading the model")
        )
    if activity.stage == "plan":
        return (
            translate("Activity", "Planning")
            if not activity.turn
            else translate("Activity", "Planning turn {turn}").format(**part)
        )
    if activity.stage == "draw":
        if activity.candidates == 1:
            return translate("Activity", "Drawing: step {done} of {total}").format(**part)
        words = translate("Activity", "Drawing candidate {number} of {count}: step {done} of {total}")
        return words.format(number=activity.candidate + 1, count=activity.candidates, **part)
    plain = {
        "send": translate("Activity", "Sending the picture"),
        "write": translate("Activity", "Compositing the picture"),
        "cancel": translate("Activity", "Cancelling"),
    }
    return plain[activity.stage]


def say_seconds(left: float) -> str:
    if left < 90:
        return translate("Activity", "{number} s left").format(number=max(1, round(left)))
    return translate("Activity", "{number} min left").format(number=round(left / 60))

"""The docker's place at its first start: Krita would squeeze it below the others, too low to show a plan."""

from __future__ import annotations

from plugins.krita.more import read_setting, store_setting
from plugins.krita.qt import Qt, QtWidgets

_PLACED = "docker_placed"
_WIDE = 290
"""Pixels; its preview is about as high at the size of a laptop's screen."""


def take_room(docker: QtWidgets.QDockWidget, needed: int) -> None:
    """Once, gives the docker a column of its own if it is lower than `needed` pixels. Later the user's place counts."""
    if read_setting(_PLACED, "") or docker.isFloating():
        return
    store_setting(_PLACED, "yes")
    window = docker.parentWidget()
    if docker.height() < needed and isinstance(window, QtWidgets.QMainWindow):
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, docker, Qt.Orientation.Horizontal)
        window.resizeDocks([docker], [_WIDE], Qt.Orientation.Horizontal)

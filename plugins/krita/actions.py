"""The actions and their shortcuts. Each presses a button of the docker in the window where it was called."""

from __future__ import annotations

from krita import Extension, Krita, Window

from engine.api.language import translate
from plugins.krita.docker import DOCKER, Docker

_ACTIONS = {"got_plan": "plan", "got_apply": "apply", "got_cancel": "cancel"}


class Actions(Extension):
    """The shortcuts are in got_krita.action and can be changed in Krita's settings."""

    def setup(self) -> None:
        """Nothing to do before there is a window."""

    def createActions(self, window: Window) -> None:  # noqa: N802 - Krita's name
        texts = {
            "got_plan": translate("GoT: plan the edit"),
            "got_apply": translate("GoT: apply the plan"),
            "got_cancel": translate("GoT: cancel"),
        }
        for name, button in _ACTIONS.items():
            action = window.createAction(name, texts[name], "tools/scripts")
            action.triggered.connect(lambda _=False, button=button: getattr(_docker(), button).click())


def _docker() -> Docker:
    """The docker of the active window. Krita 5.1 has no list of dockers for each window."""
    return next(docker for docker in Krita.instance().dockers() if docker.objectName() == DOCKER)

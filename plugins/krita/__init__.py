"""The plug-in for Krita 5 and 6. Krita imports this package once, when it starts."""

from pathlib import Path

from krita import DockWidgetFactory, DockWidgetFactoryBase, Krita

from engine.api import language
from plugins.krita.actions import Actions
from plugins.krita.docker import DOCKER, Docker
from plugins.krita.qt import QtCore

# Krita has set Qt's locale to the language chosen in its settings, or to the system's
language.choose(Path(__file__).parent / "translations", QtCore.QLocale().uiLanguages())

Krita.instance().addExtension(Actions(Krita.instance()))
Krita.instance().addDockWidgetFactory(DockWidgetFactory(DOCKER, DockWidgetFactoryBase.DockRight, Docker))

"""The plug-in for Krita 5 and 6. Krita imports this package once, when it starts."""

from krita import DockWidgetFactory, DockWidgetFactoryBase, Krita

from plugins.krita.actions import Actions
from plugins.krita.docker import DOCKER, Docker

Krita.instance().addExtension(Actions(Krita.instance()))
Krita.instance().addDockWidgetFactory(DockWidgetFactory(DOCKER, DockWidgetFactoryBase.DockRight, Docker))

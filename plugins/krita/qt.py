"""The Qt bindings that this Krita has: PyQt5 in Krita 5, PyQt6 in Krita 6."""

from krita import DockWidget

if any(base.__module__.startswith("PyQt6.") for base in DockWidget.__mro__):  # regardless of other installed bindings
    from PyQt6 import QtCore, QtGui, QtWidgets
else:
    from PyQt5 import QtCore, QtGui, QtWidgets

Signal = QtCore.pyqtSignal
Qt = QtCore.Qt

__all__ = ["Qt", "QtCore", "QtGui", "QtWidgets", "Signal"]

"""Qt as this Krita has it: PyQt5 in Krita 5, PyQt6 in Krita 6."""

try:
    from PyQt6 import QtCore, QtGui, QtWidgets
except ImportError:
    from PyQt5 import QtCore, QtGui, QtWidgets

Signal = QtCore.pyqtSignal
Qt = QtCore.Qt

__all__ = ["Qt", "QtCore", "QtGui", "QtWidgets", "Signal"]

"""The light and dark themes: colors, Qt palette and style sheet."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from got_desktop.ui.icons import FOLDER

RED = "#e0242b"
"""The color of boxes; their line styles and numbers distinguish them, never the color alone."""


@dataclass(frozen=True)
class Colors:
    window: str
    panel: str
    field: str
    desk: str
    border: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    hover: str
    pressed: str
    chosen: str
    success: str
    warning: str
    error: str
    dark: bool


LIGHT = Colors(
    window="#f3f4f6",
    panel="#ffffff",
    field="#ffffff",
    desk="#dfe1e6",
    border="#d8dae0",
    text="#1d2027",
    muted="#626873",
    accent="#3253cf",
    accent_hover="#2745b4",
    on_accent="#ffffff",
    hover="#eceef3",
    pressed="#e0e3ea",
    chosen="#e3e9fd",
    success="#1d7a46",
    warning="#8f5b00",
    error="#c01c28",
    dark=False,
)
DARK = Colors(
    window="#1a1b1f",
    panel="#222429",
    field="#1b1c21",
    desk="#121316",
    border="#383b43",
    text="#eceef2",
    muted="#a0a5b1",
    accent="#7d97ff",
    accent_hover="#97acff",
    on_accent="#10131c",
    hover="#2d3038",
    pressed="#363a44",
    chosen="#2c3557",
    success="#63c98d",
    warning="#e5b454",
    error="#ff7b80",
    dark=True,
)
_current = LIGHT


def colors() -> Colors:
    """The colors of the current theme."""
    return _current


def follow(app: QApplication, theme: str) -> None:
    """Applies a theme: "light", "dark", or "system", which follows the system's theme."""
    global _current
    hints = QGuiApplication.styleHints()
    schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark, "system": Qt.ColorScheme.Unknown}
    hints.setColorScheme(schemes[theme])
    dark = hints.colorScheme() == Qt.ColorScheme.Dark if theme == "system" else theme == "dark"
    _current = DARK if dark else LIGHT
    app.setStyle(QStyleFactory.create("Fusion"))
    app.setPalette(_palette(_current))
    app.setStyleSheet(_sheet(_current))


def _palette(c: Colors) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for name, color in {
        role.Window: c.window,
        role.WindowText: c.text,
        role.Base: c.field,
        role.AlternateBase: c.hover,
        role.Text: c.text,
        role.Button: c.panel,
        role.ButtonText: c.text,
        role.BrightText: c.error,
        role.Highlight: c.accent,
        role.HighlightedText: c.on_accent,
        role.ToolTipBase: c.text,
        role.ToolTipText: c.panel,
        role.PlaceholderText: c.muted,
        role.Link: c.accent,
        role.Mid: c.border,
        role.Accent: c.accent,
    }.items():
        palette.setColor(name, QColor(color))
    disabled = QColor(c.muted)
    disabled.setAlpha(140)
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, disabled)
    return palette


def _sheet(c: Colors) -> str:
    arrow = (FOLDER / f"arrow-{'dark' if c.dark else 'light'}.svg").as_posix()
    tick = (FOLDER / f"tick-{'dark' if c.dark else 'light'}.svg").as_posix()
    return f"""
* {{ font-size: 13px; }}
QToolTip {{ background: {c.text}; color: {c.panel}; border: 0; padding: 5px 7px; }}
QWidget[role="panel"], QFrame[role="panel"], QScrollArea[role="panel"] > QWidget > QWidget {{ background: {c.panel}; }}
QScrollArea {{ background: transparent; border: 0; }}
QWidget[role="rail"] {{ background: {c.window}; border-right: 1px solid {c.border}; }}
QFrame[role="left"] {{ background: {c.panel}; border-right: 1px solid {c.border}; }}
QFrame[role="right"] {{ background: {c.panel}; border-left: 1px solid {c.border}; }}
QFrame[role="top"] {{ background: {c.panel}; border-bottom: 1px solid {c.border}; }}
QFrame[role="bottom"] {{ background: {c.panel}; border-top: 1px solid {c.border}; }}
QFrame[role="line"] {{ background: {c.border}; max-height: 1px; min-height: 1px; border: 0; }}
QFrame[role="card"] {{ background: {c.panel}; border: 1px solid {c.border}; border-radius: 10px; }}
QFrame[role="note"] {{ background: {c.hover}; border-radius: 8px; padding: 4px 6px; }}
QPlainTextEdit[readOnly="true"] {{ background: {c.window}; }}
QLabel[role="heading"] {{ font-weight: 600; }}
QLabel[role="title"] {{ font-size: 22px; font-weight: 600; }}
QLabel[role="muted"] {{ color: {c.muted}; font-size: 12px; }}
QLabel[role="section"] {{ color: {c.muted}; font-size: 11px; font-weight: 600; }}
QLabel[stage] {{ border-radius: 11px; padding: 4px 6px; font-size: 12px; color: {c.muted}; }}
QLabel[stage="now"] {{ background: {c.chosen}; color: {c.text}; font-weight: 600; }}
QFrame[role="start"] {{ background: {c.desk}; }}
QPushButton, QToolButton[role="button"] {{
    background: {c.panel}; color: {c.text}; border: 1px solid {c.border}; border-radius: 6px; padding: 6px 12px;
    min-height: 18px;
}}
QPushButton:hover, QToolButton[role="button"]:hover {{ background: {c.hover}; }}
QPushButton:pressed {{ background: {c.pressed}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QAbstractSpinBox:focus, QLineEdit:focus, QPlainTextEdit:focus,
QTextEdit:focus, QListView:focus {{ border: 1px solid {c.accent}; }}
QPushButton:disabled {{ color: {c.muted}; background: {c.window}; }}
QPushButton[role="primary"] {{
    background: {c.accent}; color: {c.on_accent}; border: 1px solid {c.accent}; font-weight: 600;
}}
QPushButton[role="primary"]:hover {{ background: {c.accent_hover}; border-color: {c.accent_hover}; }}
QPushButton[role="primary"]:focus {{ border: 1px solid {c.text}; }}
QPushButton[role="primary"]:disabled {{ background: {c.pressed}; border-color: {c.pressed}; color: {c.muted}; }}
QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 4px; }}
QToolButton:hover {{ background: {c.hover}; }}
QToolButton:pressed {{ background: {c.pressed}; }}
QToolButton:checked {{ background: {c.chosen}; border-color: {c.chosen}; }}
QToolButton:checked:focus {{ border-color: {c.accent}; }}
QToolButton::menu-indicator {{ image: none; }}
QToolButton[role="quiet"] {{ color: {c.muted}; font-size: 12px; padding: 1px 8px; }}
QToolButton[role="rail"] {{ border: 1px solid transparent; border-radius: 8px; padding: 7px 2px 5px 2px;
    font-size: 11px; color: {c.muted}; }}
QToolButton[role="rail"]:checked {{ background: {c.chosen}; color: {c.text}; }}
QToolButton[role="panels"] {{ padding: 2px; border-radius: 4px; }}
QToolButton[role="panels"]:checked {{ background: transparent; border-color: transparent; }}
QToolButton[role="panels"]:!checked {{ background: {c.pressed}; }}
QToolButton[role="panels"]:focus {{ border-color: {c.accent}; }}
QToolButton[role="fold"] {{ font-weight: 600; padding: 4px 2px; text-align: left; }}
QToolButton[role="fold"]:checked {{ background: transparent; border-color: transparent; }}
QToolButton[role="fold"]:hover {{ background: {c.hover}; }}
QToolButton[role="fold"]:focus {{ border-color: {c.accent}; }}
QToolButton[role="segment"] {{ border: 1px solid {c.border}; border-radius: 0; padding: 5px 7px; }}
QToolButton[role="segment"]:checked {{ background: {c.chosen}; border-color: {c.accent}; font-weight: 600; }}
QToolButton[role="segment"]:focus {{ border-color: {c.accent}; }}
QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox {{
    background: {c.field}; color: {c.text}; border: 1px solid {c.border}; border-radius: 6px; padding: 4px 7px;
    selection-background-color: {c.accent}; selection-color: {c.on_accent};
}}
QLineEdit, QAbstractSpinBox, QComboBox {{ min-height: 19px; }}
QPlainTextEdit, QTextEdit {{ padding: 5px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0; border: 0; }}
QComboBox::drop-down {{ border: 0; width: 22px; }}
QComboBox::down-arrow {{ image: url({arrow}); width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{ background: {c.panel}; border: 1px solid {c.border}; padding: 3px; outline: 0;
    selection-background-color: {c.chosen}; selection-color: {c.text}; }}
QLineEdit:disabled, QPlainTextEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {{
    color: {c.muted}; background: {c.window};
}}
QCheckBox {{ spacing: 7px; }}
QCheckBox::indicator, QListView::indicator {{
    width: 15px; height: 15px; border: 1px solid {c.muted}; border-radius: 4px; background: {c.field};
}}
QCheckBox::indicator:checked, QListView::indicator:checked {{
    background: {c.accent}; border-color: {c.accent}; image: url({tick});
}}
QCheckBox::indicator:focus {{ border: 2px solid {c.accent}; }}
QListView, QTreeView {{ background: transparent; border: 1px solid transparent; outline: 0; border-radius: 6px; }}
QListView::item {{ border-radius: 6px; padding: 2px; min-height: 24px; }}
QListView::item:hover {{ background: {c.hover}; }}
QListView::item:selected {{ background: {c.chosen}; color: {c.text}; }}
QSlider::groove:horizontal {{ height: 4px; background: {c.border}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {c.accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: {c.accent}; }}
QSlider::handle:horizontal:focus {{ border: 2px solid {c.text}; }}
QProgressBar {{ background: {c.border}; border: 0; border-radius: 3px; max-height: 6px; min-height: 6px; }}
QProgressBar::chunk {{ background: {c.accent}; border-radius: 3px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {c.border}; border-radius: 4px; min-height: 28px; min-width: 28px; margin: 1px; }}
QScrollBar::handle:hover {{ background: {c.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: transparent; border: 0; width: 0; height: 0;
}}
QMenuBar {{ background: {c.window}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 8px; border-radius: 5px; background: transparent; }}
QMenuBar::item:selected {{ background: {c.pressed}; }}
QMenu {{ background: {c.panel}; border: 1px solid {c.border}; padding: 5px; }}
QMenu::item {{ padding: 5px 24px 5px 12px; border-radius: 5px; }}
QMenu::item:selected {{ background: {c.chosen}; color: {c.text}; }}
QMenu::item:disabled {{ color: {c.muted}; }}
QMenu::separator {{ height: 1px; background: {c.border}; margin: 4px 6px; }}
QStatusBar {{ background: {c.window}; border-top: 1px solid {c.border}; }}
QStatusBar::item {{ border: 0; }}
QSplitter::handle {{ background: {c.border}; }}
QSplitter::handle:vertical {{ height: 1px; }}
QSplitter::handle:horizontal {{ width: 1px; }}
"""

"""Messages above the page: one line each, with the remedy; errors stay until they are closed."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from got_desktop.model.messages import Message
from got_desktop.ui import theme
from got_desktop.ui.controls import row, tool
from got_desktop.ui.icons import icon

_SECONDS = {"info": 8, "success": 5, "warning": 15}
_MOST = 3


class MessageBar(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self.setAccessibleName(self.tr("Messages"))
        self.messages: list[Message] = []
        """The visible messages, newest last."""

    def say(self, message: Message) -> None:
        if message in self.messages:
            return
        while len(self.messages) >= _MOST:
            self._remove_first()
        line = self._line(message)
        self.messages.append(message)
        self._rows.addWidget(line)
        if message.kind in _SECONDS:
            QTimer.singleShot(_SECONDS[message.kind] * 1000, line, lambda: self._remove(line))

    def clear(self) -> None:
        while self._rows.count():
            self._remove_first()

    def _line(self, message: Message) -> QFrame:
        colors = theme.colors()
        color = {"info": colors.accent, "success": colors.success, "warning": colors.warning}.get(
            message.kind, colors.error
        )
        line = QFrame()
        line.setProperty("message", message.text)
        line.setObjectName("message")
        line.setStyleSheet(
            f"#message {{ background: {colors.panel}; border-bottom: 1px solid {colors.border};"
            f" border-left: 4px solid {color}; }}"
        )
        sign = QLabel()
        sign.setPixmap(icon(message.kind, color).pixmap(QSize(18, 18), self.devicePixelRatioF()))
        words = QLabel()
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setText(f"{message.text} {message.remedy}".strip())
        words.setWordWrap(True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        words.setAccessibleName(words.text())
        close = tool("close", self.tr("Close message"), lambda: self._remove(line))
        layout = row(sign, words, close, spacing=10)
        layout.setContentsMargins(12, 6, 8, 6)
        line.setLayout(layout)
        return line

    def _remove_first(self) -> None:
        item = self._rows.itemAt(0)
        self._remove(item.widget() if item else None)

    def _remove(self, line: QWidget | None) -> None:
        place = self._rows.indexOf(line) if line is not None else -1
        if line is None or place < 0:
            return
        self._rows.removeWidget(line)
        del self.messages[place]
        line.hide()
        line.deleteLater()

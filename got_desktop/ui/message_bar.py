"""Messages over the page: a few lines each, with the remedy. They push nothing, and go when their cause has gone."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from got_desktop.model.messages import Cause, Message
from got_desktop.model.session import Session
from got_desktop.ui import theme
from got_desktop.ui.controls import row, tool
from got_desktop.ui.icons import icon

_SECONDS = {"info": 8, "success": 5, "warning": 15}
"""How long a message stays; an error stays until it is closed or its cause has gone."""
_MOST = 3
_WIDEST = 560
_MARGIN = 10


class MessageBar(QWidget):
    def __init__(self, window: QWidget) -> None:
        """`window` is the widget that the messages lie in."""
        super().__init__(window)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(6)
        self.setAccessibleName(self.tr("Messages"))
        self._window = window
        self.messages: list[Message] = []
        """The visible messages, newest last."""
        self._page: QWidget | None = None
        self._below: QWidget | None = None
        self._busy = False
        self.hide()

    # where

    def lie_over(self, page: QWidget, below: QWidget | None = None) -> None:
        """Shows the messages over that widget: under the bar `below`, or else at its lower edge."""
        if self._page is not None:
            self._page.removeEventFilter(self)
        self._page, self._below = page, below
        page.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.LayoutRequest):
            self._place()
        return False

    def _place(self) -> None:
        if self._page is None or not self.messages:
            return self.hide()
        self.show()  # what is hidden has no height
        width = min(_WIDEST, self._page.width() - 2 * _MARGIN)
        height = min(self._rows.totalHeightForWidth(width), self._page.height() - 2 * _MARGIN)
        top = self._below.height() + _MARGIN if self._below else self._page.height() - height - _MARGIN
        corner = self._page.mapTo(self._window, QPoint((self._page.width() - width) // 2, top))
        self.setGeometry(corner.x(), corner.y(), width, height)
        self.raise_()

    # what

    def follow(self, session: Session) -> None:
        """Shows the session's messages. Those about a run or a file go when the next one begins."""

        def follow_work() -> None:
            if session.work.busy and not self._busy:
                self.end("run")
            self._busy = session.work.busy

        session.message.connect(self.say)
        session.work.activity_changed.connect(follow_work)
        session.document.busy_changed.connect(lambda: self.end("file") if session.document.busy else None)

    def say(self, message: Message) -> None:
        if message in self.messages:  # it is said again, as the newest
            self._remove(self._line_at(self.messages.index(message)))
        while len(self.messages) >= _MOST:
            self._remove(self._line_at(0))
        line = _Line(message, lambda: self._remove(line))
        self.messages.append(message)
        self._rows.addWidget(line)
        line.show()
        self._after_change()
        if message.kind in _SECONDS:
            timer = QTimer(line, interval=_SECONDS[message.kind] * 1000)
            timer.timeout.connect(lambda: None if line.in_use else self._remove(line))
            timer.start()
        announcement = QAccessibleAnnouncementEvent(self, line.text)
        announcement.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(announcement)

    def end(self, cause: Cause) -> None:
        """Removes the messages with this cause."""
        for place in reversed(range(len(self.messages))):
            if self.messages[place].cause == cause:
                self._remove(self._line_at(place))

    def _line_at(self, place: int) -> QWidget | None:
        item = self._rows.itemAt(place)
        return item.widget() if item else None

    def _remove(self, line: QWidget | None) -> None:
        place = self._rows.indexOf(line) if line is not None else -1
        if line is None or place < 0:
            return
        self._rows.removeWidget(line)
        del self.messages[place]
        line.hide()
        line.deleteLater()
        self._after_change()

    def _after_change(self) -> None:
        """Fits the messages' place; the focus goes to the newest one's button."""
        newest = self._line_at(len(self.messages) - 1)
        self.setFocusProxy(newest.close_button if isinstance(newest, _Line) else None)  # pyright: ignore[reportArgumentType] - None: no proxy
        self._place()


class _Line(QFrame):
    def __init__(self, message: Message, on_close: Callable[[], None]) -> None:
        super().__init__()
        self.text = f"{message.text} {message.remedy}".strip()
        colors = theme.colors()
        color = {"info": colors.accent, "success": colors.success, "warning": colors.warning}.get(
            message.kind, colors.error
        )
        self.setObjectName("message")
        self.setStyleSheet(
            f"#message {{ background: {colors.panel}; border: 1px solid {colors.border}; border-radius: 6px;"
            f" border-left: 4px solid {color}; }}"
        )
        sign = QLabel()
        sign.setPixmap(icon(message.kind, color).pixmap(QSize(18, 18), self.devicePixelRatioF()))
        words = QLabel()
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setText(self.text)
        words.setWordWrap(True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        words.setAccessibleName(self.text)
        self.close_button: QToolButton = tool(
            "close", QCoreApplication.translate("MessageBar", "Close message"), on_close
        )
        self.close_button.setAccessibleDescription(self.text)
        layout = row(sign, words, self.close_button, spacing=10)
        layout.setContentsMargins(12, 6, 8, 6)
        self.setLayout(layout)

    @property
    def in_use(self) -> bool:
        """Whether the user points at the message or has the focus in it."""
        focus = QApplication.focusWidget()
        return self.underMouse() or (focus is not None and self.isAncestorOf(focus))

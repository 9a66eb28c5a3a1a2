"""The main window: menus, the rail of pages, messages and status bar."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QMimeData, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from got_desktop.model.recovery import LeftBehind
from got_desktop.model.session import Session
from got_desktop.ui.actions import Actions
from got_desktop.ui.controls import row
from got_desktop.ui.drops import Drops
from got_desktop.ui.editor import Editor
from got_desktop.ui.files import Files
from got_desktop.ui.icons import icon
from got_desktop.ui.message_bar import MessageBar
from got_desktop.ui.question import Icon, Question, Role
from got_desktop.ui.registry import PAGES
from got_desktop.ui.status import StatusBar

_FRAME = QSize(8, 40)
"""Room that the window's frame takes from the screen."""


_LONGEST_PATH = 480
"""Width in pixels of the longest entry in the list of recent files."""


class _RailButton(QToolButton):
    """As wide as its text: styles would add more than a small window has room for."""

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's names, here and below
        self.ensurePolished()  # applies the style sheet's font
        return QSize(max(66, self.fontMetrics().horizontalAdvance(self.text()) + 6), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()


class Window(QMainWindow):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.setAcceptDrops(True)
        self.pages = QStackedWidget()
        self._widgets: dict[str, QWidget] = {}
        self._rail_buttons: dict[str, QToolButton] = {}
        self.files = Files(session, self)
        self.drops = Drops(self, self._take_drop)
        self._lay_out()
        self.editor = self._editor()
        self.setStatusBar(StatusBar(session))
        self.actions_ = Actions(self, session, self.editor, self.files, self.messages)
        self._leaving = self._shown = False
        self._add_panel_buttons()
        self.resize(QSize(1440, 900).boundedTo(self._room))
        self.messages.follow(session)
        session.page_requested.connect(self.show_page)
        session.recoverable.connect(self._offer_recovery)
        session.preferences.changed.connect(self._list_recent)
        session.document.changed.connect(self._refresh)
        session.document.renamed.connect(self._refresh)
        session.preferences.changed.connect(self._refresh)
        session.document.busy_changed.connect(self._refresh)
        session.work.activity_changed.connect(self._refresh)
        session.work.results_changed.connect(self._refresh)
        self.editor.instruction.words.textChanged.connect(self._refresh)
        self.editor.start.open_requested.connect(self.files.ask_open)
        self._list_recent()
        self._refresh()
        self.show_page("editor")

    def _lay_out(self) -> None:
        rail = QWidget()
        rail.setProperty("role", "rail")
        rail.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        rail.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(rail)
        column.setContentsMargins(2, 8, 2, 8)
        column.setSpacing(4)
        group = QButtonGroup(self)
        for page in PAGES:
            rail_button = _RailButton()
            rail_button.setText(page.title())
            rail_button.setIcon(icon(page.icon))
            rail_button.setIconSize(QSize(22, 22))
            rail_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            rail_button.setCheckable(True)
            rail_button.setProperty("role", "rail")
            rail_button.setAccessibleName(page.title())
            rail_button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
            rail_button.clicked.connect(lambda _=False, id=page.id: self.show_page(id))
            group.addButton(rail_button)
            column.addWidget(rail_button)
            self._rail_buttons[page.id] = rail_button
        column.addStretch(1)
        self._rail_below = column
        middle = QWidget()
        layout = QHBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(rail)
        layout.addWidget(self.pages, 1)
        self.setCentralWidget(middle)
        self.messages = MessageBar(middle)

    def _add_panel_buttons(self) -> None:
        """Buttons below the pages that show and hide the editor's panels."""
        buttons = []
        for action in self.actions_.panels.values():
            toggle = QToolButton()
            toggle.setDefaultAction(action)
            toggle.setIconSize(QSize(16, 16))
            toggle.setFixedSize(22, 24)
            toggle.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            name = action.text().replace("&", "")
            toggle.setToolTip(f"{name} ({action.shortcut().toString()})")
            toggle.setAccessibleName(name)
            toggle.setProperty("role", "panels")
            buttons.append(toggle)
        self._rail_below.addLayout(row(1, *buttons, 1, spacing=0))

    @property
    def _room(self) -> QSize:
        """The largest size that the screen has room for."""
        return self.screen().availableGeometry().size() - _FRAME

    def _fit_screen(self) -> None:
        """Hides panels that a very small screen has no room for."""
        screen = self._room
        for name in ("bottom", "right", "left"):
            need = self.minimumSizeHint()
            if (need.height() if name == "bottom" else need.width()) > (
                screen.height() if name == "bottom" else screen.width()
            ):
                self.actions_.panels[name].setChecked(False)

    def _editor(self) -> Editor:
        editor = Editor(self.session)
        self._widgets["editor"] = editor
        self.pages.addWidget(editor)
        return editor

    def show_page(self, id: str) -> None:
        """Shows a page, which is created when it is first shown."""
        if id not in self._widgets:
            page = next(page for page in PAGES if page.id == id)
            self._widgets[id] = page.make(self.session)
            self.pages.addWidget(self._widgets[id])
        self.pages.setCurrentWidget(self._widgets[id])
        self._rail_buttons[id].setChecked(True)
        if id == "editor":
            self.messages.lie_over(self.editor.middle, self.editor.bar)
            self.editor.instruction.words.setFocus()
        else:
            self.messages.lie_over(self._widgets[id])

    def begin(self) -> None:
        """Starts slow work after the window is shown."""
        self.session.start()
        self.editor.history.refresh()

    # following

    def _refresh(self) -> None:
        document = self.session.document
        self.setWindowTitle(f"{document.title}[*] – got_desktop" if document.is_open else "got_desktop[*]")
        self.setWindowModified(document.modified)
        self.actions_.refresh()

    def _list_recent(self) -> None:
        menu, recent = self.actions_.recent, self.session.preferences.settings.recent
        menu.clear()
        menu.setEnabled(bool(recent))
        for name in recent:
            path = Path(name)
            words = self.fontMetrics().elidedText(
                f"{path.name}  ({path.parent})".replace("&", "&&"), Qt.TextElideMode.ElideMiddle, _LONGEST_PATH
            )
            menu.addAction(words, lambda path=path: self.files.open(path))

    # drop

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's names, here and below
        super().showEvent(event)
        if not self._shown:
            self._shown = True
            self._fit_screen()
        self.drops.watch(self.windowHandle())

    def _take_drop(self, data: QMimeData) -> None:
        self.show_page("editor")
        self.files.take(data, self.tr("This is not an image file."))

    # recovery and the end

    def _offer_recovery(self, works: list[LeftBehind]) -> None:
        """Offers the latest unsaved work; what is older is offered after it was deleted, or at the next start."""
        latest, *older = works
        words = self.tr("got_desktop closed before your work on “{name}” was saved ({date}).")
        name, date = latest.name or self.tr("Untitled"), datetime.fromtimestamp(latest.at).strftime("%Y-%m-%d %H:%M")
        question = Question(
            self,
            self.tr("Unsaved work"),
            words.format(name=name, date=date),
            self.tr("Your work was kept, including layers and plan."),
            Icon.Information,
        )

        def recover() -> None:
            self.files.after_asking(lambda: self.session.recover(latest.folder))

        def discard() -> None:
            self.session.keeping.discard([latest.folder])
            if older:
                self._offer_recovery(older)

        question.offer(self.tr("Restore"), Role.AcceptRole, recover, preferred=True)
        question.offer(self.tr("Delete"), Role.DestructiveRole, discard)
        question.offer(self.tr("Later"), Role.RejectRole, lambda: None)
        question.open()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        if self._leaving or not self.session.unsettled:
            self.session.close()
            event.accept()
            return
        event.ignore()
        self.files.after_asking(self._leave)

    def _leave(self) -> None:
        self._leaving = True
        QTimer.singleShot(0, self.close)

"""The history strip: thumbnails of earlier edits with search and stars; their settings can be reused."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QMenu

from got_desktop.model.history import Entry
from got_desktop.model.session import Session
from got_desktop.ui.controls import column, frame, label, row, tool
from got_desktop.ui.icons import icon

_ENTRY = Qt.ItemDataRole.UserRole
_THUMBNAIL = QSize(92, 64)


class HistoryStrip(QFrame):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.setProperty("role", "bottom")
        self.setFixedHeight(136)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search the history"))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.stars = tool("filter", self.tr("Starred only"), self.refresh, checkable=True)
        self.reuse = tool("reuse", self.tr("Reuse these settings"), self._reuse)
        self.star = tool("star", self.tr("Star"), self._star)
        self.drop = tool("trash", self.tr("Delete from the history"), self._delete)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("History"))
        self.list.setViewMode(QListWidget.ViewMode.IconMode)
        self.list.setFlow(QListWidget.Flow.LeftToRight)
        self.list.setWrapping(False)
        self.list.setMovement(QListWidget.Movement.Static)
        self.list.setIconSize(_THUMBNAIL)
        self.list.setGridSize(QSize(112, 92))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.itemActivated.connect(lambda _: self._reuse())
        self.list.currentRowChanged.connect(self._follow_selection)
        self.none = label(self.tr("Every edit is kept here, with everything needed to repeat it."), "muted")
        side = frame("")
        side.setFixedWidth(196)
        side.setLayout(
            column(
                label(self.tr("History"), "heading", self.list),
                self.search,
                row(self.reuse, self.star, self.drop, 1, self.stars),
                1,
            )
        )
        layout = row(side, self.list, self.none, spacing=12)
        layout.setContentsMargins(14, 8, 10, 6)
        layout.setStretch(1, 1)
        layout.setStretch(2, 1)
        self.setLayout(layout)
        self._wait = QTimer(self, singleShot=True, interval=200)
        self._wait.timeout.connect(self.refresh)
        self.search.textChanged.connect(self._wait.start)
        session.history_changed.connect(self.refresh)
        self._follow_selection()

    def refresh(self, _: object = None) -> None:
        words, starred, history = self.search.text(), self.stars.isChecked(), self.session.history
        self.session.background.run(lambda say: history.find(words, starred), self._show)

    def _show(self, entries: list[Entry]) -> None:
        selected = self._entry()
        self.list.clear()
        for entry in entries:
            picture = QPixmap()
            picture.loadFromData(entry.after)
            item = QListWidgetItem(QIcon(picture), ("★ " if entry.starred else "") + entry.instruction)
            item.setData(_ENTRY, entry)
            date = datetime.fromtimestamp(entry.made).strftime("%Y-%m-%d %H:%M")
            item.setToolTip(
                f"{entry.instruction}\n{entry.document}, {date}\n{entry.drawing.model}, {entry.drawing.seed}"
            )
            self.list.addItem(item)
            if selected and selected.id == entry.id:
                self.list.setCurrentItem(item)
        self.list.setVisible(bool(entries))
        self.none.setVisible(not entries)
        self._follow_selection()

    def _entry(self) -> Entry | None:
        item = self.list.currentItem()
        return item.data(_ENTRY) if item else None

    def _follow_selection(self) -> None:
        entry = self._entry()
        for widget in (self.reuse, self.star, self.drop):
            widget.setEnabled(entry is not None)
        self.star.setIcon(icon("star-full" if entry and entry.starred else "star"))

    def _menu(self, at: QPoint) -> None:
        if self._entry() is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Reuse these settings"), self._reuse)
        menu.addAction(self.tr("Reuse these settings and the plan"), self._reuse_plan)
        menu.addAction(self.tr("Show the candidates again"), self._candidates).setEnabled(self._has_candidates())
        menu.addAction(self.tr("Star"), self._star)
        menu.addAction(self.tr("Delete from the history"), self._delete)
        menu.popup(self.list.viewport().mapToGlobal(at))

    def _reuse(self) -> None:
        entry = self._entry()
        if entry is not None:
            self.session.preferences.use(entry.instruction, entry.again)

    def _reuse_plan(self) -> None:
        entry = self._entry()
        if entry is not None:
            self.session.use_entry(entry)

    def _has_candidates(self) -> bool:
        """Whether the engine may still have them, and they can be shown now."""
        entry, session = self._entry(), self.session
        is_free = not session.work.busy and session.work.results is None
        has_place = session.document.is_open or (entry is not None and entry.drawing.new_picture)
        return entry is not None and bool(entry.job) and entry.drawing.candidates > 1 and is_free and has_place

    def _candidates(self) -> None:
        entry = self._entry()
        if entry is not None:
            self.session.earlier.of_entry(entry)

    def _star(self) -> None:
        entry, history = self._entry(), self.session.history
        if entry is not None:
            self.session.background.run(lambda say: history.star(entry.id, not entry.starred), self.refresh)

    def _delete(self) -> None:
        entry, history = self._entry(), self.session.history
        if entry is not None:
            self.session.link.acknowledge(entry.job)  # the engine need not keep its candidates
            self.session.background.run(lambda say: history.remove(entry.id), self.refresh)

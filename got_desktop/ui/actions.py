"""The window's menus: all commands with their texts and keyboard shortcuts."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from got_desktop.model.session import Session
from got_desktop.ui.editor import Editor
from got_desktop.ui.files import Files
from got_desktop.ui.help import show_about, show_keys
from got_desktop.ui.icons import icon
from got_desktop.ui.registry import PAGES

translate = QCoreApplication.translate


class Actions:
    """All actions by name, so that the window can enable and disable them."""

    def __init__(self, window: QMainWindow, session: Session, editor: Editor, files: Files, messages: QWidget) -> None:
        self.window, self.session, self.editor, self.files = window, session, editor, files
        self.messages = messages
        self.all: dict[str, QAction] = {}
        self._file()
        self._edit()
        self._picture()
        self._view()
        self._help()

    def _add(
        self, menu: QMenu, name: str, text: str, keys: str, call: Callable[[], object], image: str = ""
    ) -> QAction:
        action = QAction(text, self.window)
        if keys:
            action.setShortcuts([QKeySequence(key) for key in keys.split("; ")])
        if image:
            action.setIcon(icon(image))
        action.triggered.connect(lambda: call())
        menu.addAction(action)
        self.all[name] = action
        return action

    def _file(self) -> None:
        files, menu = self.files, self.window.menuBar().addMenu(translate("Actions", "&File"))
        self._add(menu, "open", translate("Actions", "&Open…"), "Ctrl+O", files.ask_open, "open")
        self.recent = menu.addMenu(translate("Actions", "Open &recent"))
        self._add(menu, "paste", translate("Actions", "&Paste as new picture"), "Ctrl+V", files.paste)
        menu.addSeparator()
        self._add(menu, "save", translate("Actions", "&Save"), "Ctrl+S", files.save, "save")
        self._add(menu, "save_as", translate("Actions", "Save &as…"), "Ctrl+Shift+S", files.ask_save)
        menu.addSeparator()
        self._add(menu, "close", translate("Actions", "&Close window"), "Ctrl+W; Ctrl+Q", self.window.close)

    def _edit(self) -> None:
        window, menu = self.window, self.window.menuBar().addMenu(translate("Actions", "&Edit"))
        stack = self.session.document.undo
        for name, action, keys, image in (
            ("undo", stack.createUndoAction(window, translate("Actions", "&Undo")), "Ctrl+Z", "undo"),
            ("redo", stack.createRedoAction(window, translate("Actions", "&Redo")), "Ctrl+Shift+Z; Ctrl+Y", "redo"),
        ):
            action.setShortcuts([QKeySequence(key) for key in keys.split("; ")])
            action.setIcon(icon(image))
            menu.addAction(action)
            self.all[name] = action

    def _picture(self) -> None:
        editor, menu = self.editor, self.window.menuBar().addMenu(translate("Actions", "&Picture"))
        work = self.session.work
        self._add(menu, "plan", translate("Actions", "&Plan"), "Ctrl+Return; Ctrl+Enter", editor.run_plan)
        self._add(
            menu, "apply", translate("Actions", "&Apply"), "Ctrl+Shift+Return; Ctrl+Shift+Enter", editor.run_apply
        )
        self._add(menu, "both", translate("Actions", "P&lan and apply"), "Ctrl+Alt+Return", editor.run_both)
        self._add(menu, "cancel", translate("Actions", "&Cancel"), "Esc", work.cancel)
        menu.addSeparator()
        self._add(menu, "draw", translate("Actions", "&Draw a box"), "", editor.draw_box, "box")
        area = translate("Actions", "Choose the a&rea to edit")
        self._add(menu, "area", area, "", editor.choose_area, "area")
        whole = translate("Actions", "Edit the &whole picture")
        self._add(menu, "whole", whole, "Ctrl+Shift+A", lambda: self.session.review.choose_area(None))
        self._add(menu, "boxes", translate("Actions", "Show &boxes"), "Ctrl+B", editor.bar.boxes.toggle, "eye")
        menu.addSeparator()
        self._add(menu, "accept", translate("Actions", "Acc&ept the result"), "", editor.accept)
        self._add(menu, "dismiss", translate("Actions", "D&iscard the result"), "", editor.dismiss)

    def _view(self) -> None:
        editor, menu = self.editor, self.window.menuBar().addMenu(translate("Actions", "&View"))
        canvas, show_page = editor.canvas, self.session.page_requested.emit
        self._add(menu, "fit", translate("Actions", "&Fit to window"), "Ctrl+0", canvas.fit, "fit")
        self._add(menu, "full", translate("Actions", "&100 %"), "Ctrl+1", lambda: canvas.zoom_to(1.0))
        self._add(menu, "larger", translate("Actions", "Zoom &in"), "Ctrl++; Ctrl+=", lambda: canvas.zoom(1), "zoom-in")
        self._add(menu, "smaller", translate("Actions", "Zoom &out"), "Ctrl+-", lambda: canvas.zoom(-1), "zoom-out")
        menu.addSeparator()
        self.panels = {
            name: self._panel(menu, name, text, key)
            for name, text, key in (
                ("left", translate("Actions", "&Left panel"), "F7"),
                ("bottom", translate("Actions", "&History"), "F8"),
                ("right", translate("Actions", "&Right panel"), "F9"),
            )
        }
        menu.addSeparator()
        for number, page in enumerate(PAGES, 1):
            keys = f"Alt+{number}" if number < 10 else ""
            self._add(menu, f"page_{page.id}", page.title(), keys, lambda id=page.id: show_page(id), page.icon)
        menu.addSeparator()
        for name, where in (
            ("focus_instruction", editor.instruction.words),
            ("focus_canvas", canvas),
            ("focus_plan", editor.plan.editor),
            ("focus_boxes", editor.plan.boxes.list),
            ("focus_layers", editor.layers.list),
            ("focus_history", editor.history.list),
            ("focus_messages", self.messages),
        ):
            number = len([key for key in self.all if key.startswith("focus_")]) + 1
            text = translate("Actions", "Go to {place}").format(place=where.accessibleName())
            self._add(menu, name, text, f"Ctrl+Alt+{number}", lambda where=where: self._go_to(where))

    def _panel(self, menu: QMenu, name: str, text: str, key: str) -> QAction:
        """A command that shows or hides one of the editor's panels; the user's choice is kept."""
        preferences, panel = self.session.preferences, self.editor.panels[name]

        def keep() -> None:
            hidden = preferences.settings.with_panel(name, action.isChecked()).hidden_panels
            preferences.configure(hidden_panels=hidden)

        action = self._add(menu, f"panel_{name}", text, key, keep, f"panel-{name}")
        action.setCheckable(True)
        action.toggled.connect(panel.setVisible)
        action.setChecked(True)
        action.setChecked(name not in preferences.settings.hidden_panels)
        return action

    def _go_to(self, where: QWidget) -> None:
        """Moves the focus, and shows the panel if it is hidden."""
        self.session.page_requested.emit("editor")
        for name, panel in self.editor.panels.items():
            if panel.isAncestorOf(where) and not self.panels[name].isChecked():
                self.panels[name].trigger()
        where.setFocus()

    def _help(self) -> None:
        window, menu = self.window, self.window.menuBar().addMenu(translate("Actions", "&Help"))
        self._add(
            menu,
            "keys",
            translate("Actions", "&Keyboard shortcuts"),
            "F1",
            lambda: show_keys(window, self.all.values()),
        )
        self._add(menu, "about", translate("Actions", "&About got_desktop"), "", lambda: show_about(window))

    def refresh(self) -> None:
        """Enables the commands that are possible now."""
        session, panel = self.session, self.editor.instruction
        work, is_open = session.work, session.document.is_open
        states = {
            "save": is_open and not session.document.busy,
            "save_as": is_open and not session.document.busy,
            "open": not session.document.busy,
            "plan": panel.plan.isEnabled(),
            "apply": panel.apply.isEnabled(),
            "both": panel.both.isEnabled(),
            "cancel": work.busy,
            "accept": work.results is not None,
            "dismiss": work.results is not None,
            "draw": is_open and work.results is None,
            "area": is_open and work.results is None,
            "whole": session.document.state.selection is not None and work.results is None,
        }
        for name, on in states.items():
            self.all[name].setEnabled(on)

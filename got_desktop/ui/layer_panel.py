"""The list of layers: the result of each edit, above the source."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyledItemDelegate, QVBoxLayout, QWidget

from got_desktop.model.layers import Layer
from got_desktop.model.session import Session
from got_desktop.model.state import State
from got_desktop.ui.controls import Slider, column, label, quiet, row, tool
from got_desktop.ui.icons import icon

_ID = Qt.ItemDataRole.UserRole
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class _Names(QStyledItemDelegate):
    """Stores a name as soon as Enter is pressed. Qt would do so later, when the field may already be closed."""

    def eventFilter(self, object: QObject, event: QEvent) -> bool:  # noqa: A002, N802 - Qt's names
        is_enter = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _ENTER
        if not is_enter or not isinstance(object, QWidget):
            return super().eventFilter(object, event)
        self.commitData.emit(object)
        self.closeEditor.emit(object)
        return True


class LayerPanel(QWidget):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Layers"))
        self.list.setMinimumHeight(90)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # long names end in “…”
        self.list.currentRowChanged.connect(self._refresh)
        self.list.itemChanged.connect(self._store_item)
        names = _Names(self.list)
        self.list.setItemDelegate(names)
        names.closeEditor.connect(self.follow)
        self.opacity = Slider(self.tr("Opacity"))
        self.opacity.setRange(0, 100)
        self.opacity.valueChanged.connect(self._fade)
        self.percent = label("100 %", "muted")
        self.percent.setMinimumWidth(40)
        self.mask_button = tool("mask", self.tr("Turn mask on or off"), self._toggle_mask, checkable=True)
        self.others = tool("candidates", self.tr("Choose another candidate for this layer"), self._bring_others)
        self.up = tool("up", self.tr("Raise layer"), lambda: self._shift(1))
        self.down = tool("down", self.tr("Lower layer"), lambda: self._shift(-1))
        self.merge = tool("merge", self.tr("Merge with the layer below"), self._merge)
        self.drop = tool("trash", self.tr("Delete layer"), self._delete)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 12)
        layout.addLayout(
            column(
                label(self.tr("Layers"), "heading", self.list),
                self.list,
                row(label(self.tr("Opacity")), self.opacity, self.percent),
                row(self.mask_button, self.others, self.up, self.down, self.merge, self.drop, 1),
            )
        )
        session.document.changed.connect(self.follow)
        session.work.activity_changed.connect(self._refresh)
        session.work.results_changed.connect(self._refresh)
        self.follow()

    @property
    def selected(self) -> Layer | None:
        item = self.list.currentItem()
        id = item.data(_ID) if item else None
        return next((layer for layer in self.session.document.state.layers if layer.id == id), None)

    def follow(self) -> None:
        """Lists the layers from top to bottom, with the source last; does nothing while a name is typed."""
        if self.list.state() == QListWidget.State.EditingState:
            return
        state, selected = self.session.document.state, self.selected
        old_ids = {self.list.item(n).data(_ID) for n in range(self.list.count())}
        with quiet(self.list):
            self.list.clear()
            for layer in reversed(state.layers):
                self._add(layer.name, layer.id, layer.visible)
            if state.base is not None:
                self._add(self.tr("Source"), "", None)
            new_ids = [layer.id for layer in state.layers if layer.id not in old_ids]
            current = new_ids[-1] if new_ids else selected.id if selected else None
            rows = [self.list.item(n).data(_ID) for n in range(self.list.count())]
            self.list.setCurrentRow(rows.index(current) if current in rows else 0 if rows else -1)
        self._refresh()

    def _add(self, name: str, id: str, visible: bool | None) -> None:
        item = QListWidgetItem(name)
        item.setData(_ID, id)
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if visible is None:
            item.setIcon(icon("image"))
        else:
            flags |= Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable
            item.setCheckState(Qt.CheckState.Checked if visible else Qt.CheckState.Unchecked)
            hint = self.tr("Select the check box to show the layer. Press F2 or double-click to rename it.")
            item.setToolTip(f"{name}\n{hint}")
        item.setFlags(flags)
        self.list.addItem(item)

    def _refresh(self) -> None:
        layer, layers = self.selected, self.session.document.state.layers
        for widget in (self.opacity, self.mask_button, self.drop):
            widget.setEnabled(layer is not None)
        work = self.session.work
        self.others.setEnabled(bool(layer and layer.job) and not work.busy and work.results is None)
        place = layers.index(layer) if layer else 0
        self.up.setEnabled(layer is not None and place + 1 < len(layers))
        self.down.setEnabled(layer is not None and place > 0)
        self.merge.setEnabled(layer is not None and place > 0)
        with quiet(self.opacity, self.mask_button):
            level = round(100 * layer.opacity) if layer else 100
            self.opacity.setValue(level)
            self.percent.setText(f"{level} %")
            self.mask_button.setChecked(layer is not None and layer.mask_on)

    # user actions

    def _change(self, state: State, text: str, run: str = "") -> None:
        self.session.document.change(state, text, run)

    def _store_item(self, item: QListWidgetItem) -> None:
        state, id = self.session.document.state, item.data(_ID)
        layer = next((layer for layer in state.layers if layer.id == id), None)
        if layer is None:
            return
        visible = item.checkState() == Qt.CheckState.Checked
        if visible != layer.visible:
            self._change(state.with_layer(id, visible=visible), self.tr("Show or hide layer"))
        elif item.text().strip() and item.text() != layer.name:
            self._change(state.with_layer(id, name=item.text().strip()), self.tr("Rename layer"))

    def _fade(self, level: int) -> None:
        layer = self.selected
        if layer is not None:
            state = self.session.document.state.with_layer(layer.id, opacity=level / 100)
            self._change(state, self.tr("Opacity"), f"fade{layer.id}")

    def _bring_others(self) -> None:
        layer = self.selected
        if layer is not None:
            self.list.setFocus()  # the button is off meanwhile, and the focus would go on to the next one
            self.session.earlier.others_of_layer(layer)

    def _toggle_mask(self) -> None:
        layer = self.selected
        if layer is not None:
            state = self.session.document.state.with_layer(layer.id, mask_on=not layer.mask_on)
            self._change(state, self.tr("Turn mask on or off"))

    def _shift(self, by: int) -> None:
        layer = self.selected
        if layer is not None:
            self._change(self.session.document.state.shifted(layer.id, by), self.tr("Move layer"))

    def _merge(self) -> None:
        layer = self.selected
        if layer is not None:
            self.session.merge_down(layer.id)

    def _delete(self) -> None:
        layer = self.selected
        if layer is not None:
            self._change(self.session.document.state.without_layer(layer.id), self.tr("Delete layer"))

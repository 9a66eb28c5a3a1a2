"""Python imports this at its start. It answers the plug-in's dialog like a user, if a test asks for it."""

import json
import os
import re
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

PICTURES = Path(os.environ.get("GOT_PICTURES", "/"))
settings = {}
LIMIT = 400.0
"""Seconds that an answer may wait for one condition."""


def answer(how):
    """Waits until the plug-in has imported its dialog. GTK is not used here, because two threads must not import it."""
    while not hasattr(sys.modules.get("got_parts.dialog"), "_Dialog"):
        time.sleep(0.1)
    from gi.repository import GLib

    GLib.idle_add(lambda: Answer(**how) and False)


class Answer:
    """Runs `steps` in GTK's main loop; each step yields a condition to wait for. The notes go to `how`.json."""

    def __init__(self, how, **facts):
        from gi.repository import GLib

        self.how, self.facts, self.notes, self.window_shown = how, facts, {}, None
        self.steps, self.wait_for, self.since = getattr(self, how)(), self.dialog, time.monotonic()
        GLib.timeout_add(50, self.go_on)

    def go_on(self):
        try:
            if self.wait_for():
                self.wait_for, self.since = next(self.steps), time.monotonic()
            elif time.monotonic() - self.since > LIMIT:
                self.steps.throw(TimeoutError(f"timed out; {self.labels()}"))  # raised where it waits
        except StopIteration:
            return False
        except Exception:
            self.note(error=traceback.format_exc())
            self.leave_dialog()
            return False
        return True

    def note(self, **facts):
        """Writes the notes at once, because this process ends with the dialog."""
        self.notes |= facts
        (PICTURES / f"{self.how}.json").write_text(json.dumps(self.notes))

    # contents

    def dialog(self) -> Any:
        from gi.repository import GimpUi, Gtk

        if self.window_shown is None:
            dialogs = [top for top in Gtk.Window.list_toplevels() if isinstance(top, GimpUi.ProcedureDialog)]
            self.window_shown = dialogs[0] if dialogs and dialogs[0].get_mapped() else None
        return self.window_shown

    def all_of(self, kind, inside=None):
        """All widgets of a kind, in layout order."""
        from gi.repository import Gtk

        inside = inside or self.dialog()
        widgets = [inside] if isinstance(inside, kind) else []
        children = []
        if isinstance(inside, Gtk.Container):
            inside.forall(children.append)
        return [*widgets, *(widget for child in children for widget in self.all_of(kind, child))]

    def button(self, label):
        from gi.repository import Gtk

        return next(button for button in self.all_of(Gtk.Button) if button.get_label() == label)

    def button_shown(self, label):
        from gi.repository import Gtk

        return any(button.get_label() == label for button in self.all_of(Gtk.Button))

    def field(self, label):
        """The field with this label."""
        from gi.repository import Gtk

        return next(one for one in self.all_of(Gtk.Label) if one.get_text() == label).get_mnemonic_widget()

    def free(self):
        """True if the dialog waits for the user."""
        return self.button("_Plan").get_sensitive()

    def labels(self):
        from gi.repository import Gtk

        return [label.get_text() for label in self.all_of(Gtk.Label)]

    def at_step(self):
        from gi.repository import Gtk

        return self.all_of(Gtk.ProgressBar)[0].get_text().startswith("Step")

    def text(self):
        from gi.repository import Gtk

        return self.all_of(Gtk.TextView)[0].get_buffer()

    def chain(self):
        buffer = self.text()
        return buffer.get_text(buffer.get_start_iter(), buffer.get_end_iter(), True)

    def picture(self, name):
        """Saves a picture of the dialog once it has been painted."""
        from gi.repository import Gdk

        window = self.dialog().get_window()
        image = Gdk.pixbuf_get_from_window(window, 0, 0, window.get_width(), window.get_height())
        image.savev(str(PICTURES / name), "png", [], [])

    # actions

    def plan(self, words):
        self.field("Instruction" if self.how != "generate" else "Caption").set_text(words)
        self.button("_Plan").clicked()
        yield self.free

    def apply(self):
        from gi.repository import Gtk

        self.dialog().response(Gtk.ResponseType.OK)

    def leave_dialog(self):
        from gi.repository import Gtk

        self.dialog().response(Gtk.ResponseType.CANCEL)

    def drag(self):
        """Selects the first edit box with a click and drags its lower right corner down by 15 pixels."""
        from gi.repository import Gdk, Gtk

        image = self.all_of(Gtk.Image, self.all_of(Gtk.EventBox)[0])[0]
        widget = image.get_parent()
        match = re.search(r"\((\d+),(\d+)\),\((\d+),(\d+)\)<\|box_end\|> \(", self.chain())
        assert match is not None
        wide, high = image.get_pixbuf().get_width(), image.get_pixbuf().get_height()
        sides = (wide, high, wide, high)
        x1, y1, x2, y2 = (int(value) * side / 1000 for value, side in zip(match.groups(), sides, strict=True))
        corner, middle = (x2 + wide / 256, y2 + high / 256), ((x1 + x2) / 2, (y1 + y2) / 2)
        for name, kind, (x, y) in (
            ("button-press-event", Gdk.EventType.BUTTON_PRESS, middle),
            ("button-release-event", Gdk.EventType.BUTTON_RELEASE, middle),
            ("button-press-event", Gdk.EventType.BUTTON_PRESS, corner),
            ("motion-notify-event", Gdk.EventType.MOTION_NOTIFY, (corner[0], corner[1] + 15)),
            ("button-release-event", Gdk.EventType.BUTTON_RELEASE, (corner[0], corner[1] + 15)),
        ):
            event = Gdk.Event.new(kind)
            part = event.motion if kind == Gdk.EventType.MOTION_NOTIFY else event.button
            part.window, part.x, part.y = widget.get_window(), x, y
            widget.emit(name, event)

    def hands(self, *actions, window="Edit with instruction"):
        """Real keys and clicks: the test outside carries them out."""
        wish = PICTURES / "press.json"
        (PICTURES / "press.tmp").write_text(json.dumps({"window": window, "do": [*map(list, actions)]}))
        os.replace(PICTURES / "press.tmp", wish)
        return lambda: not wish.exists()

    def click_on(self, widget, x, y):
        """The actions that click at a point of a widget."""
        left, top = widget.translate_coordinates(self.dialog(), round(x), round(y))
        at = [str(value) for value in (left + self.dialog().get_allocation().x, top)]
        return ["mousemove", "--window", "WINDOW", *at], ["click", "1"]

    def question(self):
        """The text of the open question."""
        from gi.repository import Gtk

        tops = [top for top in Gtk.Window.list_toplevels() if isinstance(top, Gtk.MessageDialog) and top.get_mapped()]
        return tops[0].get_property("text") if tops else ""

    def default(self):
        """The label of the button that Enter presses."""
        return self.dialog().get_default_widget().get_label()

    # answers

    def by_hand(self):
        """Everything with real keys and a real mouse."""
        from by_hand_answers import steps

        yield from steps(self)

    def german(self):
        """All texts of the dialog, with an empty instruction applied."""
        from gi.repository import Gtk

        self.all_of(Gtk.Expander)[0].set_expanded(True)
        self.apply()
        yield lambda: any("Anweisung ist leer" in words for words in self.labels())
        hints = [widget.get_tooltip_text() for widget in self.all_of(Gtk.Widget)]
        names = [widget.get_accessible().get_name() for widget in self.all_of(Gtk.Widget)]
        combos = [row[1] for combo in self.all_of(Gtk.ComboBox) for row in combo.get_model()]
        fields = [spin.get_text() for spin in self.all_of(Gtk.SpinButton)]
        buttons = [button.get_label() for button in self.all_of(Gtk.Button)]
        texts = [*self.labels(), *hints, *names, *combos, *fields, *buttons, self.dialog().get_title()]
        self.note(texts=sorted({text for text in texts if text}))
        yield self.painted
        self.picture("gimp-german.png")
        self.leave_dialog()

    def ok(self):
        """Plan, drag a box, apply."""
        yield from self.corrected("replace the pink leaf with an umbrella", "gimp-dialog.png")
        self.apply()

    def generate(self):
        """A new picture: plan, drag a box, draw."""
        yield from self.corrected("a night with a green house", "gimp-generate.png")
        self.apply()

    def cancel(self):
        """Plan, then cancel."""
        yield from self.plan("turn the orange fish purple")
        self.note(chain=self.chain())
        self.leave_dialog()

    def leave(self):
        """Closes the window while the edit runs."""
        yield from self.running(500)
        self.note(chain=self.chain())
        self.leave_dialog()

    def stop(self):
        """Cancels the job while the edit runs; the dialog stays."""
        yield from self.running(500)
        self.button("Ca_ncel job").clicked()
        yield self.free
        self.note(labels=self.labels(), chain=self.chain())
        self.leave_dialog()

    def killed(self):
        """The engine crashes while the edit runs."""
        import engine_process

        yield from self.running(60)
        self.note(killed=engine_process.kill())

    def closed(self):
        """The image is closed while the edit runs."""
        from gi.repository import Gimp

        yield from self.running(60)
        Gimp.Display.get_by_id(self.facts["display"]).delete()

    def missing(self):
        """The product is not on this machine."""
        self.field("Instruction").set_text("turn the orange fish purple")
        self.apply()
        yield lambda: any("got_desktop" in words for words in self.labels())
        self.note(labels=self.labels())
        self.leave_dialog()

    def corrected(self, words, picture):
        """Plans and drags a box."""
        yield from self.plan(words)
        self.note(planned=self.chain())
        self.drag()
        self.note(dragged=self.chain())
        yield self.painted
        self.picture(picture)

    def running(self, steps):
        """Starts an edit with a chain written by hand, and waits until the engine draws."""
        self.field("Instruction").set_text("turn the orange fish purple")
        self.text().set_text(self.facts["chain"])
        self.field("Steps").set_value(steps)
        self.apply()
        yield self.at_step

    def painted(self):
        """Whether GTK has painted: it paints before it is idle."""
        from gi.repository import Gtk

        return not Gtk.events_pending()


class Meddling(threading.Thread):
    """A thread of the plug-in. When the thread that works for a script starts, another image or view changes."""

    def start(self):
        from gi.repository import GLib

        if self.name == "got work":
            GLib.idle_add(meddle)
        super().start()


def meddle():
    from gi.repository import Gimp

    if "cropped" in settings:
        Gimp.Image.get_by_id(settings["cropped"]).crop(100, 100, 0, 0)
    else:
        Gimp.Display.get_by_id(settings["closed"]).delete()
    return False


if sys.argv and sys.argv[0].endswith("got_gimp.py") and "-run" in sys.argv and (PICTURES / "answer.json").exists():
    settings = json.loads((PICTURES / "answer.json").read_text())
    (PICTURES / "shown").unlink(missing_ok=True)  # the test's shortcut has arrived
if settings and settings["how"] == "nothing":
    pass
elif settings and settings["how"] == "meddle":
    threading.Thread = Meddling
elif settings:
    threading.Thread(target=answer, args=(settings,), daemon=True).start()

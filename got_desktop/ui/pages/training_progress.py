"""How a training goes: where it stands, its two losses, its samples, and what it can be told."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QProgressBar, QWidget

from got_desktop.background import Background
from got_desktop.model.figures import decimal, gigabytes, significant
from got_desktop.model.training_files import ACTIVE, Training
from got_desktop.ui.controls import button, label, row
from got_desktop.ui.loss_curve import LossCurve
from got_desktop.ui.pages.parts import Card, Note, Plain
from got_desktop.ui.pages.training_pairs import Strip, scaled

_SAMPLE = 220
_MOST_SAMPLES = 40


class ProgressCard(Card):
    start_asked = Signal()
    pause_asked = Signal()
    go_on_asked = Signal()
    stop_asked = Signal()
    try_asked = Signal()

    def __init__(self, background: Background) -> None:
        super().__init__(self.tr("Progress"))
        self.background = background
        self.standing = label("")
        self.standing.setAccessibleName(self.tr("How it stands"))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Steps that are done"))
        self.chain = LossCurve(self.tr("Loss of the chain"))
        self.diffusion = LossCurve(self.tr("Loss of the picture"))
        self.figures = label("", "muted")
        self.samples = Strip(self.tr("Samples: plan, result, truth"), _SAMPLE, to_end=True)
        self.trouble = Note("error", self.tr("What went wrong"))
        self.start = button(self.tr("Start"), self.start_asked.emit, "primary")
        self.pause = button(self.tr("Pause"), self.pause_asked.emit)
        self.go_on = button(self.tr("Go on"), self.go_on_asked.emit, "primary")
        self.stop = button(self.tr("Stop"), self.stop_asked.emit, tip=self.tr("It saves and ends; it can go on later."))
        self.try_it = button(self.tr("Try this adapter now"), self.try_asked.emit, "primary")
        self.standing.setWordWrap(True)
        head = row(self.standing, self.start, self.go_on, self.pause, self.stop, self.try_it, spacing=10)
        head.setStretch(0, 1)
        curves = row(self.chain, self.diffusion, spacing=12)
        parts: list[QWidget] = [self.figures, self.samples]
        self.fill(Plain(head, self.bar, self.trouble, curves, *parts, spacing=12))
        self._samples: tuple[Path, ...] = ()
        self._of = ""

    def show_training(self, training: Training) -> None:
        standing = training.standing
        state, steps = standing.state, standing.steps or int(training.config.get("training.steps", 0))
        self.standing.setText(self._words(training))
        self.bar.setRange(0, max(1, standing.total if state == "encoding" else steps))
        self.bar.setValue(standing.done if state == "encoding" else standing.step)
        self.chain.show_points(training.curves.get("chain", ()), steps)
        self.diffusion.show_points(training.curves.get("diffusion", ()), steps)
        for curve in (self.chain, self.diffusion):
            curve.setVisible(training.begun)
        self.figures.setText(self._held_out(training))
        self.figures.setVisible(bool(self.figures.text()))
        self._show_buttons(training)
        self.trouble.text.setText(standing.message)
        self.trouble.setVisible(bool(standing.message))
        self._draw(training)

    def _show_buttons(self, training: Training) -> None:
        state, wish = training.standing.state, training.standing.wish
        new = not training.begun
        told = state in ("loading", "encoding", "preflight", "running")
        self.start.setVisible(new)
        self.start.setEnabled(training.pairs.state == "ready" and bool(training.pairs.rows) and bool(training.config))
        self.go_on.setVisible(not new and state in ("paused", "stopped", "failed", "died"))
        self.go_on.setEnabled(not wish)
        self.pause.setVisible(told or state == "starting")
        self.pause.setEnabled(told and not wish)
        self.stop.setVisible(state in ACTIVE)
        self.stop.setEnabled((told or state == "paused") and wish != "stop")
        whole = "full" in [training.config.get(f"adapter.{part}") for part in ("planner", "unet", "projectors")]
        self.try_it.setVisible(state == "finished" and not whole)

    def _words(self, training: Training) -> str:
        standing = training.standing
        if standing.wish and standing.state in ACTIVE:
            wishes = {"pause": self.tr("It pauses after this step…"), "stop": self.tr("It saves and stops…")}
            return wishes.get(standing.wish, "")
        state = {
            "new": self.tr("Not started yet. Before its first step it checks that it fits this machine."),
            "starting": self.tr("The trainer starts…"),
            "loading": self.tr("The model is loaded…"),
            "encoding": self.tr("Pictures are prepared: {done} of {total}"),
            "preflight": self.tr("It is checked whether the training fits this machine…"),
            "running": self.tr("Step {step} of {steps}"),
            "paused": self.tr("Paused at step {step} of {steps}; its memory is still taken."),
            "stopped": self.tr("Stopped at step {step} of {steps}"),
            "failed": self.tr("Ended at step {step} of {steps}"),
            "died": self.tr("Broken off at step {step} of {steps}"),
            "finished": self.tr("All {steps} steps are done. The adapter is among the app's adapters."),
        }[standing.state]
        values = {name: getattr(standing, name) for name in ("step", "steps", "done", "total")}
        return " · ".join([state.format(**values), *self._figures(training)])

    def _figures(self, training: Training) -> list[str]:
        """Time left and memory."""
        standing, found = training.standing, []
        if standing.seconds_left is not None:
            found.append(self._duration(standing.seconds_left))
        if standing.memory:
            taken, whole = gigabytes(standing.memory), gigabytes(training.whole_memory)
            words = self.tr("{taken} of {whole} memory") if training.whole_memory else self.tr("{taken} memory")
            found.append(words.format(taken=taken, whole=whole))
        return found

    def _duration(self, seconds: float) -> str:
        if seconds < 90:
            return self.tr("{seconds} s left").format(seconds=round(seconds))
        if seconds < 5400:
            return self.tr("{minutes} min left").format(minutes=round(seconds / 60))
        return self.tr("{hours} h left").format(hours=decimal(seconds / 3600, 1))

    def _held_out(self, training: Training) -> str:
        """What the last look at held-out pairs gave."""
        names = {
            "held_out_chain_parse_rate": self.tr("plans that can be read"),
            "held_out_target_box_iou": self.tr("overlap of boxes"),
            "held_out_position_deviation": self.tr("distance of boxes"),
            "held_out_outside_psnr": self.tr("likeness outside the boxes (dB)"),
        }
        last = {name: training.curves[name][-1] for name in names if name in training.curves}
        latest = max((step for step, _ in last.values()), default=0)
        told = " · ".join(
            f"{names[name]} {significant(value)}" for name, (step, value) in last.items() if step == latest
        )
        return self.tr("Held-out pairs: {figures}").format(figures=told) if told else ""

    def _draw(self, training: Training) -> None:
        """The samples, where there are new ones."""
        paths = training.samples or ((training.check,) if training.check else ())
        self.samples.setVisible(bool(paths))
        if (training.name, paths) == (self._of, self._samples):
            return
        self._of, self._samples = training.name, paths
        shown, height = paths[-_MOST_SAMPLES:], round(_SAMPLE * self.devicePixelRatioF())

        def drawn(images: list[QImage]) -> None:
            if paths == self._samples:
                for image in images:
                    image.setDevicePixelRatio(self.devicePixelRatioF())
                names = [self._name(path) for path in shown]
                self.samples.fill(list(zip(images, names, shown, strict=True)))

        self.background.run(lambda say: [scaled(path, height) for path in shown], drawn)

    def _name(self, path: Path) -> str:
        return self.tr("step {step}").format(step=int(path.stem)) if path.stem.isdigit() else self.tr("before")

"""The progress of a training: its status, two loss curves, samples, and the buttons that control it."""

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
    start_requested = Signal()
    pause_requested = Signal()
    resume_requested = Signal()
    stop_requested = Signal()
    try_requested = Signal()

    def __init__(self, background: Background) -> None:
        super().__init__(self.tr("Progress"))
        self.background = background
        self.status = label("")
        self.status.setAccessibleName(self.tr("Status"))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Completed steps"))
        self.chain = LossCurve(self.tr("Chain loss"))
        self.diffusion = LossCurve(self.tr("Picture loss"))
        self.figures = label("", "muted")
        self.samples = Strip(self.tr("Samples: plan, result, target"), _SAMPLE, to_end=True)
        self.error = Note("error", self.tr("Error"))
        self.start = button(self.tr("Start"), self.start_requested.emit, "primary")
        self.pause = button(self.tr("Pause"), self.pause_requested.emit)
        self.resume = button(self.tr("Resume"), self.resume_requested.emit, "primary")
        self.stop = button(
            self.tr("Stop"),
            self.stop_requested.emit,
            tip=self.tr("Saves a checkpoint and stops. You can resume it later."),
        )
        self.try_it = button(self.tr("Try this adapter now"), self.try_requested.emit, "primary")
        self.status.setWordWrap(True)
        head = row(self.status, self.start, self.resume, self.pause, self.stop, self.try_it, spacing=10)
        head.setStretch(0, 1)
        curves = row(self.chain, self.diffusion, spacing=12)
        parts: list[QWidget] = [self.figures, self.samples]
        self.fill(Plain(head, self.bar, self.error, curves, *parts, spacing=12))
        self._samples: tuple[Path, ...] = ()
        self._of = ""

    def show_training(self, training: Training) -> None:
        status = training.status
        state, steps = status.state, status.steps or int(training.config.get("training.steps", 0))
        self.status.setText(self._words(training))
        self.bar.setRange(0, max(1, status.total if state == "encoding" else steps))
        self.bar.setValue(status.done if state == "encoding" else status.step)
        self.chain.show_points(training.curves.get("chain", ()), steps)
        self.diffusion.show_points(training.curves.get("diffusion", ()), steps)
        for curve in (self.chain, self.diffusion):
            curve.setVisible(training.started)
        self.figures.setText(self._held_out(training))
        self.figures.setVisible(bool(self.figures.text()))
        self._show_buttons(training)
        self.error.text.setText(status.message)
        self.error.setVisible(bool(status.message))
        self._draw(training)

    def _show_buttons(self, training: Training) -> None:
        state, wish = training.status.state, training.status.wish
        new = not training.started
        running = state in ("loading", "encoding", "preflight", "running")
        self.start.setVisible(new)
        self.start.setEnabled(training.pairs.state == "ready" and bool(training.pairs.rows) and bool(training.config))
        self.resume.setVisible(not new and state in ("paused", "stopped", "failed", "died"))
        self.resume.setEnabled(not wish)
        self.pause.setVisible(running or state == "starting")
        self.pause.setEnabled(running and not wish)
        self.stop.setVisible(state in ACTIVE)
        self.stop.setEnabled((running or state == "paused") and wish != "stop")
        full_tuning = "full" in [training.config.get(f"adapter.{part}") for part in ("planner", "unet", "projectors")]
        self.try_it.setVisible(state == "finished" and not full_tuning)

    def _words(self, training: Training) -> str:
        status = training.status
        if status.wish and status.state in ACTIVE:
            wishes = {"pause": self.tr("Pausing after this step…"), "stop": self.tr("Saving and stopping…")}
            return wishes.get(status.wish, "")
        state = {
            "new": self.tr(
                "Not started yet. Before the first step, the trainer checks that the training fits this computer."
            ),
            "starting": self.tr("Starting the trainer…"),
            "loading": self.tr("Loading the model…"),
            "encoding": self.tr("Preparing pictures: {done} of {total}"),
            "preflight": self.tr("Checking that the training fits this computer…"),
            "running": self.tr("Step {step} of {steps}"),
            "paused": self.tr("Paused at step {step} of {steps}. It still uses memory."),
            "stopped": self.tr("Stopped at step {step} of {steps}"),
            "failed": self.tr("Failed at step {step} of {steps}"),
            "died": self.tr("Interrupted at step {step} of {steps}"),
            "finished": self.tr("All {steps} steps are done. The adapter is available in the app."),
        }[status.state]
        values = {name: getattr(status, name) for name in ("step", "steps", "done", "total")}
        return " · ".join([state.format(**values), *self._figures(training)])

    def _figures(self, training: Training) -> list[str]:
        """Time left and memory, as texts."""
        status, texts = training.status, []
        if status.seconds_left is not None:
            texts.append(self._duration(status.seconds_left))
        if status.memory:
            used, total = gigabytes(status.memory), gigabytes(training.total_memory)
            words = self.tr("{used} of {total} memory") if training.total_memory else self.tr("{used} memory")
            texts.append(words.format(used=used, total=total))
        return texts

    def _duration(self, seconds: float) -> str:
        if seconds < 90:
            return self.tr("{seconds} s left").format(seconds=round(seconds))
        if seconds < 5400:
            return self.tr("{minutes} min left").format(minutes=round(seconds / 60))
        return self.tr("{hours} h left").format(hours=decimal(seconds / 3600, 1))

    def _held_out(self, training: Training) -> str:
        """The latest measurements on held-out pairs."""
        names = {
            "held_out_chain_parse_rate": self.tr("readable plans"),
            "held_out_target_box_iou": self.tr("box overlap"),
            "held_out_position_deviation": self.tr("box distance"),
            "held_out_outside_psnr": self.tr("PSNR outside the boxes (dB)"),
        }
        last = {name: training.curves[name][-1] for name in names if name in training.curves}
        latest = max((step for step, _ in last.values()), default=0)
        text = " · ".join(
            f"{names[name]} {significant(value)}" for name, (step, value) in last.items() if step == latest
        )
        return self.tr("Held-out pairs: {figures}").format(figures=text) if text else ""

    def _draw(self, training: Training) -> None:
        """Shows the samples, if there are new ones."""
        paths = training.samples or ((training.check,) if training.check else ())
        self.samples.setVisible(bool(paths))
        if (training.name, paths) == (self._of, self._samples):
            return
        self._of, self._samples = training.name, paths
        latest, height = paths[-_MOST_SAMPLES:], round(_SAMPLE * self.devicePixelRatioF())

        def show(images: list[QImage]) -> None:
            if paths == self._samples:
                for image in images:
                    image.setDevicePixelRatio(self.devicePixelRatioF())
                names = [self._name(path) for path in latest]
                self.samples.fill(list(zip(images, names, latest, strict=True)))

        self.background.run(lambda say: [scaled(path, height) for path in latest], show)

    def _name(self, path: Path) -> str:
        return self.tr("step {step}").format(step=int(path.stem)) if path.stem.isdigit() else self.tr("before")

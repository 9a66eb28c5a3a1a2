"""What the engine, the files' formats and the doctor say, in the user's language where the words are known.

An error carries its English words with what they name filled in. A known code has the templates of its words here:
what they name is read out of the message and put into the translation. Words that fit no template stay as they are.
"""

from __future__ import annotations

import re
from functools import cache

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from engine.api.chain import Problem
from engine.api.errors import EngineError
from got_desktop.model.figures import decimal

_SIZES = ("size", "free", "needed")
"""What the templates call those of their figures that may have a decimal sign."""


def words(error: EngineError | Problem) -> tuple[str, str]:
    """(message, remedy)"""
    templates = TEMPLATES.get(error.code, ())
    return _said(error.message, templates), _said(error.remedy, templates)


def line(text: str) -> str:
    """A note or a finding, which has no code; of one in several parts, each part."""
    whole = _said(text, _lines())
    return whole if whole != text else "; ".join(_said(part, _lines()) for part in text.split("; "))


@cache
def _lines() -> tuple[object, ...]:
    return (*LINES, *(template for templates in TEMPLATES.values() for template in templates))


def _said(text: str, templates: tuple[object, ...]) -> str:
    for template in map(str, templates):
        found = _pattern(template).fullmatch(text)
        if found:
            values = {name: _figure(name, value) for name, value in found.groupdict().items()}
            return QCoreApplication.translate("Errors", template).format(**values)
    return text


def _figure(name: str, value: str) -> str:
    """A size has the decimal sign of the user's language; what else looks like a figure may be a version or a name."""
    if name not in _SIZES or not re.fullmatch(r"\d+\.\d+", value):
        return value
    return decimal(float(value), len(value.partition(".")[2]))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(template)), re.DOTALL)


TEMPLATES: dict[str, tuple[object, ...]] = {
    "image_not_found": (
        QT_TRANSLATE_NOOP("Errors", "There is no file {path}."),
        QT_TRANSLATE_NOOP("Errors", "Check the name and the folder."),
    ),
    "image_is_folder": (
        QT_TRANSLATE_NOOP("Errors", "{path} is a folder."),
        QT_TRANSLATE_NOOP("Errors", "Name a picture in it."),
    ),
    "image_not_a_file": (
        QT_TRANSLATE_NOOP("Errors", "{path} is not an ordinary file."),
        QT_TRANSLATE_NOOP("Errors", "Name a picture on disk."),
    ),
    "image_file_too_large": (
        QT_TRANSLATE_NOOP("Errors", "{path} is larger than {limit} MiB."),
        QT_TRANSLATE_NOOP("Errors", "Save it compressed."),
    ),
    "image_unreadable": (
        QT_TRANSLATE_NOOP("Errors", "{path} cannot be read: {why}."),
        QT_TRANSLATE_NOOP("Errors", "Check its permissions."),
    ),
    "image_empty": (
        QT_TRANSLATE_NOOP("Errors", "{name} is empty (0 bytes)."),
        QT_TRANSLATE_NOOP("Errors", "Choose another file."),
    ),
    "image_unknown": (
        QT_TRANSLATE_NOOP("Errors", "{name} is not a {kinds} picture."),
        QT_TRANSLATE_NOOP("Errors", "Save it as PNG first."),
        QT_TRANSLATE_NOOP("Errors", "The picture is not here (any more)."),
        QT_TRANSLATE_NOOP("Errors", "Upload it again."),
    ),
    "image_broken": (
        QT_TRANSLATE_NOOP("Errors", "{name} is damaged or incomplete."),
        QT_TRANSLATE_NOOP("Errors", "Get or save the picture again."),
    ),
    "image_too_large": (
        QT_TRANSLATE_NOOP("Errors", "{name} is {width}×{height} pixels, which is more than {limit} megapixels."),
        QT_TRANSLATE_NOOP("Errors", "{name} is more than {limit} megapixels."),
        QT_TRANSLATE_NOOP("Errors", "Scale it down and try again."),
    ),
    "image_too_small": (
        QT_TRANSLATE_NOOP("Errors", "{name} is {width}×{height} pixels; the model needs {least} on each side."),
        QT_TRANSLATE_NOOP("Errors", "Choose a larger picture."),
    ),
    "image_depth": (
        QT_TRANSLATE_NOOP("Errors", "{name} holds 32-bit values."),
        QT_TRANSLATE_NOOP("Errors", "Save it with 8 or 16 bits a channel and try again."),
    ),
    "openraster_type": (
        QT_TRANSLATE_NOOP("Errors", "{name} is no OpenRaster file."),
        QT_TRANSLATE_NOOP("Errors", "Save it as .ora again."),
    ),
    "openraster_doctype": (
        QT_TRANSLATE_NOOP("Errors", "{name} holds a document type."),
        QT_TRANSLATE_NOOP("Errors", "Save it as .ora again."),
    ),
    "openraster_broken": (
        QT_TRANSLATE_NOOP("Errors", "{name} is damaged or no OpenRaster file."),
        QT_TRANSLATE_NOOP("Errors", "Save it again."),
    ),
    "openraster_empty": (
        QT_TRANSLATE_NOOP("Errors", "{name} holds no layer."),
        QT_TRANSLATE_NOOP("Errors", "Save it again."),
    ),
    "output_format": (
        QT_TRANSLATE_NOOP("Errors", "{path} cannot be written: its ending names no format."),
        QT_TRANSLATE_NOOP("Errors", "Use {names}."),
    ),
    "output_is_folder": (
        QT_TRANSLATE_NOOP("Errors", "{path} is a folder."),
        QT_TRANSLATE_NOOP("Errors", "Name a file in it."),
    ),
    "output_not_a_file": (
        QT_TRANSLATE_NOOP("Errors", "{path} is not an ordinary file."),
        QT_TRANSLATE_NOOP("Errors", "Choose another name."),
    ),
    "output_no_folder": (
        QT_TRANSLATE_NOOP("Errors", "There is no folder {path}."),
        QT_TRANSLATE_NOOP("Errors", "Make it first."),
    ),
    "output_unwritable": (
        QT_TRANSLATE_NOOP("Errors", "{path} cannot be written: {why}."),
        QT_TRANSLATE_NOOP("Errors", "Choose another place."),
        QT_TRANSLATE_NOOP("Errors", "Free some space."),
        QT_TRANSLATE_NOOP("Errors", "Choose another folder."),
    ),
    "output_size": (
        QT_TRANSLATE_NOOP("Errors", "{path} cannot hold {width}×{height} pixels ({limit} a side)."),
        QT_TRANSLATE_NOOP("Errors", "Write a PNG instead."),
    ),
    "output_encode": (
        QT_TRANSLATE_NOOP("Errors", "No {suffix} could be made: {why}."),
        QT_TRANSLATE_NOOP("Errors", "Write a PNG instead."),
    ),
    "disk_full": (
        QT_TRANSLATE_NOOP("Errors", "The engine's disk has {free} MB left."),
        QT_TRANSLATE_NOOP("Errors", "Free at least {needed} MB."),
        QT_TRANSLATE_NOOP("Errors", "The engine's disk does not take the picture: {why}."),
        QT_TRANSLATE_NOOP("Errors", "{needed} GB are to be loaded, but only {free} GB are free at {place}."),
        QT_TRANSLATE_NOOP("Errors", "The disk with {path} is full."),
        QT_TRANSLATE_NOOP("Errors", "Free some space."),
        QT_TRANSLATE_NOOP("Errors", "Free some space, or choose a folder on another disk."),
        QT_TRANSLATE_NOOP("Errors", "Free some space and go on; what was loaded is kept."),
    ),
    "instruction_empty": (
        QT_TRANSLATE_NOOP("Errors", "The instruction is empty."),
        QT_TRANSLATE_NOOP("Errors", "The caption is empty."),
        QT_TRANSLATE_NOOP("Errors", "Say what you want to see."),
    ),
    "instruction_too_long": (
        QT_TRANSLATE_NOOP("Errors", "The instruction has {count} characters."),
        QT_TRANSLATE_NOOP("Errors", "The caption has {count} characters."),
        QT_TRANSLATE_NOOP("Errors", "Use at most {limit}."),
    ),
    "selection_outside": (
        QT_TRANSLATE_NOOP("Errors", "The selection reaches beyond the picture of {size} pixels."),
        QT_TRANSLATE_NOOP("Errors", "Select a part of the picture."),
    ),
    "device_unknown": (
        QT_TRANSLATE_NOOP("Errors", "There is no device “{name}” here."),
        QT_TRANSLATE_NOOP("Errors", "Use --device cpu; `got doctor` shows what is there."),
    ),
    "model_unknown": (QT_TRANSLATE_NOOP("Errors", "There is no model “{name}”; there is: {names}."),),
    "adapter_unknown": (
        QT_TRANSLATE_NOOP("Errors", "There is no adapter “{name}”; there is: {names}."),
        QT_TRANSLATE_NOOP("Errors", "Choose one of these."),
    ),
    "chain_empty": (
        QT_TRANSLATE_NOOP("Errors", "The chain is empty."),
        QT_TRANSLATE_NOOP("Errors", "Plan one, or write what the picture shows."),
    ),
    "chain_without_region": (
        QT_TRANSLATE_NOOP("Errors", "No box of the chain can be used: {why}"),
        QT_TRANSLATE_NOOP("Errors", "Mend it, or let the whole picture change."),
    ),
    "plan_without_region": (
        QT_TRANSLATE_NOOP("Errors", "No box of the plan can be used: {why}"),
        QT_TRANSLATE_NOOP("Errors", "Plan first and mend it, or let the whole picture change."),
    ),
    "stray_box_end": (
        QT_TRANSLATE_NOOP("Errors", "A box ends here that never began."),
        QT_TRANSLATE_NOOP("Errors", "Put <|box_start|> before its corners."),
    ),
    "unclosed_box": (
        QT_TRANSLATE_NOOP("Errors", "This box never ends."),
        QT_TRANSLATE_NOOP("Errors", "Put <|box_end|> after its corners."),
    ),
    "unknown_token": (
        QT_TRANSLATE_NOOP("Errors", "{name} has no place in a chain."),
        QT_TRANSLATE_NOOP("Errors", "Delete it."),
    ),
    "broken_corners": (
        QT_TRANSLATE_NOOP("Errors", "“{body}” are not two corners."),
        QT_TRANSLATE_NOOP("Errors", "Write (x1,y1),(x2,y2)."),
    ),
    "out_of_range": (
        QT_TRANSLATE_NOOP("Errors", "“{body}” reaches beyond the picture, and is cut off at its edge."),
        QT_TRANSLATE_NOOP("Errors", "Use 0 to {limit}."),
    ),
    "empty_box": (
        QT_TRANSLATE_NOOP("Errors", "“{body}” has no area in the picture."),
        QT_TRANSLATE_NOOP("Errors", "Put the upper left corner first, both within 0 to {limit}."),
    ),
    "unknown_color": (
        QT_TRANSLATE_NOOP("Errors", "“{color}” is no mask color."),
        QT_TRANSLATE_NOOP("Errors", "Use one of {names}."),
    ),
    "queue_full": (
        QT_TRANSLATE_NOOP("Errors", "{count} jobs are waiting already."),
        QT_TRANSLATE_NOOP("Errors", "Try again in a while."),
    ),
    "out_of_memory": (
        QT_TRANSLATE_NOOP("Errors", "The device's memory is too small for this; now {fits}."),
        QT_TRANSLATE_NOOP("Errors", "Close other programs, choose a smaller size or model, or --device cpu."),
    ),
    "model_too_large": (
        QT_TRANSLATE_NOOP("Errors", "The memory of {name} does not hold this model."),
        QT_TRANSLATE_NOOP("Errors", "Use --device cpu or another model."),
    ),
    "result_not_finite": (
        QT_TRANSLATE_NOOP("Errors", "The plan came out as numbers that are out of range."),
        QT_TRANSLATE_NOOP("Errors", "The picture came out as numbers that are out of range."),
        QT_TRANSLATE_NOOP("Errors", "Use --device cpu; if another model works, this one's files may be damaged."),
    ),
    "weights_unknown": (
        QT_TRANSLATE_NOOP("Errors", "There are no weights “{name}”."),
        QT_TRANSLATE_NOOP("Errors", "Use one of {names}."),
    ),
    "weights_unsupported": (
        QT_TRANSLATE_NOOP("Errors", "The device {device} does not calculate with {name} weights."),
        QT_TRANSLATE_NOOP("Errors", "Set GOT_ENGINE_WEIGHTS to exact, which works everywhere."),
    ),
    "job_quarantined": (
        QT_TRANSLATE_NOOP("Errors", "The engine died {count} times while it worked on this job, so it is left alone."),
        QT_TRANSLATE_NOOP("Errors", "Try a smaller picture or other options; `got doctor` looks at this machine."),
    ),
    "result_not_saved": (
        QT_TRANSLATE_NOOP("Errors", "The result could not be written to the engine's disk: {why}."),
        QT_TRANSLATE_NOOP("Errors", "Fetch it now: it is in memory until the engine ends. Then free some space."),
    ),
    "engine_gone": (
        QT_TRANSLATE_NOOP("Errors", "The engine is gone."),
        QT_TRANSLATE_NOOP("Errors", "The engine ended its stream."),
        QT_TRANSLATE_NOOP("Errors", "Try again; it is started anew."),
        QT_TRANSLATE_NOOP("Errors", "Try again."),
    ),
    "engine_hangs": (
        QT_TRANSLATE_NOOP("Errors", "The engine does not answer."),
        QT_TRANSLATE_NOOP("Errors", "Try again; it is started anew."),
    ),
    "engine_answer_wrong": (
        QT_TRANSLATE_NOOP("Errors", "The engine answered with status {status}."),
        QT_TRANSLATE_NOOP("Errors", "Start it anew."),
    ),
    "engine_other_version": (
        QT_TRANSLATE_NOOP("Errors", "An engine of another version runs."),
        QT_TRANSLATE_NOOP("Errors", "End it with `got engine stop`, or wait."),
    ),
    "engine_start": (
        QT_TRANSLATE_NOOP("Errors", "The engine ended while it started: {last}."),
        QT_TRANSLATE_NOOP("Errors", "`got doctor` says what is wrong with this machine."),
    ),
    "engine_slow": (
        QT_TRANSLATE_NOOP("Errors", "The engine did not serve within {seconds} s."),
        QT_TRANSLATE_NOOP("Errors", "`got doctor` says what is wrong with this machine."),
    ),
    "engine_keeps_crashing": (
        QT_TRANSLATE_NOOP("Errors", "The engine crashed {count} times within {minutes} minutes."),
        QT_TRANSLATE_NOOP("Errors", "`got doctor` says what is wrong with this machine."),
    ),
    "engine_locked": (
        QT_TRANSLATE_NOOP("Errors", "Another program is starting or ending the engine."),
        QT_TRANSLATE_NOOP("Errors", "Try again in a minute."),
    ),
    "unexpected": (
        QT_TRANSLATE_NOOP("Errors", "Something unexpected happened in the engine ({kind})."),
        QT_TRANSLATE_NOOP("Errors", "Something unexpected happened in the engine."),
        QT_TRANSLATE_NOOP("Errors", "Its log has the details; please report it."),
        QT_TRANSLATE_NOOP("Errors", "Its log has the details."),
        QT_TRANSLATE_NOOP("Errors", "Something unexpected happened ({what})."),
        QT_TRANSLATE_NOOP("Errors", "The details are in {path}; please report it."),
        QT_TRANSLATE_NOOP("Errors", "The details could not be kept: {path} cannot be written."),
    ),
    "krita_not_found": (QT_TRANSLATE_NOOP("Errors", "Krita was not found."),),
    "gimp_not_found": (QT_TRANSLATE_NOOP("Errors", "GIMP 3 was not found."),),
    "gimp_too_old": (QT_TRANSLATE_NOOP("Errors", "GIMP 2 was found, but the plug-in needs GIMP 3."),),
    "plugin_not_ours": (
        QT_TRANSLATE_NOOP("Errors", "{path} was not installed by got_desktop."),
        QT_TRANSLATE_NOOP("Errors", "Move it away first."),
    ),
    "plugin_not_written": (QT_TRANSLATE_NOOP("Errors", "Make the folder writable, or use --target."),),
    "download_refused": (
        QT_TRANSLATE_NOOP("Errors", "{url} answered {status}."),
        QT_TRANSLATE_NOOP("Errors", "Accept its terms on its web page, and set HF_TOKEN to your account's token."),
        QT_TRANSLATE_NOOP("Errors", "Download it by hand and import its folder."),
    ),
    "download_broken": (
        QT_TRANSLATE_NOOP("Errors", "{host} cannot be reached ({why})."),
        QT_TRANSLATE_NOOP("Errors", "Check the network and try again; what was loaded is kept."),
    ),
    "download_wrong": (
        QT_TRANSLATE_NOOP(
            "Errors", "{name} is not the file that its publisher lists: its hash differs. It was removed."
        ),
        QT_TRANSLATE_NOOP("Errors", "Start the download again; what else was loaded is kept."),
    ),
    "import_died": (
        QT_TRANSLATE_NOOP("Errors", "The import process ended with status {status}: {words}."),
        QT_TRANSLATE_NOOP("Errors", "Close other programs if memory is short, and import again."),
    ),
    "import_running": (
        QT_TRANSLATE_NOOP("Errors", "Another import writes to {folder}."),
        QT_TRANSLATE_NOOP("Errors", "Wait for its end, or name another folder."),
    ),
    "model_file_broken": (
        QT_TRANSLATE_NOOP("Errors", "{path} cannot be used: {why}."),
        QT_TRANSLATE_NOOP("Errors", "Import or download the model again."),
    ),
    "model_file_missing": (
        QT_TRANSLATE_NOOP("Errors", "{path} is missing."),
        QT_TRANSLATE_NOOP("Errors", "{folder} holds no weights."),
        QT_TRANSLATE_NOOP("Errors", "Download the released model again."),
        QT_TRANSLATE_NOOP("Errors", "It must hold one of {names}."),
    ),
    "model_folder_wrong": (QT_TRANSLATE_NOOP("Errors", "{folder} is not a GoT model: it holds no got.json."),),
    "released_folder_wrong": (
        QT_TRANSLATE_NOOP("Errors", "{folder} has no folder {needed}."),
        QT_TRANSLATE_NOOP("Errors", "Name the folder that holds {names} and {last}."),
    ),
    "checkpoint_refused": (
        QT_TRANSLATE_NOOP("Errors", "{path} {why}; nothing of it was run."),
        QT_TRANSLATE_NOOP("Errors", "Do not trust this file: get the checkpoint from its authors."),
    ),
}
"""By an error's code: its message and remedy, what they name in braces."""

LINES: tuple[object, ...] = (
    # notes
    QT_TRANSLATE_NOOP("Errors", "It has {count} pages; the first is used."),
    QT_TRANSLATE_NOOP("Errors", "It has {count} frames of animation; the first is used."),
    QT_TRANSLATE_NOOP("Errors", "It has {depth} bits a channel; it is read at 8."),
    QT_TRANSLATE_NOOP("Errors", "It is in CMYK; it is read and written as RGB."),
    QT_TRANSLATE_NOOP("Errors", "It is in Lab; it is read and written as RGB."),
    QT_TRANSLATE_NOOP("Errors", "The edit is drawn at {size} and laid over {whole}."),
    QT_TRANSLATE_NOOP(
        "Errors", "No region is marked for the edit, so the whole picture, or the chosen area, will be redrawn."
    ),
    QT_TRANSLATE_NOOP("Errors", "What looks like a control token in the text is read as ordinary text."),
    QT_TRANSLATE_NOOP(
        "Errors",
        "The device's memory was short: from now on planner and UNet take turns in memory."
        " It is drawn again, which takes longer.",
    ),
    QT_TRANSLATE_NOOP(
        "Errors",
        "The device's memory was short: from now on planner and UNet take turns in memory, one guidance branch and one"
        " tile at a time. It is drawn again, which takes longer.",
    ),
    QT_TRANSLATE_NOOP(
        "Errors",
        "The device's memory was short: from now on all of it stays in memory, one guidance branch and one tile at a"
        " time. It is drawn again, which takes longer.",
    ),
    QT_TRANSLATE_NOOP(
        "Errors",
        "The device's memory was short: from now on planner and UNet take turns in memory, one guidance branch and one"
        " tile at a time, and the planner's weights have 8 bits, so its plans may differ a little. It is drawn again,"
        " which takes longer.",
    ),
    QT_TRANSLATE_NOOP(
        "Errors",
        "The device's memory was short: from now on the planner stays on the CPU, one guidance branch and one tile at a"
        " time. It is drawn again, which takes longer.",
    ),
    QT_TRANSLATE_NOOP(
        "Errors",
        "The device's memory was short: from now on all of it works on the CPU, one guidance branch and one tile at a"
        " time. It is drawn again, which takes longer.",
    ),
    QT_TRANSLATE_NOOP(
        "Errors",
        "{name} knows picture-book scenes, as its own samples are; this picture looks like none, so expect little."
        " Other pictures need a larger model, such as GoT-6B.",
    ),
    # findings
    QT_TRANSLATE_NOOP("Errors", "got_desktop {version}, Python {python} on {system}"),
    QT_TRANSLATE_NOOP("Errors", "Install Python 3.11 or newer and set up again."),
    QT_TRANSLATE_NOOP("Errors", "missing: {names}"),
    QT_TRANSLATE_NOOP("Errors", "Set up again with `python bootstrap.py demo`."),
    QT_TRANSLATE_NOOP("Errors", "{size} GB in all"),
    QT_TRANSLATE_NOOP("Errors", "not known on this system"),
    QT_TRANSLATE_NOOP("Errors", "got-mini needs about 3 GB: use a larger machine."),
    QT_TRANSLATE_NOOP("Errors", "{size} GB free in {folder}"),
    QT_TRANSLATE_NOOP("Errors", "Free some space, or work in another folder."),
    QT_TRANSLATE_NOOP("Errors", "Make that folder writable; faults are kept there."),
    QT_TRANSLATE_NOOP("Errors", "{name} draws at {size}"),
    QT_TRANSLATE_NOOP("Errors", "Clone or install the project again."),
    QT_TRANSLATE_NOOP("Errors", "installed in {folder}"),
    QT_TRANSLATE_NOOP("Errors", "not installed in {folder}"),
    QT_TRANSLATE_NOOP("Errors", "out of date in {folder}"),
    QT_TRANSLATE_NOOP("Errors", "not ours in {folder}"),
    QT_TRANSLATE_NOOP("Errors", "`got plugin install {host}` puts it in its place."),
    QT_TRANSLATE_NOOP("Errors", "runs: process {pid}, version {version}, no model loaded"),
    QT_TRANSLATE_NOOP("Errors", "runs: process {pid}, version {version}, {model} loaded: {how}"),
    QT_TRANSLATE_NOOP("Errors", "cpu, 1 thread"),
    QT_TRANSLATE_NOOP("Errors", "cpu, {count} threads"),
    QT_TRANSLATE_NOOP(
        "Errors",
        "No graphics card that PyTorch can use: got-mini works well without, GoT-6B would take many minutes a picture.",
    ),
    QT_TRANSLATE_NOOP("Errors", "torch does not start: {why}"),
    QT_TRANSLATE_NOOP("Errors", "Set up again, with the build for this machine."),
)
"""What is said without a code: notes on a picture or a job, and the doctor's findings."""

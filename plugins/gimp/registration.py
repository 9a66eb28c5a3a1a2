"""The three procedures: their menu entries, what they take and what they give back."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import Gimp, GObject

from engine.api.protocol import FEATHER, GROW, MAX_GROW
from plugins.gimp import procedures

_RW = GObject.ParamFlags.READWRITE
_LARGEST = 2**31 - 1
_MENU = "<Image>/Filters/GoT"
_SCOPES = (("boxes", "Boxes only"), ("spill", "Boxes and spill"), ("whole", "Whole picture"))
_SCALES = (
    ("semantic", "Sema_ntic guidance"),
    ("spatial", "Spatial _guidance"),
    ("reference", "Re_ference guidance"),
)
_DRAWABLES = (
    Gimp.ProcedureSensitivityMask.DRAWABLE
    | Gimp.ProcedureSensitivityMask.DRAWABLES
    | Gimp.ProcedureSensitivityMask.NO_DRAWABLES
)


def _plan(plug_in: Gimp.PlugIn, name: str) -> Gimp.Procedure:
    made = Gimp.ImageProcedure.new(plug_in, name, Gimp.PDBProcType.PLUGIN, procedures.run_plan, None)
    made.set_image_types("*")
    made.set_sensitivity_mask(_DRAWABLES)
    made.set_documentation("Write the plan for an edit", "Gives the chain with its boxes; draws nothing.", name)
    _describe(made)
    _asked(made, "_Instruction", "What should change")
    _model(made)
    _chain_returned(made)
    return made


def _edit(plug_in: Gimp.PlugIn, name: str) -> Gimp.Procedure:
    made = Gimp.ImageProcedure.new(plug_in, name, Gimp.PDBProcType.PLUGIN, procedures.run_edit, None)
    made.set_image_types("*")
    made.set_sensitivity_mask(_DRAWABLES)
    made.set_menu_label("_Edit with instruction…")
    made.add_menu_path(_MENU)
    made.set_documentation(
        "Edit with an instruction, as a new layer with a mask",
        "Plans the edit, or takes the given chain, draws it and adds it as one layer with a layer mask.",
        name,
    )
    _describe(made)
    _asked(made, "_Instruction", "What should change")
    made.add_string_argument("chain", "_Chain", "The plan to draw; empty: it is planned first", "", _RW)
    _model(made)
    _drawing(made)
    scopes = Gimp.Choice.new()
    for number, (value, label) in enumerate(_SCOPES):
        scopes.add(value, number, label, "")
    made.add_choice_argument("scope", "Sc_ope", "What of the picture may change", scopes, "boxes", _RW)
    made.add_double_argument(
        "feather", "Feath_er", "Width of the soft border, as a part of the box's diagonal", 0.0, 1.0, FEATHER, _RW
    )
    made.add_double_argument(
        "grow", "Gro_w", "Pixels around a box that are taken in full before the border", 0.0, MAX_GROW, GROW, _RW
    )
    _chain_returned(made)
    return made


def _generate(plug_in: Gimp.PlugIn, name: str) -> Gimp.Procedure:
    made = Gimp.ImageProcedure.new(plug_in, name, Gimp.PDBProcType.PLUGIN, procedures.run_generate, None)
    made.set_sensitivity_mask(_DRAWABLES | Gimp.ProcedureSensitivityMask.NO_IMAGE)
    made.set_menu_label("_Generate…")
    made.add_menu_path(_MENU)
    made.set_documentation("Draw a new picture", "Plans a picture for the caption and draws it as a new image.", name)
    _describe(made)
    _asked(made, "Ca_ption", "What you want to see")
    made.add_string_argument("chain", "_Chain", "The plan to draw; empty: it is planned first", "", _RW)
    _model(made)
    _drawing(made)
    made.add_int_argument("width", "_Width", "A multiple of 8; 0: the model's own", 0, 4096, 0, _RW)
    made.add_int_argument("height", "_Height", "A multiple of 8; 0: the model's own", 0, 4096, 0, _RW)
    made.add_image_return_value("new-image", "Image", "The new image", False, _RW)
    _chain_returned(made)
    return made


def _describe(made: Gimp.Procedure) -> None:
    made.set_attribution("got_desktop contributors", "MIT licence", "2026")


def _asked(made: Gimp.Procedure, label: str, hint: str) -> None:
    made.add_string_argument("instruction", label, hint, "", _RW)


def _model(made: Gimp.Procedure) -> None:
    made.add_string_argument("model", "_Model", "As `got model list` names it", "got-mini", _RW)
    made.add_string_argument("adapter", "Ada_pter", "An adapter's name, or empty", "", _RW)


def _drawing(made: Gimp.Procedure) -> None:
    made.add_int_argument("seed", "See_d", "The same seed gives the same picture", 0, _LARGEST, 42, _RW)
    made.add_int_argument("steps", "S_teps", "0: the model's own number", 0, 1000, 0, _RW)
    for scale, label in _SCALES:
        made.add_double_argument(scale, label, "How hard it pulls; below 0: the model's own", -1.0, 100.0, -1.0, _RW)


def _chain_returned(made: Gimp.Procedure) -> None:
    made.add_string_return_value("chain-drawn", "Chain", "The plan, with its boxes", "", _RW)


PROCEDURES: dict[str, Callable[[Gimp.PlugIn, str], Gimp.Procedure]] = {
    "got-edit": _edit,
    "got-plan": _plan,
    "got-generate": _generate,
}

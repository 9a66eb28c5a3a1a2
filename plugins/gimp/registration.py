"""The three procedures: their menu entries, what they take and what they give back."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import Gimp, GObject

from engine.api.language import translate
from engine.api.protocol import EditOptions, GenerateOptions
from plugins.gimp import arguments, procedures

_RW = GObject.ParamFlags.READWRITE
_MENU = "<Image>/Filters/GoT"
_DRAWABLES = (
    Gimp.ProcedureSensitivityMask.DRAWABLE
    | Gimp.ProcedureSensitivityMask.DRAWABLES
    | Gimp.ProcedureSensitivityMask.NO_DRAWABLES
)


def _plan(plug_in: Gimp.PlugIn, name: str) -> Gimp.Procedure:
    made = Gimp.ImageProcedure.new(plug_in, name, Gimp.PDBProcType.PLUGIN, procedures.run_plan, None)
    made.set_image_types("*")
    made.set_sensitivity_mask(_DRAWABLES)
    made.set_documentation(
        translate("Write the plan for an edit"), translate("Returns the chain with its boxes; draws nothing."), name
    )
    _describe(made)
    _asked(made, translate("_Instruction"), translate("What should change"))
    _model(made)
    _chain_returned(made)
    return made


def _edit(plug_in: Gimp.PlugIn, name: str) -> Gimp.Procedure:
    made = Gimp.ImageProcedure.new(plug_in, name, Gimp.PDBProcType.PLUGIN, procedures.run_edit, None)
    made.set_image_types("*")
    made.set_sensitivity_mask(_DRAWABLES)
    made.set_menu_label(translate("_Edit with instruction…"))
    made.add_menu_path(_MENU)
    made.set_documentation(
        translate("Edit by instruction; the result is a new layer with a mask"),
        translate("Plans the edit unless a chain is given, draws it and adds it as one layer with a layer mask."),
        name,
    )
    _describe(made)
    _asked(made, translate("_Instruction"), translate("What should change"))
    made.add_string_argument(
        "chain", translate("_Chain"), translate("The chain to draw; if empty, one is planned first"), "", _RW
    )
    _model(made)
    arguments.add(made, EditOptions)
    _chain_returned(made)
    return made


def _generate(plug_in: Gimp.PlugIn, name: str) -> Gimp.Procedure:
    made = Gimp.ImageProcedure.new(plug_in, name, Gimp.PDBProcType.PLUGIN, procedures.run_generate, None)
    made.set_sensitivity_mask(_DRAWABLES | Gimp.ProcedureSensitivityMask.NO_IMAGE)
    made.set_menu_label(translate("_Generate…"))
    made.add_menu_path(_MENU)
    made.set_documentation(
        translate("Draw a new picture"), translate("Plans a picture for the caption and draws it as a new image."), name
    )
    _describe(made)
    _asked(made, translate("Ca_ption"), translate("What you want to see"))
    made.add_string_argument(
        "chain", translate("_Chain"), translate("The chain to draw; if empty, one is planned first"), "", _RW
    )
    _model(made)
    arguments.add(made, GenerateOptions)
    made.add_image_return_value("new-image", translate("Image"), translate("The new image"), False, _RW)
    _chain_returned(made)
    return made


def _describe(made: Gimp.Procedure) -> None:
    made.set_attribution("got_desktop contributors", "MIT licence", "2026")


def _asked(made: Gimp.Procedure, label: str, hint: str) -> None:
    made.add_string_argument("instruction", label, hint, "", _RW)


def _model(made: Gimp.Procedure) -> None:
    made.add_string_argument(
        "model", translate("_Model"), translate("A name listed by `got model list`"), "got-mini", _RW
    )
    made.add_string_argument("adapter", translate("Ada_pter"), translate("Name of an adapter, or empty"), "", _RW)


def _chain_returned(made: Gimp.Procedure) -> None:
    made.add_string_return_value("chain-drawn", translate("Chain"), translate("The plan, with its boxes"), "", _RW)


PROCEDURES: dict[str, Callable[[Gimp.PlugIn, str], Gimp.Procedure]] = {
    "got-edit": _edit,
    "got-plan": _plan,
    "got-generate": _generate,
}

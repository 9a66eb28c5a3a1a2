"""Registers the three procedures: their menu entries, arguments and return values."""

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
    procedure = Gimp.ImageProcedure.new(plug_in, name, Gimp.PDBProcType.PLUGIN, procedures.run_plan, None)
    procedure.set_image_types("*")
    procedure.set_sensitivity_mask(_DRAWABLES)
    procedure.set_documentation(
        translate("Write the plan for an edit"), translate("Returns the chain with its boxes; draws nothing."), name
    )
    _describe(procedure)
    _add_instruction(procedure, translate("_Instruction"), translate("What should change"))
    _add_model(procedure)
    _add_chain_result(procedure)
    return procedure


def _edit(plug_in: Gimp.PlugIn, name: str) -> Gimp.Procedure:
    procedure = Gimp.ImageProcedure.new(plug_in, name, Gimp.PDBProcType.PLUGIN, procedures.run_edit, None)
    procedure.set_image_types("*")
    procedure.set_sensitivity_mask(_DRAWABLES)
    procedure.set_menu_label(translate("_Edit with instruction…"))
    procedure.add_menu_path(_MENU)
    procedure.set_documentation(
        translate("Edit by instruction; the result is a new layer with a mask"),
        translate("Plans the edit unless a chain is given, draws it and adds it as one layer with a layer mask."),
        name,
    )
    _describe(procedure)
    _add_instruction(procedure, translate("_Instruction"), translate("What should change"))
    _add_chain(procedure)
    _add_model(procedure)
    arguments.add(procedure, EditOptions)
    _add_chain_result(procedure)
    return procedure


def _generate(plug_in: Gimp.PlugIn, name: str) -> Gimp.Procedure:
    procedure = Gimp.ImageProcedure.new(plug_in, name, Gimp.PDBProcType.PLUGIN, procedures.run_generate, None)
    procedure.set_sensitivity_mask(_DRAWABLES | Gimp.ProcedureSensitivityMask.NO_IMAGE)
    procedure.set_menu_label(translate("_Generate…"))
    procedure.add_menu_path(_MENU)
    procedure.set_documentation(
        translate("Draw a new picture"), translate("Plans a picture for the caption and draws it as a new image."), name
    )
    _describe(procedure)
    _add_instruction(procedure, translate("Ca_ption"), translate("What you want to see"))
    _add_chain(procedure)
    _add_model(procedure)
    arguments.add(procedure, GenerateOptions)
    procedure.add_image_return_value("new-image", translate("Image"), translate("The new image"), False, _RW)
    _add_chain_result(procedure)
    return procedure


def _describe(procedure: Gimp.Procedure) -> None:
    procedure.set_attribution("got_desktop contributors", "MIT license", "2026")


def _add_instruction(procedure: Gimp.Procedure, label: str, hint: str) -> None:
    procedure.add_string_argument("instruction", label, hint, "", _RW)


def _add_chain(procedure: Gimp.Procedure) -> None:
    procedure.add_string_argument(
        "chain", translate("_Chain"), translate("The chain to draw; if empty, one is planned first"), "", _RW
    )


def _add_model(procedure: Gimp.Procedure) -> None:
    procedure.add_string_argument(
        "model", translate("_Model"), translate("A name listed by `got model list`"), "got-mini", _RW
    )
    procedure.add_string_argument("adapter", translate("Ada_pter"), translate("Name of an adapter, or empty"), "", _RW)


def _add_chain_result(procedure: Gimp.Procedure) -> None:
    procedure.add_string_return_value("chain-drawn", translate("Chain"), translate("The plan, with its boxes"), "", _RW)


PROCEDURES: dict[str, Callable[[Gimp.PlugIn, str], Gimp.Procedure]] = {
    "got-edit": _edit,
    "got-plan": _plan,
    "got-generate": _generate,
}

#!/usr/bin/env python3
"""GoT in GIMP 3: Filters ▸ GoT, and the procedures got-edit, got-plan and got-generate for scripts."""

import sys
from pathlib import Path

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")

from gi.repository import Gimp, GLib  # noqa: E402

from engine.api import language  # noqa: E402
from plugins.gimp import registration  # noqa: E402

language.choose(Path(registration.__file__).parent / "translations", GLib.get_language_names())


class Got(Gimp.PlugIn):
    """The functions that GIMP calls at its start."""

    def do_set_i18n(self, name: str) -> bool:
        return False

    def do_query_procedures(self) -> list[str]:
        return list(registration.PROCEDURES)

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        return registration.PROCEDURES[name](self, name)


Gimp.main(Got.__gtype__, sys.argv)

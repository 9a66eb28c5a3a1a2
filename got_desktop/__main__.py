"""The program `got`: opens the window without arguments or with a picture file, and else runs a command."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from engine.api.formats import OPENRASTER, READ_SUFFIXES


def has_display() -> bool:
    """Whether a window can be opened on this machine."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def files_to_open(arguments: list[str]) -> list[Path] | None:
    """The files to open in the window; None if the arguments are a command."""
    if not arguments:
        return [] if has_display() else None
    paths = [Path(name) for name in arguments if not name.startswith("-")]
    pictures = [path for path in paths if path.suffix.lower() in (OPENRASTER, *READ_SUFFIXES) or path.is_file()]
    return paths if len(pictures) == len(arguments) else None


def main() -> None:
    files = files_to_open(sys.argv[1:])
    if files is None:
        from got_desktop import cli  # imported here so that the window does not wait for it

        return cli.main()
    if not has_display():
        sys.exit("got: No display is available to open a window. Use `got edit` or `got plan`.")
    try:
        from got_desktop import app
    except ImportError as error:
        sys.exit(f"got: The window cannot start ({error}). Set it up with `python bootstrap.py app`.")
    sys.exit(app.run(files))


if __name__ == "__main__":
    main()

"""The pages beside the editor; `got_desktop.ui.registry` says how a page comes into the window."""

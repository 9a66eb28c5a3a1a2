"""The pages other than the editor; `got_desktop.ui.registry` explains how to add one."""

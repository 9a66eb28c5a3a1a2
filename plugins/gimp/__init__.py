"""The plug-in for GIMP 3; GIMP starts `got_gimp.py`, a process for each call."""

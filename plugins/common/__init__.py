"""What the plug-ins of Krita and GIMP share: boxes, the engine's jobs, and how they are told. Standard library only."""

"""What the Krita and GIMP plug-ins share: boxes, the engine's jobs and texts for the user. Standard library only."""

"""The door: what programs that talk to the engine need. Standard library only, so that plug-ins can carry a copy."""

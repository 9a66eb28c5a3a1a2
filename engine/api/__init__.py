"""The engine's public API: what client programs need. Standard library only, so that plug-ins can carry a copy."""

"""The planner: writes GoT chains, and reads existing ones."""

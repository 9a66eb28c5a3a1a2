"""Turns pairs in any known format into a training folder, with the edit region and the GoT chain of each pair."""

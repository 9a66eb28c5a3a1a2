"""Krita starts, shows its window and quits."""


def steps(note):
    yield 0

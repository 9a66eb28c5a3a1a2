"""A client that prints the engine's pid and holds its lease until its input ends."""

import sys

from engine.api.launch import connect

if __name__ == "__main__":
    with connect("starter") as engine:
        print(engine.client.runtime.pid, flush=True)
        sys.stdin.read()

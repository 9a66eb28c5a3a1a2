"""HTTP on the loopback: who may come in, what can be asked, how the engine starts and goes."""

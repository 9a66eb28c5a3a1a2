"""Real key presses in a real Krita: they do what they should in the docker and never reach the painter's picture."""

from tests.hosts.krita import Krita


def test_the_dockers_keys_stay_in_the_docker(krita: Krita):
    notes = krita.run("keys")
    assert {name: what for name, what in notes.items() if name.startswith("krita")} == {}
    assert notes["preview"] == [[101, 110, 400, 410], [[500, 500, 900, 900]]]
    assert notes["mouse"] == [True, [500, 500, 900, 900], 0, 1]
    assert notes["list"] == [1, [[100, 100, 400, 400]]]
    assert notes["instruction"] == "replace the pink "
    assert notes["chain"] == "hange.<|im_gen_start"
    assert notes["numbers"] == [24, 24]
    assert notes["enter"] == [True] * 5

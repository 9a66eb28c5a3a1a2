"""A plan belongs to its words and to its document, in a real Krita; and the docker is seen at its first start."""

from tests.hosts.krita import Krita


def test_a_plan_belongs_to_its_words_and_to_its_document(krita: Krita):
    notes = krita.run("origin")
    print(notes)

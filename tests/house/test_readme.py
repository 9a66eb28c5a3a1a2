"""The README agrees with the code."""

import re
from pathlib import Path

import pytest

import bootstrap
from engine.api import errors
from got_desktop.failure import EXIT_CODES


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


def test_the_two_commands_come_first_and_are_the_only_ones(readme: str):
    first_block = readme.split("```")[1].split("\n", 1)[1]
    assert re.findall(r"^python bootstrap\.py (\w+)", first_block, re.MULTILINE) == ["demo", "test"]
    assert set(re.findall(r"bootstrap\.py (\w+)", readme)) == {"demo", "test"}
    assert {"demo", "test"} < set(bootstrap.COMMANDS)


def test_the_table_of_exit_codes_is_the_codes(readme: str):
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", readme, re.MULTILINE)}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.EngineError)]
    assert codes == set(EXIT_CODES)
    assert {kind.exit_code for kind in kinds} <= codes


def test_every_link_to_a_file_leads_to_one(root: Path):
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "changes").glob("*.md")]
    assert len(pages) > 4
    broken = [
        f"{page.relative_to(root)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if not target.startswith(("http", "mailto:")) and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_folder_that_the_map_names_is_there(root: Path):
    tree = (root / "AGENTS.md").read_text(encoding="utf-8").split("```")[1]
    names = re.findall(r"^([\w.-]+/?)\s", tree.split("\n", 1)[1], re.MULTILINE)
    assert "engine/" in names
    assert [name for name in names if not (root / name).exists()] == []

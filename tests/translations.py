"""The catalog of messages in errors, notes and plug-ins: collects the English templates, compares and compiles.

`python -m tests.translations` updates `resources/translations` from the code: new templates are added to each .po
without a translation, unused ones are removed, and the .mo is compiled. Add the missing translations and run it again.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from engine.api.drawing import EditOptions, GenerateOptions
from engine.api.options import options_of

ROOT = Path(__file__).resolve().parents[1]
LANGUAGE = ROOT / "engine" / "api" / "language.py"
OPTIONS = ROOT / "engine" / "api" / "options.py"
FOLDER = ROOT / "resources" / "translations"
LANGUAGES = ("de",)
PACKAGES = ("engine", "got_desktop", "plugins", "training")
ERRORS = ("EngineError", "RequestError", "ImageError", "ModelError", "ChainError", "OutputError", "EngineUnavailable")
ERRORS += ("NotFound", "Busy", "OutOfMemory")
TEMPLATE_ARGUMENTS = dict.fromkeys(ERRORS, (1, 2)) | {"Note.of": (1,), "translate": (0,), "language.translate": (0,)}
DECIMAL_SIGN = "."
"""Callables that take templates, and the positions of the templates among their arguments."""
_DATE = datetime(2026, 1, 1, tzinfo=UTC)
"""Date of every catalog: the same entries give the same files."""
_HEADING = """msgid ""
msgstr ""
"Project-Id-Version: got_desktop\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """A source file, its constants, and those of its functions that forward templates."""

    path: Path
    template_arguments: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @cached_property
    def constants(self) -> dict[str, ast.expr]:
        """Values assigned to names at the module's level."""
        assigned = (node for node in self.tree.body if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value)
        targets = ((node.targets[0] if isinstance(node, ast.Assign) else node.target, node.value) for node in assigned)
        return {target.id: value for target, value in targets if isinstance(target, ast.Name) and value is not None}

    @cached_property
    def imports(self) -> dict[str, Path]:
        """Imported name -> the project file that it comes from."""
        result = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                path = ROOT / (node.module.replace(".", "/") + ".py")
                result |= {alias.asname or alias.name: path for alias in node.names if path.is_file()}
        return result

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))


class Sources:
    """All modules; `templates` and `wrong` are the results."""

    def __init__(self, packages: tuple[str, ...] = PACKAGES) -> None:
        files = (file for name in packages for file in sorted((ROOT / name).rglob("*.py")))
        self.modules = {file: Module(file) for file in files}
        self.templates: dict[str, list[str]] = {DECIMAL_SIGN: ["engine/api/language.py"]}
        """English template -> the files that use it."""
        self.wrong: list[str] = []
        """Calls whose template is not a literal."""
        for kind in (EditOptions, GenerateOptions):
            for text in (text for option in options_of(kind) for text in option.texts):
                self.templates[text] = ["engine/api/drawing.py"]
        for model in sorted((ROOT / "resources" / "models").glob("*/got.json")):
            familiar = json.loads(model.read_text(encoding="utf-8"))["familiar"]
            self.templates[familiar["pictures"]] = [str(model.relative_to(ROOT))]
        while any([self._find_forwarding(module) for module in self.modules.values()]):
            pass
        for module in self.modules.values():
            for call, function in _calls(module.tree):
                self._read(module, call, function)

    def _template_arguments(self, module: Module, call: ast.Call) -> tuple[int, ...]:
        name = ast.unparse(call.func)
        if name == "translate" and module.imports.get(name) != LANGUAGE:  # Qt's translate
            return ()
        if name == "super().__init__" and call.args and isinstance(call.args[0], ast.Constant):
            return TEMPLATE_ARGUMENTS["EngineError"]  # an error with a fixed code
        positions = module.template_arguments.get(name) or TEMPLATE_ARGUMENTS.get(name)
        if positions is None and name in module.imports and module.imports[name] in self.modules:
            positions = self.modules[module.imports[name]].template_arguments.get(name)
        return positions or ()

    def _find_forwarding(self, module: Module) -> bool:
        """Whether another function was found that forwards one of its parameters as a template."""
        before = dict(module.template_arguments)
        for call, function in _calls(module.tree):
            if function is None or function.name == "__init__":
                continue
            names = _parameters(function)
            method = names[:1] in (["self"], ["cls"])
            names = names[method:]
            names_of_templates = [node.id for node in self._templates_of(module, call) if isinstance(node, ast.Name)]
            positions = {names.index(name) for name in names_of_templates if name in names}
            if positions:
                name = f"self.{function.name}" if method else function.name
                module.template_arguments[name] = tuple(
                    sorted(positions | set(module.template_arguments.get(name, ())))
                )
        return module.template_arguments != before

    def _templates_of(self, module: Module, call: ast.Call) -> list[ast.expr]:
        return [call.args[place] for place in self._template_arguments(module, call) if place < len(call.args)]

    def _read(self, module: Module, call: ast.Call, function: Function | None) -> None:
        parameters = _parameters(function) if function else []
        for node in self._templates_of(module, call):
            texts = self._texts(module, node)
            if texts is None:
                if not _is_one_of(node, parameters):
                    self.wrong.append(f"{module.name}:{node.lineno}: {ast.unparse(node)}")
                continue
            for text in filter(_has_words, texts):
                files = self.templates.setdefault(text, [])
                files += [module.name] * (module.name not in files)

    def _texts(self, module: Module, node: ast.expr) -> list[str] | None:
        """The possible literal values of an expression. None: it can have other values."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [node.value]
        if isinstance(node, ast.Attribute) and module.path == OPTIONS:
            return []  # part of a declaration, whose texts are listed already
        if isinstance(node, ast.IfExp):
            return _joined(self._texts(module, node.body), self._texts(module, node.orelse))
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            table = module.constants.get(node.value.id)
            if isinstance(table, ast.Dict):
                return _joined(*(self._texts(module, value) for value in table.values))
        if isinstance(node, ast.Name):
            if node.id in module.constants:
                return self._texts(module, module.constants[node.id])
            source = self.modules.get(module.imports.get(node.id, module.path))
            if source is not None and source is not module:
                return self._texts(source, node)
        return None


def _has_words(template: str) -> bool:
    """Whether there is anything to translate: a template with fields only is the same in every language."""
    return any(character.isalpha() for character in re.sub(r"\{[^}]*\}", "", template))


def _parameters(function: Function) -> list[str]:
    return [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]


def _is_one_of(node: ast.expr, names: list[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _joined(*texts: list[str] | None) -> list[str] | None:
    return None if None in texts else [text for part in texts for text in part or ()]


def _calls(node: ast.AST, function: Function | None = None) -> Iterator[tuple[ast.Call, Function | None]]:
    """All calls, each with the function that contains it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, function
        yield from _calls(child, child if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) else function)


def po_file(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "got.po"


def read(language: str) -> Catalog:
    with po_file(language).open("rb") as file:
        return read_po(file, locale=language)


def update(language: str, templates: dict[str, list[str]]) -> list[str]:
    """Writes .po and .mo. Returns the templates that have no translation yet."""
    path = po_file(language)
    old = read(language) if path.exists() else Catalog(locale=language)
    new = Catalog(locale=language, project="got_desktop", creation_date=_DATE, revision_date=_DATE, fuzzy=False)
    for template, files in templates.items():
        entry = old.get(template)
        new.add(template, entry.string if entry else "", [(file, 0) for file in files])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(_HEADING.format(language=language).encode())
        write_po(file, new, width=120, include_lineno=False, omit_header=True)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, new)
    return [str(message.id) for message in new if message.id and not message.string]


def main() -> None:
    sources = Sources()
    for line in sources.wrong:
        print(f"not a literal template: {line}")
    for language in LANGUAGES:
        for template in update(language, sources.templates):
            print(f"{language}: to translate: {template}")


if __name__ == "__main__":
    main()

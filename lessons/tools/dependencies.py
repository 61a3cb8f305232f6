"""What a lesson runs besides its own cells: the files of helpers that it imports or names.

A worked edition is executed anew when one of them changes, and only then. They are found by
reading code, never by running it.
"""

import ast
import hashlib
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager

from lessons.tools.dialect import LessonError, LessonSource
from lessons.tools.editions import HASH_LENGTH

_MODULE = re.compile(r"helpers(\.\w+)+")
_MODULES_OF = re.compile(
    r"(helpers(\.\w+)+)\."
)  # begins a name that is put together: f"helpers.x.{name}"
_EXERCISES_OF_A_LESSON = re.compile(r"lesson_(\d\d)")
_IMPORTS_HELPERS = re.compile(r"^\s*(?:from|import) helpers\b", re.MULTILINE)
# Relative names only: a string such as "/" must not lead out of helpers.
_FILE = re.compile(r"(?:[\w-]+/)*[\w.-]+\.\w+")
_FOLDER = re.compile(r"[\w-]+(?:/[\w-]+)*")
_BESIDE = {"with_name", "joinpath"}  # Path's methods whose arguments name files beside a module


@dataclass(slots=True)
class _Asked:
    """What a piece of code asks for: files, and packages out of which it imports by name."""

    files: set[Path] = field(default_factory=set)
    packages: set[Path] = field(default_factory=set)

    def add(self, other: "_Asked") -> None:
        self.files |= other.files
        self.packages |= other.packages


class Dependencies:
    """The files of one course's helpers that each of its lessons depends on."""

    def __init__(self, root: Path):
        self.root = root
        self._helpers = root / "helpers"
        # A module is read once, whichever lessons need it.
        self._asked_by = cache(self._read_module)
        self._home = cache(self._read_home)

    def hash(self, lesson: LessonSource) -> str:
        """A hash of the content of these files. Raises LessonError as `files` does."""
        digest = hashlib.sha256()
        for path in self.files(lesson):
            content = path.read_bytes().replace(b"\r\n", b"\n")
            name = path.relative_to(self.root).as_posix()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()[:HASH_LENGTH]

    def files(self, lesson: LessonSource) -> list[Path]:
        """The files that a lesson's worked edition depends on, sorted.

        Raises LessonError that names the cell or the module where code cannot be parsed, or imports
        from helpers what is not there.
        """
        number = lesson.path.stem[:2]
        todo: list[Path] = []
        for cell in lesson.cells:
            if cell.kind == "code":
                where = f"{lesson.path.name}, cell {cell.id!r}"
                asked = self._read(_parsed_cell(where, cell.worked), where)
                todo += _one_by_one(asked, number)
        found: set[Path] = set()
        while todo:
            path = todo.pop()
            if path not in found:
                found.add(path)
                if path.suffix == ".py":
                    todo += _one_by_one(self._asked_by(path), number)
        return sorted(found)

    def _read_module(self, path: Path) -> _Asked:
        if path == self._helpers / "__init__.py":
            return _Asked()  # it loads each name when that is first used, so each is followed apart
        where = path.relative_to(self.root).as_posix()
        return self._read(_parsed(where, path.read_text(encoding="utf-8")), where, path)

    def _read(self, tree: ast.AST, where: str, path: Path | None = None) -> _Asked:
        """What code asks for; `path` is its file, beside which it may name others."""
        asked = _Asked()
        for node in _nodes(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    asked.files |= self._imported(alias.name, where)
            elif isinstance(node, ast.ImportFrom):
                asked.files |= self._imported_from(node, where, path)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                asked.add(self._named(node.value, where, path))
            elif path:
                asked.files |= _beside(node, path.parent)
        return asked

    def _imported(self, module: str, where: str) -> set[Path]:
        if module == "helpers":
            return self._public(where, list(self._home()))
        return self._module(module, where) if module.startswith("helpers.") else set()

    def _imported_from(self, node: ast.ImportFrom, where: str, path: Path | None) -> set[Path]:
        module = node.module or ""
        if node.level and path:
            package = path.relative_to(self.root).parts[: -node.level]
            module = ".".join(filter(None, (*package, module)))
        names = [alias.name for alias in node.names]
        if module == "helpers":
            return self._public(where, names)
        if not module.startswith("helpers."):
            return set()
        found = self._module(module, where)
        for name in names:
            if self._file_of(f"{module}.{name}"):
                found |= self._module(f"{module}.{name}", where)
        return found

    def _public(self, where: str, names: list[str]) -> set[Path]:
        """Names imported from helpers itself, each with the module where it is at home."""
        home = self._home()
        found = {path for path in [self._helpers / "__init__.py"] if path.exists()}
        for name in home if names == ["*"] else names:
            found |= self._module(f"helpers.{home.get(name, name)}", where)
        return found

    def _read_home(self) -> dict[str, str]:
        """The public names of helpers, and the module of each."""
        path = self._helpers / "__init__.py"
        if not path.exists():
            return {}
        for node in _parsed("helpers/__init__.py", path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOME":
                return ast.literal_eval(node.value)
        return {}

    def _module(self, module: str, where: str) -> set[Path]:
        """A module's file with those of the packages around it. Raises LessonError."""
        file = self._file_of(module)
        if file is None:
            raise LessonError(f"{where} imports {module}, and there is no such module")
        around = [folder / "__init__.py" for folder in file.parents if self.root in folder.parents]
        return {path for path in (file, *around) if path.is_file()}

    def _file_of(self, module: str) -> Path | None:
        place = self.root.joinpath(*module.split("."))
        for path in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if path.is_file():
                return path
        return place / "__init__.py" if place.is_dir() else None

    def _named(self, text: str, where: str, path: Path | None) -> _Asked:
        """What a string asks for: a module to run, a package to import from, a file, or code."""
        asked = _Asked()
        if _MODULE.fullmatch(text) and self._file_of(text):
            asked.files = self._module(text, where)
            main = self.root.joinpath(*text.split("."), "__main__.py")
            asked.files |= {main} if main.is_file() else set()
        elif begun := _MODULES_OF.fullmatch(text):
            asked.packages = {self.root.joinpath(*begun[1].split("."))}
        elif _IMPORTS_HELPERS.search(text):
            try:
                asked = self._read(ast.parse(textwrap.dedent(text)), where)
            except SyntaxError:
                pass  # words that only look like code
        elif path and _FILE.fullmatch(text):
            asked.files = {file for file in [path.parent / text] if file.is_file()}
        return asked


def _one_by_one(asked: _Asked, number: str) -> Iterator[Path]:
    """Every file asked for; of the modules that declare exercises only this lesson's own."""
    yield from asked.files
    for package in asked.packages:
        for path in package.glob("*.py"):
            exercises = _EXERCISES_OF_A_LESSON.fullmatch(path.stem)
            if exercises is None or exercises[1] == number:
                yield path


def _parsed_cell(where: str, source: str) -> ast.Module:
    """A cell's code as IPython would run it, magics and all; `await` at the top parses as it is."""
    return _parsed(where, TransformerManager().transform_cell(source))


def _parsed(where: str, source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise LessonError(f"{where} is not Python: line {error.lineno}: {error.msg}") from None


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node of a tree but docstrings, and what only a type checker imports."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            todo += node.orelse
            continue
        yield node
        todo += ast.iter_child_nodes(node)


def _beside(node: ast.AST, folder: Path) -> set[Path]:
    """The files in folders that code names beside itself, as in Path(__file__).parent / "steps"."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        names = [node.right]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        names = node.args if node.func.attr in _BESIDE else []
    else:
        return set()
    values = [name.value for name in names if isinstance(name, ast.Constant)]
    texts = [value for value in values if isinstance(value, str)]  # and not the 2 of a / 2
    places = [folder / text for text in texts if _FOLDER.fullmatch(text)]
    return {
        path
        for place in places
        if place.is_dir()
        for path in place.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

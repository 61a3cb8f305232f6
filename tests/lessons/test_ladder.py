"""No exercise needs what no cell has shown: the ladder has every rung.

What counts is what a beginner could not guess: names that are imported, attributes and methods,
keyword arguments, and syntax that is special to this course. The methods of Python's own types,
such as list.append, are known.
"""

import ast
import builtins

import pytest

from lessons.tools.dialect import read
from tests.lessons.teaching import LESSONS, each_rewritten

_PYTHONS_TYPES = (str, bytes, list, dict, set, tuple, int, float, object, BaseException)
KNOWN = {name for of in _PYTHONS_TYPES for name in dir(of)} | set(dir(builtins))
# What a name is called with is known where the built-in function is.
KNOWN_KEYWORDS = {"key", "reverse", "default", "start", "sep", "end", "strict"}
SYNTAX = {
    ast.AsyncFunctionDef: "async def",
    ast.AsyncFor: "async for",
    ast.AsyncWith: "async with",
    ast.Await: "await",
    ast.With: "with",
    ast.TryStar: "except*",
    ast.Yield: "yield",
    ast.YieldFrom: "yield from",
    ast.Nonlocal: "nonlocal",
    ast.Global: "global",
    ast.Lambda: "lambda",
    ast.NamedExpr: ":=",
    ast.Match: "match",
}


def needs(code):
    """What a piece of code uses, in words."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute):
            found.add(f".{node.attr}")
        elif isinstance(node, ast.keyword) and node.arg:
            found.add(f"{node.arg}=")
        elif isinstance(node, ast.ImportFrom):
            found |= {f"import {alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {f"import {alias.name}" for alias in node.names}
        if isinstance(node, ast.Try) and node.finalbody:
            found.add("finally")
        if isinstance(node, ast.comprehension) and node.is_async:
            found.add("async for")
        if type(node) in SYNTAX:
            found.add(SYNTAX[type(node)])
    return found


def is_known(need):
    """Whether a Python programmer knows it who has never written anything concurrent."""
    if need.startswith("."):
        return need[1:] in KNOWN
    return need.endswith("=") and need[:-1] in KNOWN_KEYWORDS


def shown(cell):
    """What a code cell shows to a learner who solves nothing: an exercise's head counts."""
    if "solution" in cell.tags:
        return set()
    code = cell.learners
    if "exercise" in cell.tags:
        code = code.replace('raise NotImplementedError("your turn")', "pass")
    try:
        return needs(code)
    except SyntaxError:  # a cell that shows a SyntaxError, or a magic
        return set()


def missing(lesson):
    """(exercise, what its solution uses and no cell before it shows) for each exercise."""
    so_far = set()
    for path in LESSONS[: LESSONS.index(lesson)]:
        for cell in read(path).cells:
            if cell.kind == "code":
                so_far |= shown(cell)
    for cell in read(lesson).cells:
        if cell.kind != "code":
            continue
        so_far |= shown(cell)
        if "exercise" in cell.tags:
            needed = needs(cell.worked)
            # An import is shown by a use of the name, too: `time.sleep` shows `import time`.
            lacking = {need for need in needed - so_far if not is_known(need)}
            if lacking:
                yield cell.id, sorted(lacking)


@each_rewritten
def test_what_a_solution_uses_was_shown_before(lesson):
    """In a code cell of this lesson or of an earlier one that is not itself a solution."""
    assert list(missing(lesson)) == []


@pytest.mark.parametrize(
    ("code", "need"),
    [
        ("pool.submit(ask)", ".submit"),
        ("TCPConnector(limit=10)", "limit="),
        ("from asyncio import Lock", "import Lock"),
        ("async def f():\n    async for x in y: pass", "async for"),
        ("try:\n    pass\nfinally:\n    pass", "finally"),
    ],
)
def test_what_a_beginner_could_not_guess_is_seen(code, need):
    """Methods, keywords, imports and syntax."""
    assert need in needs(code) and not is_known(need)


def test_pythons_own_methods_are_known():
    """Nobody has to be shown list.append or sorted(key=...)."""
    assert is_known(".append") and is_known(".items") and is_known("key=")

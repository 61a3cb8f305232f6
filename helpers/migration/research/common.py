"""What no step of the migration changes: tables, requests, arguments, and what is printed."""

import argparse
import zlib
from collections.abc import Sequence
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sources (question TEXT, title TEXT, PRIMARY KEY (question, title));
"""
ANSWER = "INSERT OR REPLACE INTO answers VALUES (?, ?)"
SOURCE = "INSERT OR REPLACE INTO sources VALUES (?, ?)"


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Server, database and questions from the command line, or from `argv`.

    Ends the program with a message where they are wrong.
    """
    parser = argparse.ArgumentParser(
        description="Look questions up, ask a model, store the answers."
    )
    parser.add_argument(
        "--server", required=True, help="where search and model are, such as llm.url"
    )
    parser.add_argument(
        "--database", required=True, help="an SQLite file; made where there is none"
    )
    parser.add_argument("--file", type=Path, help="a file with a question on each line")
    parser.add_argument("questions", nargs="*")
    given = parser.parse_args(argv)
    if given.file:
        given.questions += [
            line for line in given.file.read_text(encoding="utf-8").splitlines() if line.strip()
        ]
    if not given.questions:
        parser.error("no questions; name some, or a file of them with --file")
    return given


def headers(question: str) -> dict[str, str]:
    """What marks all requests for one question: by it the server's journal tells them apart."""
    return {"x-tag": f"{zlib.crc32(question.encode()):08x}"}


def body(question: str, documents: Sequence[dict]) -> dict:
    """The request to the model: the question, and what the search found."""
    context = "\n".join(f"[{i}] {d['title']}: {d['text']}" for i, d in enumerate(documents, 1))
    content = f"Context:\n{context}\n\nQuestion: {question}"
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": content}]}


def show(question: str, answer: str) -> None:
    """Print one answer."""
    print(f"{question}\n    {answer}")

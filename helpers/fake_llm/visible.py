"""Text that others wrote, as it may be shown: what would steer a terminal or a page is spelt out.

A tag is a client's text, an answer a model's, a question a learner's. In a terminal ESC or \\x9b
begins a command, in a page \\u202e turns a line round, and SVG with a control in it is no SVG.
"""

import re
import sys
import traceback

BLOCK = "\n\t"
"""What is ordinary where text has several lines; in one line a new line and a tab are spelt out."""

# C0 controls, DEL and C1 controls; overrides and isolates of the direction of writing; halves of
# surrogate pairs, which no encoding takes; two codes that are no characters, which no XML takes.
_UNSEEN = r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"


def visible(text: str, keep: str = "") -> str:
    """The text with all that is not to be seen spelt out as Python does: \\x1b, \\u202e, \\n.

    keep: characters that stay as they are, such as BLOCK.
    """
    # Nearly all text passes here, at 2 ns a character: a picture has a hundred pieces.
    if text.isprintable():
        return text
    return re.sub(_UNSEEN, lambda found: found[0] if found[0] in keep else _spelt(found[0]), text)


def _spelt(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def print_error() -> None:
    """Print the traceback of the error that is being handled; a client's text may stand in it."""
    print(visible(traceback.format_exc(), BLOCK), file=sys.stderr, end="", flush=True)

"""lessons/tools/executing.py: where a worked edition runs, and what is kept of it."""

import nbformat
import pytest

from lessons.tools.dialect import LessonError
from lessons.tools.editions import metadata
from lessons.tools.executing import execute

CELLS = {
    "place": "import os\nprint(os.path.basename(os.getcwd()), os.listdir())",
    "strict": "print(os.environ['COURSE_STRICT'])",
    "progress": (
        "real = os.path.realpath  # macOS and Windows have two names for a temporary folder\n"
        "print(os.path.relpath(real(os.environ['COURSE_PROGRESS']), real('.')))"
    ),
    "helpers": "import helpers\nprint(helpers.WHOSE)",
    "widget": "import ipywidgets\nipywidgets.IntSlider()",
}


def notebook_of(cells):
    """A notebook, not executed, of code cells given as id: source."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, id=name) for name, source in cells.items()]
    )
    notebook.metadata = metadata(built="0123456789abcdef")
    return notebook


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """CELLS, executed for a course that has helpers of its own and a learner's file."""
    root = tmp_path_factory.mktemp("course")
    (root / "helpers").mkdir()
    (root / "helpers" / "__init__.py").write_text("WHOSE = 'the course that is built'\n")
    (root / "notebooks").mkdir()
    (root / "notebooks" / "service.py").write_text("my own\n")
    notebook = notebook_of(CELLS)
    execute(notebook, root, "01_a.md")
    return notebook


def printed(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name).outputs[0].text.strip()


def test_it_runs_in_an_empty_folder(executed):
    """There is nothing of a learner's to read or to overwrite."""
    assert printed(executed, "place") == "notebooks []"


def test_expectations_are_errors_and_progress_is_nobodys(executed):
    """What the build solves is kept in a file of its own, outside of the empty folder."""
    assert printed(executed, "strict") == "1"
    assert printed(executed, "progress").replace("\\", "/") == "../progress.json"


def test_it_uses_the_helpers_of_its_course(executed):
    """Not those that happen to be installed."""
    assert printed(executed, "helpers") == "the course that is built"


def test_a_widget_leaves_its_text(executed):
    """Without its state it would read "model not found"."""
    shown = executed.cells[-1].outputs[0].data
    assert list(shown) == ["text/plain"] and shown["text/plain"].startswith("IntSlider(")


def test_nothing_of_this_machine_is_kept(executed):
    """Neither the version of its Python nor when a cell ran."""
    assert executed.metadata == metadata(built="0123456789abcdef")
    assert all(cell.metadata == {} for cell in executed.cells)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("1 / 0", r"01_a\.md, cell 'bad': ZeroDivisionError: division by zero"),
        ("import os; os._exit(1)", r"01_a\.md, cell 'bad': the kernel is gone"),
    ],
)
def test_a_cell_that_fails_is_named(tmp_path, line, says):
    """Also where it takes the kernel with it."""
    with pytest.raises(LessonError, match=says):
        execute(notebook_of({"good": "1 + 1", "bad": line}), tmp_path, "01_a.md")

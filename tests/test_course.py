"""The pages of the course run, say so in every language, and become notebooks."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

# PyTorch has nothing to compile, and the steps of a page are few.
pytestmark = pytest.mark.without_backend
DOCS = Path(__file__).parents[1] / "docs"
PAGES = DOCS / "pages"
COURSE = sorted((PAGES / "en" / "course").glob("[0-9]*.md"))


def blocks(path):
    """The Python blocks of a page."""
    return re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", COURSE, ids=lambda page: page.stem)
def test_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = blocks(page)
    assert code
    namespace = {"__name__": "__main__"}
    for i, block in enumerate(code):
        exec(compile(block, f"{page.name}, block {i + 1}", "exec"), namespace)


def test_the_chinese_pages_have_the_same_blocks():
    assert COURSE
    for page in COURSE:
        assert blocks(PAGES / "zh" / "course" / page.name) == blocks(page), page.name


def test_a_page_becomes_a_notebook(tmp_path):
    command = [sys.executable, str(DOCS / "notebooks.py"), str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    for page in COURSE:
        book = nbformat.read(tmp_path / "en" / f"{page.stem}.ipynb", as_version=4)
        nbformat.validate(book)
        code = [cell.source for cell in book.cells if cell.cell_type == "code"]
        assert code == [block.strip() for block in blocks(page)]

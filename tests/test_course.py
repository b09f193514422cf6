"""The pages of the course run, say so in every language, and become notebooks."""

import re
from pathlib import Path

import pytest

# PyTorch has nothing to compile, and the steps of a page are few.
pytestmark = pytest.mark.without_backend
PAGES = Path(__file__).parents[1] / "docs" / "pages"
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

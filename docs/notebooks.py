"""The pages of the course as notebooks, in a folder a language: python docs/notebooks.py OUT"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat import v4

PAGES = Path(__file__).parent / "pages"


def notebook(page):
    """A page as a notebook: its text in cells between its Python blocks."""
    # Pictures lie beside the site, and the cells make them anew.
    text = re.sub(r"^(!\[|<img ).*\n", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    cells = []
    for i, part in enumerate(re.split(r"```python\n(.*?)```", text, flags=re.DOTALL)):
        new = v4.new_code_cell if i % 2 else v4.new_markdown_cell
        cells.append(new(part.strip()))
    return v4.new_notebook(cells=cells)


def main(out):
    for page in sorted(PAGES.glob("*/course/[0-9]*.md")):
        path = Path(out) / page.parts[-3] / f"{page.stem}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook(page), path)
        print(path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Say where the notebooks go: python docs/notebooks.py OUT")
    main(sys.argv[1])

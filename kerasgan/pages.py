"""HTML pages of Jinja templates, which need no other file and no server."""

import base64
import os
from collections.abc import Callable
from pathlib import Path

import jinja2

from kerasgan.files import write_text


def write_page(
    template: str | os.PathLike, out: str | os.PathLike, content: dict, **filters: Callable
) -> None:
    """Write a template with its content filled in.

    Args:
        template: Path of the template.
        out: File to write.
        content: What the template's names stand for.
        **filters: Functions that the template calls by these names.
    """
    template = Path(template)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= filters
    write_text(out, f"{environment.get_template(template.name).render(content)}\n")


def address(content: bytes) -> str:
    """The address that stands for a PNG or WebP picture inside a page."""
    form = "webp" if content[8:12] == b"WEBP" else "png"
    return f"data:image/{form};base64,{base64.b64encode(content).decode()}"

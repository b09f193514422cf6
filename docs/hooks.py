"""What the site takes from the package as it is built: its reference and the command's help."""

import argparse
import ast
import os
from pathlib import Path

import kerasgan
from kerasgan.cli import _parser

OPTIONS = "    options:\n      show_root_heading: true\n      heading_level: 2\n"


def on_page_markdown(markdown, page, **kwargs):
    package = page.file.src_uri.rpartition("/")[2].removesuffix(".md")
    if "<!-- members -->" in markdown:
        markdown = markdown.replace("<!-- members -->", _members(package))
    return markdown.replace("<!-- help -->", _help()) if "<!-- help -->" in markdown else markdown


def _members(package):
    """Where a function has the name of its module the analysis of a package finds the module."""
    source = Path(kerasgan.__file__).parent / package / "__init__.py"
    body = ast.parse(source.read_text(encoding="utf-8")).body
    names = [f"{i.module}.{n.name}" for i in body if isinstance(i, ast.ImportFrom) for n in i.names]
    return "\n".join(f"::: {name}\n{OPTIONS}" for name in names if name.startswith("kerasgan"))


def _help():
    os.environ["COLUMNS"] = "88"
    parser = _parser()
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    texts = {"kerasgan": parser} | {f"kerasgan {n}": p for n, p in commands.choices.items()}
    return "\n\n".join(f"## {n}\n\n```text\n{p.format_help()}```" for n, p in texts.items())

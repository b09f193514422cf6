"""What the site takes from the package as it is built: its reference and the command's help."""

import argparse
import ast
import os
import re
import shutil
from pathlib import Path

import kerasgan
from kerasgan.cli import command_parser

ROOT = Path(__file__).parents[1]
# As the repository's pages show them: they lie beside the site's folder, not in it.
SAMPLE = re.compile(r"!\[(.*?)\]\((?:\.\./)+zoo/(\w+)/sample\.png\)", re.DOTALL)
OPTIONS = "    options:\n      show_root_heading: true\n      heading_level: 2\n"


def on_page_markdown(markdown, page, **kwargs):
    markdown = SAMPLE.sub(r'<img alt="\1" src="../../zoo/\2.png">', markdown)
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
    parser = command_parser()
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    texts = {"kerasgan": parser} | {f"kerasgan {n}": p for n, p in commands.choices.items()}
    return "\n\n".join(f"## {n}\n\n```text\n{p.format_help()}```" for n, p in texts.items())


def on_post_build(config, **kwargs):
    folder = Path(config.site_dir, "zoo")
    folder.mkdir(exist_ok=True)
    for sample in ROOT.glob("zoo/*/sample.png"):
        shutil.copy(sample, folder / f"{sample.parent.name}.png")

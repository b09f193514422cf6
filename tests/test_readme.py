"""The README and the guide say what the cards say, and their commands are ones."""

import re
import shlex
from pathlib import Path

import pytest

from kerasgan import zoo
from kerasgan.cli import main
from kerasgan.zoo.card import to_tables

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "pages" / "en" / "guide"
PAGES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *GUIDE.iterdir())}
TRAINED = {
    "data": "photographs",
    "training": {"steps": 7000, "minutes": 61.5},
    "licence": "CC0",
    "files": {"generator.npz": {"bytes": 560_000}},
}


def test_zoo_tables_are_made_from_the_cards():
    for table in to_tables(zoo.info(name) for name in zoo.list()):
        assert any(table in text for text in PAGES.values()), f"Put this into {GUIDE}:\n{table}"


def test_links_lead_somewhere():
    for path, text in PAGES.items():
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            assert (path.parent / target).exists(), f"{path} links to {target}"


def commands():
    blocks = re.findall(r"```sh\n(.*?)```", "\n".join(PAGES.values()), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if " train " in line]


@pytest.mark.parametrize("command", commands())
def test_commands_of_training_are_recipes(command, capsys):
    words = shlex.split(command)
    assert main([*words[words.index("train") :], "--explain"]) == 0
    assert "[networks" in capsys.readouterr().out


def test_each_verb_has_a_table_with_its_figures():
    faces = {"name": "faces", "samples": [64, 64, 3], "metrics": {"frechet_distance": 9.5}}
    figures = {"psnr": 31.234, "ssim": 0.87654, "perceptual": 0.20009}
    large = {"name": "large", "verb": "upscale", "scale": 4, "metrics": {"set5": figures}}
    maps = {"name": "maps", "verb": "translate", "samples": [8, 8, 3], "metrics": {"error": 40.25}}
    enlarged, drawn, translated = (
        table.splitlines()
        for table in to_tables([large | TRAINED, faces | TRAINED, maps | TRAINED])
    )
    assert drawn[2] == "| `faces` | 64 × 64 × 3 | photographs | 7,000, 62 | 9.5 | 0.6 MB | CC0 |"
    assert enlarged[2] == (
        "| `large` | 4 times | photographs | 7,000, 62 | 31.23 | 0.8765 | 0.2001 | 0.6 MB | CC0 |"
    )
    assert translated[2].startswith(
        "| `maps` | 8 × 8 × 3 | photographs | 7,000, 62 | 40.25 |  |  |"
    )
    for rows in (drawn, enlarged, translated):
        assert len({row.count("|") for row in rows}) == 1

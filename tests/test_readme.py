"""The README says what the cards say."""

from pathlib import Path

from kerasgan import zoo
from kerasgan.zoo.card import to_table

README = Path(__file__).parents[1] / "README.md"


def test_its_zoo_table_is_made_from_the_cards():
    table = to_table(zoo.info(name) for name in zoo.list())
    assert table in README.read_text(encoding="utf-8"), f"Put this into {README}:\n{table}"

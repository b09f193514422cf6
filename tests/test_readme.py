"""The README says what the cards say."""

from pathlib import Path

from kerasgan import zoo
from kerasgan.zoo.card import to_tables

README = Path(__file__).parents[1] / "README.md"
TRAINED = {
    "data": "photographs",
    "training": {"steps": 7000, "minutes": 61.5},
    "licence": "CC0",
    "files": {"generator.npz": {"bytes": 560_000}},
}


def test_its_zoo_tables_are_made_from_the_cards():
    for table in to_tables(zoo.info(name) for name in zoo.list()):
        assert table in README.read_text(encoding="utf-8"), f"Put this into {README}:\n{table}"


def test_what_draws_and_what_enlarges_have_a_table_each():
    faces = {"name": "faces", "samples": [64, 64, 3], "metrics": {"frechet_distance": 9.5}}
    figures = {"psnr": 31.234, "ssim": 0.87654, "perceptual": 0.20009}
    large = {"name": "large", "scale": 4, "metrics": {"set5": figures}}
    drawn, enlarged = (
        table.splitlines() for table in to_tables([large | TRAINED, faces | TRAINED])
    )
    assert drawn[2] == "| `faces` | 64 × 64 × 3 | photographs | 7,000, 62 | 9.50 | 0.6 MB | CC0 |"
    assert enlarged[2] == (
        "| `large` | 4 times | photographs | 7,000, 62 | 31.23 dB, 0.877 | 0.200 | 0.6 MB | CC0 |"
    )
    for rows in (drawn, enlarged):
        assert len({row.count("|") for row in rows}) == 1

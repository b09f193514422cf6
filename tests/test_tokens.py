"""Texts and chemical formulas as tokens: how they are split, read, and what is refused."""

import gzip

import numpy as np
import pytest

from kerasgan import datasets
from kerasgan.modalities import Sequences

pytestmark = pytest.mark.without_backend
FORMULAS = ["CC(=O)Nc1ccc(Cl)cc1", "C[C@@H]([NH3+])Br", "C%10CC%10"]


def test_a_formula_is_split_into_atoms_bonds_and_rings_and_comes_back():
    loaded = datasets.load_sequences(FORMULAS, unit="smiles", shuffle=False)
    found = loaded.modality
    assert found.split(FORMULAS[1]) == ["C", "[C@@H]", "(", "[NH3+]", ")", "Br"]
    assert found.split(FORMULAS[2]) == ["C", "%10", "C", "C", "%10"]
    assert {"Cl", "Br", "[NH3+]", "%10"} < {*found.tokens} and found.tokens[-1] == ""
    assert found.decode(loaded[0]).tolist() == FORMULAS
    assert Sequences(**found.get_config()).get_config() == found.get_config()


def test_a_text_ends_at_the_first_empty_token():
    words = Sequences(["a", "cat", ""], 3, "word")
    assert words.decode(np.array([[0, 1, 2], [0, 2, 1], [2, 1, 1]])).tolist() == ["a cat", "a", ""]


def test_files_of_texts_compressed_or_in_a_column_give_the_same(tmp_path):
    lines = "".join(f"{text}\n" for text in FORMULAS)
    (tmp_path / "a.txt").write_text(lines)
    (tmp_path / "a.smi").write_text(lines.replace("\n", " name\n"))
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(lines.encode()))
    rows = [f'{i},"x, y",{text}' for i, text in enumerate(FORMULAS)]
    (tmp_path / "a.csv").write_text("\n".join(["id,name,smiles", *rows]))
    expected = datasets.load_sequences(FORMULAS, unit="smiles", shuffle=False)
    for name in ("a.txt", "a.smi", "a.txt.gz", "a.csv"):
        options = {"column": "smiles"} if name == "a.csv" else {}
        loaded = datasets.load_sequences(tmp_path / name, unit="smiles", shuffle=False, **options)
        assert loaded.modality.tokens == expected.modality.tokens
        np.testing.assert_array_equal(loaded[0], expected[0])


@pytest.mark.parametrize(
    ("name", "content", "options", "said"),
    [
        ("a.csv", "id,smiles\n1,C\n", {}, "one of 'id', 'smiles', the columns of .*Received: None"),
        ("a.csv", "", {}, "one of none, the columns"),
        ("a.csv", "smiles,id\nC,1\n,2\n", {"column": "smiles"}, "a.csv: sequence 2 is empty"),
        ("a.txt", "C\n", {"column": "smiles"}, "column is of a .csv file"),
        ("a.gz", "C\n", {}, "must end in one of"),
        ("a.txt.gz", "C\n", {}, "is no text in UTF-8: Not a gzipped file"),
        ("a.smi", "CC\nCCC\n", {"unit": "smiles", "length": 2}, "2 has 3 tokens, and a formula"),
        ("a.smi", "CC\nCBr\n", {"unit": "smiles", "tokens": "CO"}, "'Br' at place 2"),
        ("a.txt", "C\n", {"unit": "letter"}, "unit must be one of 'character', 'word', 'smiles'"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, name, content, options, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=said):
        datasets.load_sequences(tmp_path / name, **options)

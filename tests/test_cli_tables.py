"""A table from the command line: trained on, asked for rows, judged."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from test_tables import frame

from kerasgan import zoo
from kerasgan.cli import main

pytestmark = pytest.mark.without_backend
SMALL = [f"networks.{key}=8" for key in ("width", "discriminator_width", "latent_dim")]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    frame(300).to_csv(folder / "train.csv", index=False)
    frame(100, seed=1).to_csv(folder / "test.csv", index=False)
    command = ["train", "tabular_gan", "--data", str(folder / "train.csv"), "--epochs", "1"]
    out = ["--out", str(folder / "run"), "--batch-size", "100"]
    assert main([*command, *out, *SMALL, 'data.numbers=["rooms"]', "networks.pack=2"]) == 0
    return folder / "run"


def test_a_run_on_a_table_leaves_an_entry_and_a_diagram_of_every_epoch(run):
    card = zoo.info(run)
    assert card["modality"] == "table" and card["columns"]["number"] == 7
    assert (run / "grids" / "epoch_0001.png").exists()
    assert "real_over_held_out" in (run / "log.csv").read_text()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_generate_writes_rows_that_meet_the_conditions(run, suffix, tmp_path):
    out = tmp_path / f"rows.{suffix}"
    asked = ["--where", "income=>50K", "--where", "smokes=True"]
    assert main(["generate", str(run), "-n", "30", "--seed", "1", "-o", str(out), *asked]) == 0
    rows = pd.read_csv(out) if suffix == "csv" else pd.read_parquet(out)
    assert len(rows) == 30 and (rows["income"] == ">50K").all() and rows["smokes"].all()
    assert list(rows) == list(frame(1))


def test_a_condition_that_cannot_be_is_refused_in_a_line(run, capsys):
    assert main(["generate", str(run), "--where", "income"]) == 2
    assert main(["generate", str(run), "--where", "incom=>50K"]) == 2
    assert main(["generate", "dcgan_fashion_mnist", "--where", "a=b"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert "COLUMN=VALUE" in told[0] and "There are: income" in told[1]
    assert "takes no --where" in told[2]


def test_evaluate_prints_each_column_and_draws_it(run, tmp_path, capsys):
    files = {"data": run.parent / "test.csv", "training": run.parent / "train.csv"}
    files |= {"diagrams": tmp_path / "columns.png", "json": tmp_path / "figures.json"}
    words = [word for name, file in files.items() for word in (f"--{name}", str(file))]
    assert main(["evaluate", str(run), "-n", "200", "--target", "income", *words]) == 0
    figures = json.loads(files["json"].read_text())
    assert {*figures["columns"]} == {*frame(1)} - {"id"}
    shares = ("column_shapes", "pair_shapes", "f1", "f1_of_real_rows", "closer_to_training")
    assert all(0.0 <= figures[name] <= 1.0 for name in shares)
    assert "membership auc" in capsys.readouterr().out
    assert np.asarray(Image.open(files["diagrams"])).shape == (3 * 160, 4 * 240, 3)
    assert main(["evaluate", str(run), "--data", str(files["data"]), "--crop", "3"]) == 2

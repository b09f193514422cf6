"""`kerasgan report`: the page of a run, read as a browser would, and what a run leaves for it."""

import base64
import io
import shutil
import tomllib
from html.parser import HTMLParser

import keras
import numpy as np
import pytest
from PIL import Image
from tiny import images, mlp_gan, train

import kerasgan
from kerasgan.callbacks import SampleGrid, TrainingCurves, TrainingState
from kerasgan.diagnosis import diagnose, write_report

RECIPE = """
seed = 1
images = 8
[data]
source = "noise"
image_shape = [8, 8, 1]
[networks]
builder = "mlp"
[model]
name = "gan"
[fit]
epochs = 3
"""
SESSION = """
[[session]]
begun = 2026-01-02T03:04:0{after}Z
after_epoch = {after}
command = "kerasgan train mlp --data noise --epochs 3"
folder = "/home/somebody"
keras = "{keras}"
hardware = "2 CPU cores"
backend = "torch 2.13.0"
"""
CARD = """
model = "GAN"
verb = "generate"
data = "noise"
[training]
minutes = 0.1
"""


class Page(HTMLParser):
    """What a page shows, and what it would load."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.loaded, self.text = [], [], []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.words = " ".join(" ".join(self.text).split())

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.loaded += [v for k, v in attributes if k in ("src", "srcset", "href", "data")]

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A tiny run of two epochs that was gone on with for a third."""
    folder = tmp_path_factory.mktemp("report") / "mine"
    (folder / "entry").mkdir(parents=True)
    model, saved = mlp_gan(), TrainingState(folder / "state.weights.h5", 2)
    for first, epochs in ((0, 2), (2, 3)):
        log = keras.callbacks.CSVLogger(folder / "log.csv", append=True)
        curves = TrainingCurves(folder / "curves.png", folder / "log.csv")
        callbacks = [SampleGrid(folder / "grids", n=4), saved, log, curves]
        train(model, images(), epochs=epochs, initial_epoch=first, callbacks=callbacks)
    (folder / "recipe.toml").write_text(RECIPE)
    sessions = [SESSION.format(after=after, keras=keras.__version__) for after in (0, 2)]
    (folder / "environment.toml").write_text("".join(sessions))
    (folder / "entry" / "card.toml").write_text(CARD)
    return folder


@pytest.fixture
def copy(run, tmp_path):
    return shutil.copytree(run, tmp_path / "copy")


def test_a_run_that_was_resumed_says_both_times_what_it_ran_on(tmp_path):
    from kerasgan.recipes import environment

    for epoch in (0, 2):
        environment.record(tmp_path, epoch)
    sessions = tomllib.loads((tmp_path / "environment.toml").read_text("utf-8"))["session"]
    assert [session["after_epoch"] for session in sessions] == [0, 2]
    assert sessions[0]["begun"] <= sessions[1]["begun"]
    for session in sessions:
        assert session["kerasgan"] == kerasgan.__version__
        assert session["keras"] == keras.__version__
        assert session["backend"].startswith(f"{keras.backend.backend()} ")
        assert session["command"] and session["python"] and session["device"]


def test_the_command_writes_the_page(copy, capsys):
    from kerasgan.cli import main

    assert main(["report", str(copy)]) == 0
    assert capsys.readouterr().out == f"Wrote {copy / 'report.html'}\n"
    assert "Finished." in Page(copy / "report.html").words


def pictures(page, kind):
    """What the page shows: dict from the text of a picture to its bytes."""
    return {
        image["alt"].removeprefix(f"{kind}, "): base64.b64decode(
            image["src"].partition("base64,")[2]
        )
        for image in page.all("img")
        if image["alt"].startswith(f"{kind}, ")
    }


def test_the_page_has_all_of_the_run(copy):
    page = Page(write_report(copy))
    facts = ("model GAN", "data noise", "images 8", "epochs 3 of 3", "seed 1", keras.__version__)
    for words in ("Finished.", *facts):
        assert words in page.words
    # A recipe's tables, and both sessions.
    assert "networks builder mlp" in page.words and page.words.count("after epoch") == 2
    assert "There is no" not in page.words and "There are no" not in page.words
    last, *earlier = pictures(page, "Samples").items()
    assert last == ("epoch 3", (copy / "grids" / "epoch_0003.png").read_bytes())
    assert [name for name, _ in earlier] == ["epoch 1", "epoch 2"]
    curves = pictures(page, "Curves")
    assert {"losses", "scores"} <= {*curves}
    # The same as the picture in the folder.
    shown = [np.asarray(Image.open(io.BytesIO(content))) for content in curves.values()]
    whole = np.asarray(Image.open(copy / "curves.png"))
    np.testing.assert_array_equal(np.concatenate(shown), whole)
    assert f"kerasgan.zoo.load({str(copy)!r}).generate" in page.words


def test_the_page_needs_nothing_else(copy):
    page = Page(write_report(copy))
    assert page.loaded and all(address.startswith("data:image/") for address in page.loaded)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.elements}
    assert "url(" not in page.source and "@import" not in page.source


def test_a_curve_is_where_its_numbers_are(tmp_path):
    # An epoch without a measurement, and one that a kill repeated.
    rows = ["epoch,distance", "0,9.0", "1,nan", "2,5.0", "2,3.0", "3,6.0"]
    (tmp_path / "log.csv").write_text("\n".join(rows))
    page = Page(write_report(tmp_path, tmp_path / "page.html"))
    (content,) = pictures(page, "Curves").values()
    picture = np.asarray(Image.open(io.BytesIO(content)), int)[25:]
    rows, columns = np.nonzero((picture == (0x00, 0x72, 0xB2)).all(-1))
    y1, y3, y4 = (rows[np.abs(columns - x).argmin()] for x in (columns.min(), 493, columns.max()))
    # The third epoch lies two thirds of the way, and downwards: 9 at the top, 3 at the bottom, 6
    # between.
    assert columns[rows == rows.max()].mean() == pytest.approx(80 + 620 * 2 / 3, abs=2)
    assert y1 < y4 < y3 and y4 == pytest.approx((y1 + y3) / 2, abs=4)
    assert "distance 6 4 3 9" in page.words


def test_a_run_without_most_of_its_files_says_so(tmp_path):
    (tmp_path / "log.csv").write_text("")
    page = Page(write_report(tmp_path))
    assert "inished" not in page.words
    for words in ("recipe.toml", "environment.toml", "grids yet"):
        assert f"There {'are' if 'grids' in words else 'is'} no {words}" in page.words
    assert "No epoch is over yet." in page.words and not page.loaded


def test_an_unfinished_run_says_how_to_go_on(copy):
    shutil.rmtree(copy / "entry")
    page = Page(write_report(copy))
    assert "Not finished." in page.words and "zoo.load" not in page.words
    sessions = tomllib.loads((copy / "environment.toml").read_text(encoding="utf-8"))["session"]
    assert sessions[-1]["command"] in page.words


def test_a_run_of_several_stages_is_finished_with_the_last(copy):
    for epochs, words in ((3, "Finished."), (5, "Not finished.")):
        stages = f"[[stages]]\nfit = {{epochs = 9}}\n[[stages]]\nfit = {{epochs = {epochs}}}\n"
        (copy / "recipe.toml").write_text(RECIPE + stages)
        page = Page(write_report(copy))
        assert words in page.words and f"epochs 3 of {epochs}" in page.words


def test_what_was_found_is_on_the_page(copy):
    rows = ["epoch,real_over_fake,diversity", *(f"{i},1.0,0.001" for i in range(30))]
    (copy / "log.csv").write_text("\n".join(rows))
    page, found = Page(write_report(copy)), diagnose(copy)
    assert found
    for finding in found:
        for words in (finding.illness, finding.evidence, finding.advice, finding.source):
            assert " ".join(words.split()) in page.words


def test_nothing_of_a_file_is_taken_for_html(copy):
    evil = '<script>alert("&amp;")</script>'
    with open(copy / "recipe.toml", "a", encoding="utf-8") as file:
        file.write(f"note = '{evil}'\n")
    (copy / "log.csv").write_text(f"epoch,{evil.replace('_', ' ')}\n0,1.0")
    (copy / "<i>.txt").write_text("")
    page = Page(write_report(copy))
    assert not page.all("script") and not page.all("i")
    assert page.words.count(evil) == 2 and "<i>.txt" in page.words
    assert f"Curves, {evil}" in [image["alt"] for image in page.all("img")]


def test_what_was_measured_is_on_the_page(copy):
    with open(copy / "entry" / "card.toml", "a", encoding="utf-8") as file:
        file.write("[metrics]\nfrechet_distance = 12.34\n[metrics.agreement]\nmale = 0.5\n")
    (copy / "best.json").write_text(
        '{"epoch": 2, "monitor": "recall", "value": 0.25, "conditions": {"samples": 512}}'
    )
    page = Page(write_report(copy))
    for words in ("frechet distance 12.34", "agreement male 0.5", "monitor recall", "samples 512"):
        assert words in page.words


def test_a_run_of_an_earlier_version_has_a_page(copy):
    """Its recipe has no tables, its card no verb, its log another player."""
    (copy / "recipe.toml").write_text('architecture = "mlp"\nmodel = "wgan"\nepochs = 3\n')
    (copy / "entry" / "card.toml").write_text('model = "WGAN"\n[training]\nimages = 8\n')
    (copy / "log.csv").write_text("epoch,critic_loss,critic_step\n0,1.0,0.5\n1,1.0,0.5\n")
    page = Page(write_report(copy))
    assert "architecture mlp" in page.words and "weights of the critic moved" in page.words
    assert {*pictures(page, "Curves")} == {"losses", "steps"}


def test_what_is_no_run_is_refused(run, tmp_path):
    for folder in (tmp_path, tmp_path / "absent", run / "entry"):
        with pytest.raises(FileNotFoundError, match="has no log.csv") as refused:
            write_report(folder)
        assert f"{str(folder)!r} has no log.csv" in str(refused.value)
    assert not [*tmp_path.iterdir()]


def test_the_command_refuses_what_is_no_run(tmp_path, capsys):
    from kerasgan.cli import main

    assert main(["report", str(tmp_path)]) == 2
    assert f"{str(tmp_path)!r} has no log.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("recipe.toml", "epochs ="),
        ("entry/card.toml", "[["),
        ("best.json", "{"),
        ("best.json", "[]"),
        ("log.csv", "a,b\n1,2"),
    ],
)
def test_a_damaged_file_is_named_and_the_old_page_stays(copy, name, content):
    (copy / "report.html").write_text("old")
    (copy / name).write_text(content)
    with pytest.raises(ValueError) as refused:
        write_report(copy)
    assert f"{copy / name} is no" in str(refused.value)
    assert (copy / "report.html").read_text() == "old"
    assert not [*copy.glob(".*")]

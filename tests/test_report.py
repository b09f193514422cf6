"""`kerasgan report`: the page of a run, read as a browser would, and what a run leaves for it."""

import base64
import shutil
import tomllib
from html.parser import HTMLParser

import keras
import numpy as np
import pytest
from PIL import Image

import kerasgan
from kerasgan.cli import main
from kerasgan.diagnosis import diagnose, write_report


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
    folder = tmp_path_factory.mktemp("report")
    data = folder / "noise"
    data.mkdir()
    for i, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), "uint8")):
        Image.fromarray(pixels).save(data / f"{i}.png")
    recipe = {"size": 16, "width": 4, "batch_size": 4}
    for epochs in (2, 3):
        kerasgan.zoo.train("dcgan", data, folder / "mine", epochs=epochs, **recipe)
    return folder / "mine"


@pytest.fixture
def copy(run, tmp_path):
    return shutil.copytree(run, tmp_path / "copy")


def test_a_run_that_was_resumed_says_both_times_what_it_ran_on(run):
    sessions = tomllib.loads((run / "environment.toml").read_text(encoding="utf-8"))["session"]
    assert [session["after_epoch"] for session in sessions] == [0, 2]
    assert sessions[0]["begun"] <= sessions[1]["begun"]
    for session in sessions:
        assert session["kerasgan"] == kerasgan.__version__
        assert session["keras"] == keras.__version__
        assert session["backend"].startswith(f"{keras.backend.backend()} ")
        assert session["command"] and session["python"] and session["device"]


def test_the_page_has_all_of_the_run(copy, capsys):
    assert main(["report", str(copy)]) == 0
    assert capsys.readouterr().out == f"Wrote {copy / 'report.html'}\n"
    page = Page(copy / "report.html")
    for words in ("Finished.", "GAN on dcgan", "3 of 3", f"{keras.__version__}", "noise"):
        assert words in page.words
    assert "There is no" not in page.words
    last, *earlier = page.loaded
    content = base64.b64decode(last.partition("base64,")[2])
    assert content == (copy / "grids" / "epoch_0003.png").read_bytes()
    assert len(earlier) == 2
    # Two losses, two scores, and the seconds at least.
    assert len(page.all("svg")) >= 3 and len(page.all("polyline")) >= 5
    assert all(len(line["points"].split()) == 3 for line in page.all("polyline"))
    assert f"kerasgan generate {copy}" in page.words


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
    (line,) = page.all("polyline")
    (x1, y1), (x3, y3), (x4, y4) = (map(float, p.split(",")) for p in line["points"].split())
    assert (x3 - x1) / (x4 - x1) == pytest.approx(2 / 3, abs=0.01)
    # Downwards: 9 at the top, 3 at the bottom, 6 between.
    assert y1 < y4 < y3 and y4 == pytest.approx((y1 + y3) / 2, abs=0.1)
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
    assert page.words.count(evil) == 3 and "<i>.txt" in page.words


def test_what_was_measured_is_on_the_page(copy):
    with open(copy / "entry" / "card.toml", "a", encoding="utf-8") as file:
        file.write("[metrics]\nfrechet_distance = 12.34\n[metrics.agreement]\nmale = 0.5\n")
    (copy / "best.json").write_text(
        '{"epoch": 2, "monitor": "recall", "value": 0.25, "conditions": {"samples": 512}}'
    )
    page = Page(write_report(copy))
    for words in ("frechet distance 12.34", "agreement male 0.5", "monitor recall", "samples 512"):
        assert words in page.words


def test_what_is_no_run_is_refused(run, tmp_path, capsys):
    for folder in (tmp_path, tmp_path / "absent", run / "entry"):
        assert main(["report", str(folder)]) == 2
        assert f"{str(folder)!r} has no log.csv" in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


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
def test_a_damaged_file_is_named_and_the_old_page_stays(copy, capsys, name, content):
    (copy / "report.html").write_text("old")
    (copy / name).write_text(content)
    assert main(["report", str(copy)]) == 2
    assert f"{copy / name} is no" in capsys.readouterr().err
    assert (copy / "report.html").read_text() == "old"
    assert not [*copy.glob(".*")]

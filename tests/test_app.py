"""The page to try models on, as its visitors see it: by Gradio's client, and in a browser."""

import concurrent.futures
import functools
import re
import shutil
import socket
import sys
import urllib.error
import urllib.request
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from tiny_models import conditional_stylegan

from kerasgan import zoo
from kerasgan.cli import main
from kerasgan.marks import read_marks
from kerasgan.modalities import make_grid

client = pytest.importorskip("gradio_client")
pytest.importorskip("gradio")

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that is offered beside the zoo, of a model that takes labels and a truncation."""
    return zoo.save(conditional_stylegan(), tmp_path_factory.mktemp("runs") / "styles")


@pytest.fixture(scope="module")
def address(run):
    from kerasgan.app import serving

    with pytest.MonkeyPatch.context() as patch:
        # The page and the tests share what they load, for seconds of both.
        patch.setattr(zoo, "load", functools.cache(zoo.load))
        with serving([str(run)]) as address:
            yield address


@pytest.fixture(scope="module")
def visitor(address, tmp_path_factory):
    """A function that calls an endpoint, and gives what it answers."""
    folder = tmp_path_factory.mktemp("downloads")
    return client.Client(address, verbose=False, download_files=str(folder)).predict


def picture(path, size=(32, 24), **options):
    image = Image.effect_noise(size, 60).convert("RGB")
    ImageDraw.Draw(image).ellipse((6, 6, 20, 18), fill=(200, 60, 30))
    image.save(path, **options)
    return path


@pytest.fixture
def photo(tmp_path):
    return picture(tmp_path / "photo.png")


def pixels(source):
    """Of a picture or of its file."""
    return np.asarray(Image.open(source) if isinstance(source, str) else source)


def file(path):
    return client.handle_file(str(path))


def test_generate(visitor):
    shown, kept = visitor("cgan_mnist", 4, ["3", "7"], 1, 5, api_name="/generate")
    made = zoo.load("cgan_mnist").generate(4, seed=5, labels=[3, 7, 3, 7])
    np.testing.assert_array_equal(pixels(kept), make_grid(made)[..., 0])
    assert Path(shown).read_bytes() == Path(kept).read_bytes()
    assert Path(kept).name == "cgan_mnist.png"
    assert read_marks(kept).metadata["system"] == "kerasgan cgan_mnist"


def test_a_run_beside_the_zoo_by_what_its_model_takes(visitor, run):
    _, kept = visitor("styles", 3, ["2"], 0.5, 1, api_name="/generate")
    made = zoo.load(run).generate(3, seed=1, labels=2, truncation=0.5)
    np.testing.assert_array_equal(pixels(kept), make_grid(made)[..., 0])


@pytest.mark.without_backend
def test_texts_are_shown_and_kept(visitor):
    shown, kept = visitor("promoters_mouse", 3, [], 1, 0, api_name="/generate")
    made = zoo.load("promoters_mouse").generate(3, seed=0)
    assert Path(kept).read_text().split() == list(made)
    assert pixels(shown).ndim == 3


@pytest.mark.without_backend
def test_upscale(visitor, photo):
    _, kept = visitor(file(photo), "srgan_x4", 0.5, api_name="/upscale")
    made = zoo.load("srgan_x4").upscale(photo, strength=0.5)
    np.testing.assert_array_equal(pixels(kept), pixels(made))
    assert Path(kept).name == "photo_x4.png"
    assert read_marks(kept).metadata["system"] == "kerasgan srgan_x4"


@pytest.mark.without_backend
def test_translate(visitor, photo):
    for style, seed in ((None, 3), (photo, 0)):
        given = style and file(style)
        _, kept = visitor(file(photo), "munit_sketches", given, seed, False, api_name="/translate")
        made = zoo.load("munit_sketches").translate(photo, seed=seed, style=style)
        np.testing.assert_array_equal(pixels(kept), pixels(made))


@pytest.mark.without_backend
def test_enhance(visitor, tmp_path):
    scan = tmp_path / "scan.png"
    Image.effect_noise((28, 28), 60).save(scan)
    _, kept = visitor(file(scan), "enhance_xrays", api_name="/enhance")
    np.testing.assert_array_equal(pixels(kept), pixels(zoo.load("enhance_xrays").enhance(scan)))


@pytest.mark.without_backend
def test_segment(visitor, photo):
    model = zoo.load("segment_vessels")
    for probability, threshold in ((False, 0.5), (True, None)):
        _, kept = visitor(file(photo), "segment_vessels", probability, api_name="/segment")
        made = model.segment(photo, threshold)
        np.testing.assert_array_equal(pixels(kept), pixels(made))


@pytest.mark.without_backend
def test_detect(visitor, tmp_path):
    photo = picture(tmp_path / "photo.png", (64, 48))
    made = tmp_path / "made.png"
    assert main(["generate", "dcgan_fashion_mnist", "-n", "4", "-o", str(made)]) == 0
    model = zoo.load("detect_zoo")
    for path, mark in ((photo, "none"), (made, read_marks(made).summary)):
        told = visitor(file(path), "detect_zoo", api_name="/detect")
        assert f"{model.detect(path):.0%}" in told and told.endswith(f"**Marks:** {mark}")


@pytest.mark.without_backend
def test_stylize(visitor, photo, tmp_path):
    painting = picture(tmp_path / "painting.jpg", (40, 40))
    _, kept = visitor(file(photo), "adain_paintings", file(painting), 0.6, api_name="/stylize")
    made = zoo.load("adain_paintings").stylize(photo, painting, 0.6)
    np.testing.assert_array_equal(pixels(kept), pixels(made))


@pytest.mark.without_backend
def test_inpaint_what_was_drawn_over(visitor, photo, tmp_path):
    layer = Image.new("RGBA", (32, 24))
    ImageDraw.Draw(layer).rectangle((8, 8, 15, 13), fill=(255, 0, 0, 255))
    layer.save(tmp_path / "layer.png")
    drawn = {"background": file(photo), "layers": [file(tmp_path / "layer.png")]}
    drawn["composite"] = None
    _, kept = visitor(drawn, "inpaint_celeba", api_name="/inpaint")
    made = pixels(zoo.load("inpaint_celeba").inpaint(photo, layer.getchannel("A")))
    np.testing.assert_array_equal(pixels(kept), made)
    changed = (made != pixels(str(photo))).any(axis=-1)
    assert changed[8:14, 8:16].any() and changed.sum() == changed[8:14, 8:16].sum()


@pytest.mark.without_backend
def test_listen(visitor):
    sound, _, kept = visitor("wavegan_digits", 2, ["4"], 0, api_name="/listen")
    assert Path(sound).read_bytes() == Path(kept).read_bytes()
    model = zoo.load("wavegan_digits")
    with wave.open(kept) as clip:
        heard = np.frombuffer(clip.readframes(clip.getnframes()), "<i2")
    np.testing.assert_array_equal(heard, model.generate(2, seed=0, labels=4).ravel())
    assert read_marks(kept).metadata["system"] == "kerasgan wavegan_digits"


@pytest.mark.without_backend
def test_music_is_shown_and_kept(visitor, tmp_path):
    pytest.importorskip("mido")
    sound, shown, kept = visitor("musegan_chorales", 1, [], 0, api_name="/listen")
    model = zoo.load("musegan_chorales")
    made = model.generate(1, seed=0)
    assert sound is None
    np.testing.assert_array_equal(pixels(shown), model.modality.preview(made))
    model.modality.write(made, tmp_path / "a.mid")
    assert len((tmp_path / "a.mid").read_bytes()) > 100
    assert read_marks(kept).metadata["system"] == "kerasgan musegan_chorales"


@pytest.mark.without_backend
def test_table(visitor):
    pytest.importorskip("sklearn")
    shown, kept = visitor("tabular_credit", 5, 2, api_name="/table")
    made = zoo.load("tabular_credit").generate(5, seed=2)
    assert shown["headers"] == list(made.columns) and len(shown["data"]) == 5
    assert Path(kept).read_text() == made.to_csv(index=False)


def refused(visitor, *given, api_name):
    with pytest.raises(client.exceptions.AppError) as error:
        visitor(*given, api_name=api_name)
    assert "Traceback" not in str(error.value) and "/tmp" not in str(error.value)
    return str(error.value)


@pytest.mark.without_backend
def test_what_cannot_be_done_is_refused_in_a_sentence(visitor, photo, tmp_path):
    letter = tmp_path / "letter.png"
    letter.write_text("Dear Sir or Madam")
    drawing = tmp_path / "drawing.svg"
    drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    for other in (letter, drawing):
        assert "no picture" in refused(visitor, file(other), "enhance_xrays", api_name="/enhance")
    for size, text in (
        ((5000, 4000), "more than 16 megapixels"),
        ((2100, 2000), "at most 1.5 mega"),
    ):
        large = tmp_path / "large.png"
        Image.new("1", size).save(large)
        assert text in refused(visitor, file(large), "wave", None, 1, api_name="/stylize")
    Image.new("1", (1100, 1000)).save(large)
    assert "at most 1 mega" in refused(visitor, file(large), "pan_x4", 1, api_name="/upscale")
    assert "Choose a picture" in refused(visitor, None, "pan_x4", 1, api_name="/upscale")
    words = (file(photo), "adain_paintings", None, 1)
    assert "whose style" in refused(visitor, *words, api_name="/stylize")
    drawn = {"background": file(photo), "layers": [], "composite": None}
    assert "Draw over" in refused(visitor, drawn, "inpaint_celeba", api_name="/inpaint")
    words = ("cgan_mnist", 4, ["eleven"], 1, 0)
    assert "Unknown label 'eleven'" in refused(visitor, *words, api_name="/generate")
    for words in (
        ("cgan_mnist", 65, [], 1, 0),
        ("cgan_mnist", 0, [], 1, 0),
        ("cgan_mnist", 4, [], 1, -1),
        # What lies on the machine is no model to choose.
        (str(ROOT / "zoo" / "cgan_mnist"), 4, [], 1, 0),
        ("wave", 4, [], 1, 0),
    ):
        refused(visitor, *words, api_name="/generate")


def status(url):
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.without_backend
def test_no_other_file_can_be_read_through_it(address, run):
    for path in (
        "/etc/passwd",
        "../../etc/passwd",
        "%2e%2e/%2e%2e/etc/passwd",
        "file:///etc/passwd",
        run / "card.toml",
        ROOT / "README.md",
        "README.md",
    ):
        assert status(f"{address}gradio_api/file={path}") in (403, 404)


def test_visitors_at_once_get_their_own(address, tmp_path):
    scans = [tmp_path / f"{i}.png" for i in range(2)]
    for scan in scans:
        Image.effect_noise((28, 28), 60).save(scan)
    calls = [("dcgan_fashion_mnist", 4, [], 1, seed) for seed in range(2)]
    calls += [(file(scan), "enhance_xrays") for scan in scans]

    def visit(call):
        visitor = client.Client(address, verbose=False, download_files=str(tmp_path / "downloads"))
        return pixels(
            visitor.predict(*call, api_name="/enhance" if len(call) == 2 else "/generate")[1]
        )

    with concurrent.futures.ThreadPoolExecutor(4) as visitors:
        found = [*visitors.map(visit, calls)]
    drawn, enhanced = zoo.load("dcgan_fashion_mnist"), zoo.load("enhance_xrays")
    made = [make_grid(drawn.generate(4, seed=seed))[..., 0] for seed in range(2)]
    made += [pixels(enhanced.enhance(scan)) for scan in scans]
    for one, other in zip(found, made, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.without_backend
def test_a_taken_port_is_said_in_a_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["app", "--port", str(port)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and f"port {port}: the port is taken" in lines[0]


@pytest.mark.without_backend
def test_two_models_of_one_name_are_refused(capsys, tmp_path, run):
    shutil.copytree(run, tmp_path / "wave")
    assert main(["app", str(tmp_path / "wave")]) == 2
    assert "Two models are called wave" in capsys.readouterr().err


@pytest.mark.without_backend
def test_without_gradio_the_extra_is_named(capsys, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("kerasgan.app")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert main(["app"]) == 2
    assert 'pip install "kerasgan[app]"' in capsys.readouterr().err


@pytest.mark.without_backend
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_browser_shows_the_page_and_asks_nobody_else(address, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api")
    options = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync"
    options += " --disable-background-networking --disable-component-update"
    asked = set()
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch_persistent_context(
            tmp_path, executable_path=CHROMIUM, args=options.split(), headless=True
        )
        page = browser.new_page()
        page.on("request", lambda request: asked.add(request.url))
        page.goto(address)
        for tab in ("Enlarge", "Fill", "Detect", "Stylise", "Listen", "Table", "Generate"):
            page.get_by_role("tab", name=tab, exact=True).click()
        panel = page.locator("[role=tabpanel]:visible")
        panel.get_by_role("button", name="Generate", exact=True).click()
        panel.locator("a[download]").wait_for()
        assert panel.get_by_text("Licence: ").is_visible()
        browser.close()
    others = {url for url in asked if not url.startswith((address, "data:", "blob:"))}
    assert asked and not others
    assert not re.findall(
        r"(?:src|href)=\"https?:", urllib.request.urlopen(address).read().decode()
    )

"""The page: its tabs, what each asks for, and the server that shows it."""

import contextlib
import os
import tempfile

import gradio
from PIL import Image

from kerasgan.app.answers import LARGEST, UNREADABLE, Answers, refuse
from kerasgan.app.entries import Entries

# What a tab is called, what it says of itself, and what can be asked of its models: the arguments
# of their verb.
TABS = {
    "generate": (
        "Generate",
        "New samples of what a model has learnt.",
        ("n", "labels", "truncation", "seed"),
    ),
    "upscale": ("Enlarge", "A photograph several times as large.", ("strength",)),
    "translate": (
        "Translate",
        "A picture of one kind turned into one of another.",
        ("style", "seed", "backward"),
    ),
    "inpaint": ("Fill", "Draw over what is to go from a picture: all else stays as it is.", ()),
    "enhance": (
        "Enhance",
        "A clean picture of a poor one. What it adds looks real and may be made up: not for "
        "diagnosis.",
        (),
    ),
    "segment": (
        "Segment",
        "What a model has learnt to find, in white. Not for diagnosis.",
        ("threshold",),
    ),
    "detect": (
        "Detect",
        "Whether a picture says that a model made it, and how probable that is by its pixels. A "
        "detector errs, most on models that it has not seen: it proves nothing.",
        (),
    ),
    "stylize": ("Stylise", "A photograph in the manner of a painting.", ("style", "strength")),
    "listen": ("Listen", "New sounds and new music.", ("n", "labels", "seed")),
    "table": ("Table", "New rows of a table.", ("n", "seed")),
}
# What a tab begins with, if not with its first.
PREFERRED = ("inpaint_photos", "srgan_x4")
MOST = {"generate": 64, "listen": 16, "table": 1000}
SOURCES = ["upload", "clipboard"]
LARGEST_FILE = "32mb"
AT_ONCE, WAITING = 2, 32
# Seconds between looks for old files, and until one is old.
CLEANING = (600, 3600)
# Of 28 pixels little could be seen.
STYLE = """
.result .image-frame, .result img { width: 100%; }
.result img { max-height: 60vh; object-fit: contain; }
"""


def build(sources=()):
    """The page, a `gradio.Blocks` to launch.

    Args:
        sources: List of what to offer beside the zoo, each as `kerasgan.zoo.load` takes it.

    Raises:
        ValueError: If one is no entry, or two have the same name.

    Example:

    ```python
    from kerasgan.app import build

    build(["runs/mine"]).launch()
    ```
    """
    entries = Entries(sources)
    answers = Answers(entries)
    with gradio.Blocks(title="kerasgan", analytics_enabled=False, delete_cache=CLEANING) as page:
        gradio.Markdown("# kerasgan\nPictures and sounds that are made here say so in their files.")
        for verb, (title, intro, asked) in TABS.items():
            if names := entries.names(verb):
                with gradio.Tab(title):
                    gradio.Markdown(intro)
                    _fill_tab(page, verb, title, names, asked, entries, getattr(answers, verb))
    return page.queue(max_size=WAITING)


@contextlib.contextmanager
def serving(sources=(), host="127.0.0.1", port=None):
    """Serve the page inside this context, which gives its address.

    Args:
        sources: As of `build`.
        host: The address that it is reached at; "0.0.0.0" lets other machines in.
        port: By default the first free one from 7860 on.

    Raises:
        ValueError: As `build`.
        OSError: If the port is taken.

    Example:

    ```python
    from kerasgan.app import serving

    with serving(["runs/mine"]) as address:
        input(f"Open {address} in a browser. Enter ends it. ")
    ```
    """
    limit = Image.MAX_IMAGE_PIXELS
    with tempfile.TemporaryDirectory() as folder:
        # All that Gradio hands out files of; by default every page of a machine shares one.
        os.environ["GRADIO_TEMP_DIR"] = folder
        # Pillow opens no picture of more than twice as many pixels.
        Image.MAX_IMAGE_PIXELS = LARGEST // 2
        page = build(sources)
        try:
            try:
                _, address, _ = page.launch(
                    server_name=host,
                    server_port=port,
                    theme=gradio.themes.Base(font="system-ui", font_mono="monospace"),
                    css=STYLE,
                    max_file_size=LARGEST_FILE,
                    footer_links=[],
                    run_history=False,
                    ssr_mode=False,
                    share=False,
                    quiet=True,
                    prevent_thread_lock=True,
                )
            except OSError as error:
                raise OSError(
                    f"The page cannot be served at {host}, port {port or '7860 to 7959'}: the port "
                    "is taken, or the address is none of this machine. Give another."
                ) from error
            yield address
        finally:
            page.close(verbose=False)
            Image.MAX_IMAGE_PIXELS = limit
            del os.environ["GRADIO_TEMP_DIR"]


def _fill_tab(page, verb, title, names, asked, entries, answer):
    """What a tab asks for, what it shows, and the button between the two."""
    with gradio.Row():
        with gradio.Column():
            given = [] if verb in MOST else [_upload(verb)]
            first = next((name for name in names if name in PREFERRED), names[0])
            model = gradio.Dropdown(names, value=first, label="Model")
            controls, blocks = {}, {}
            for key in asked:
                # Shown as a whole, for Gradio makes anew a component that is changed.
                with gradio.Column(visible=False) as blocks[key]:
                    controls[key] = _control(key, verb)
            button = gradio.Button("Generate" if verb in MOST else title, variant="primary")
        with gradio.Column():
            made = _results(verb)
            about = gradio.Markdown()

    def show(name):
        """What the page says of a model, and what it shows to be asked for."""
        entry = entries[name]
        shown = {about: entry.about}
        shown |= {block: gradio.update(visible=key in entry.asks) for key, block in blocks.items()}
        if "labels" in asked:
            words = entries.model(name).labels.words() if "labels" in entry.asks else []
            shown[controls["labels"]] = gradio.update(choices=words, value=[])
        if verb == "listen":
            shown[made[0]] = gradio.update(visible=not entry.is_music)
        return shown

    options = {"concurrency_limit": AT_ONCE, "concurrency_id": "models"}
    gradio.on(
        [page.load, model.change],
        show,
        model,
        [about, *blocks.values(), made[0], *([controls["labels"]] if "labels" in asked else [])],
        api_visibility="private",
        show_progress="hidden",
        **options,
    )
    button.click(answer, [*given, model, *controls.values()], made, api_name=verb, **options)


def _upload(verb):
    """Where a visitor puts a picture, and draws over it to have it filled."""
    if verb != "inpaint":
        return _picture("Picture")
    return _refusing(
        gradio.ImageEditor(
            type="pil",
            format="png",
            label="Picture",
            sources=SOURCES,
            transforms=(),
            layers=gradio.LayerOptions(disabled=True),
            brush=gradio.Brush(colors=["#ff2e93"], color_mode="fixed"),
        )
    )


def _picture(label):
    return _refusing(
        gradio.Image(
            type="filepath",
            image_mode=None,
            label=label,
            sources=SOURCES,
        )
    )


def _refusing(component):
    """A component that refuses in a sentence what is no picture, or too large a one.

    Not by a subclass: Gradio writes a stub file beside the source of one.
    """
    read = component.preprocess

    def preprocess(payload):
        try:
            return read(payload)
        except Image.DecompressionBombError:
            refuse(
                f"The picture has more than {LARGEST / 1e6:g} megapixels. Make it smaller first."
            )
        except Exception:  # Pillow's plugins raise all kinds
            refuse(UNREADABLE)

    component.preprocess = preprocess
    return component


def _control(key, verb):
    """What asks for an argument of a verb."""
    match key:
        case "n":
            most = MOST[verb]
            return gradio.Slider(1, most, min(16, most), step=1, precision=0, label="Number")
        case "seed":
            return gradio.Number(
                0,
                minimum=0,
                precision=0,
                label="Seed",
                info="The same number gives the same, another something else.",
            )
        case "labels":
            return gradio.Dropdown(
                multiselect=True,
                allow_custom_value=True,
                label="Labels",
                info="Classes are taken in turn, attributes and conditions hold for all. Without "
                "any they are drawn.",
            )
        case "truncation":
            return gradio.Slider(
                0, 1, 1, label="Truncation", info="Less: fewer poor samples, and less variety."
            )
        case "strength":
            info = (
                "From 0, faithful, to 1." if verb == "upscale" else "From 0, the photograph, to 1."
            )
            return gradio.Slider(0, 1, 1, label="Strength", info=info)
        case "style":
            return _picture("Style")
        case "backward":
            return gradio.Checkbox(label="Backward: targets into sources")
        case "threshold":
            return gradio.Checkbox(label="How probable it is, in place of a mask")


def _results(verb):
    """What shows the result, and the file to keep."""
    if verb == "detect":
        return [gradio.Markdown()]
    shown = []
    if verb == "listen":
        shown.append(gradio.Audio(label="Sound", interactive=False, buttons=["download"]))
    if verb == "table":
        shown.append(gradio.Dataframe(label="Rows", interactive=False))
    else:
        shown.append(
            gradio.Image(
                label="Result", interactive=False, buttons=["fullscreen"], elem_classes="result"
            )
        )
    return [*shown, gradio.File(label="Download", interactive=False)]

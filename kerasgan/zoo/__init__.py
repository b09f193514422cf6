"""Trained models by name.

```python
model = kerasgan.zoo.load("dcgan_celeba")
faces = model.generate(16, seed=0)
```
"""

import os
import tempfile
from typing import TYPE_CHECKING

from kerasgan.zoo import integrity, store

if TYPE_CHECKING:  # both take seconds to import
    import numpy as np

    from kerasgan.engine.model import AdversarialModel

__all__ = ["evaluate", "hugging_face_card", "info", "list", "load", "push", "save", "train"]


def list():
    """Names of the entries that come with the package, sorted."""
    return store.names()


def info(name: str | os.PathLike):
    """The card of an entry: what it is, data, training, figures, licence, limits.

    Args:
        name: As in `load`.

    Returns:
        Dict.
    """
    return integrity.read_card(store.find(name))


def hugging_face_card(name: str | os.PathLike):
    """The card of an entry as the `README.md` of a Hugging Face repository, a string."""
    from kerasgan.zoo.card import to_hugging_face

    return to_hugging_face(info(name))


def load(name: str | os.PathLike, revision: str | None = None, token: str | None = None):
    """A trained model, ready to `generate` and to go on with `fit`.

    Args:
        name: The name of an entry (see `list`), a folder that holds one, the run folder
            of `kerasgan train`, or an address: `hf://user/repo`,
            `kaggle://user/model/framework/variation`, `https://…` of an archive.
        revision: Of an `hf://` address: branch, tag or commit; by default `"main"`.
        token: Of an `hf://` address that is private; by default `HF_TOKEN`, or what
            `hf auth login` keeps.

    Returns:
        A model of `kerasgan.models`. Its generator starts from the averaged weights, its
        optimizers from zero at the paper's learning rates: to keep more of what it has learned,
        `compile` it with lower ones before `fit`. What `save` then writes has the recipe that it
        is given, or none; `train` with `start` writes one.

    Raises:
        ValueError: On an unknown name, or an entry that is damaged, of a newer format,
            another library's, or that holds a class that is not registered; the message
            names the file. No code from an entry is run.
        FileNotFoundError: If a file of the entry is missing.
        ImportError, ConnectionError: If it cannot be fetched.

    Example:

    ```python
    kerasgan.zoo.load("dcgan_celeba").generate(16, seed=0)
    ```
    """
    from kerasgan.zoo.entry import load_entry

    model = load_entry(store.find(name, revision, token))
    model.is_loaded = True
    return model


def save(model, folder: str | os.PathLike, card: dict | None = None, recipe: dict | None = None):
    """Write a trained model as an entry that `load` takes.

    Weights are stored in half precision where that changes no pixel of the reference
    pictures by more than one grey level, and in full where it does. The folder appears
    whole or not at all.

    Args:
        model: A model of `kerasgan.models`.
        folder: Path of the entry; must not exist, or be an entry, which is replaced.
        card: Dict of what to say about it: `summary`, `data`, `licence`, `training`, …
        recipe: Dict of how it was trained: see `train`.

    Returns:
        The folder's path.

    Raises:
        TypeError: If `model` is none of kerasgan.
        ValueError: If `folder` exists and is no entry.

    Example:

    ```python
    kerasgan.zoo.save(model, "my_model", card={"data": "my photographs"})
    kerasgan.zoo.load("my_model").generate(4)
    ```
    """
    from kerasgan.zoo.entry import save_entry

    return save_entry(model, folder, card, recipe)


def push(
    model: "str | os.PathLike | AdversarialModel",
    address: str,
    token: str | None = None,
    private: bool = False,
):
    """Put an entry on the Hugging Face Hub, where `load(address)` finds it.

    Its card becomes the repository's `README.md`, in place of one that is there. Weights carry the
    terms of the data that they were trained on, which that says too: whether they may be published
    is for you to know.

    Args:
        model: A model of `kerasgan.models`; or an entry, as in `load`.
        address: `hf://user/repo`; the repository is made if there is none.
        token: One that may write; by default `HF_TOKEN`, or what `hf auth login` keeps.
        private: Make a repository that only you can see, if there is none.

    Returns:
        The address of its page.

    Raises:
        ValueError: On another address, or an entry that is damaged.
        ImportError, ConnectionError: If it cannot be pushed.

    Example:

    ```python
    kerasgan.zoo.push("runs/mine", "hf://me/my-pictures", private=True)
    ```
    """
    from kerasgan.zoo import hub

    if isinstance(model, (str, os.PathLike)):
        return hub.push(store.find(model), address, token, private)
    with tempfile.TemporaryDirectory() as folder:
        entry = save(model, os.path.join(folder, address.rpartition("/")[2]))
        return hub.push(entry, address, token, private)


def train(
    name: str,
    data: "str | os.PathLike | np.ndarray",
    /,
    out: str | os.PathLike | None = None,
    devices: int | None = None,
    **tables: object,
) -> "AdversarialModel":
    """Train a recipe on pictures: of a model by name, a zoo entry's, or one of your own.

    A recipe is TOML whose keys are the arguments of functions and classes of this package:
    `kerasgan train NAME --explain` prints those of a name.

    Args:
        name: A model: `"gan"`, `"wgan_gp"`, `"pix2pix"`, … (`kerasgan.models.MODELS`); a builder
            of its networks: `"dcgan"`, `"mlp"`, `"resnet"` (a `gan` of them); an entry, as in
            `load`, or a run folder; or the path of a `.toml` file.
        data: What the model learns from, the first argument of `kerasgan.datasets.load`,
            `load_pairs` or `load_photographs`: a folder, say.
        out: Run folder; by default `runs/<name>`. If it holds an unfinished run of the
            same recipe, training goes on there.
        devices: Over how many of this machine's devices, on JAX; by default one. On PyTorch
            `torchrun` starts a process for each, which calls this.
        **tables: What to change of the recipe: `data`, `networks`, `model`, `optimizers` and
            `fit`, dicts; `seed`; `stages`; `start`, an entry whose weights training starts from,
            as in `load`, or `"zoo"` for `name` itself, in place of all stages but the last; and
            `frozen`, a dict from a network to the number of its layers, from the input on, that
            stay as they are there (FreezeD, Mo et al. 2020, arXiv:2002.10964).

    Returns:
        The trained model. The run folder holds the entry that `load` takes.

    Raises:
        ValueError: On a recipe that cannot be, before data is read; if there are fewer devices.

    Example:

    ```python
    zoo.train("dcgan", "photos", networks={"width": 32}, fit={"epochs": 50})
    zoo.train("dcgan_celeba", "faces", start="zoo", frozen={"discriminator": 2})
    ```
    """
    from kerasgan.zoo import training

    return training.train(name, data, out, tables, devices)


def evaluate(
    name: str | os.PathLike,
    data: str | os.PathLike,
    features: str | os.PathLike | None = None,
    n: int = 10_000,
    seed: int = 0,
    crop: int | None = None,
    neighbours: str | os.PathLike | None = None,
    training: str | os.PathLike | None = None,
    target: str | None = None,
    diagrams: str | os.PathLike | None = None,
):
    """Figures of a model's samples beside real ones.

    Of images beside those that it was trained on: Fréchet and kernel distance, precision and
    recall, density and coverage, and how near the samples are to their nearest training picture,
    against how near those are to each other (1 for new samples, 0 for copies): see
    `kerasgan.metrics`. Of sounds that last one and `diversity`, how far samples of one label lie
    apart over how far real ones do, both by mel spectrograms; and with a classifier as `features`
    the Inception Score, how often it hears the label that was asked for, and, of more samples than
    it has features, the Fréchet distance of these. Of music what `kerasgan.metrics` counts in it,
    each beside the same of the music in `data`, and how near samples are to that, in any key. Of a
    table beside rows that it was not trained on: how like columns and pairs of them are, how useful
    the rows are for classifiers, and how near to those of training: see
    `kerasgan.metrics.TableQuality`. Of series how well a classifier tells them from those of the
    data, and how well what learns from them foretells these: see `kerasgan.metrics.SeriesQuality`.
    Of fields how far spectra, gradients and the maps of mean and deviation are from those of the
    data, beside those of two halves of these, under the same conditions; of lattices of `spin` with
    a `temperature` also magnetisation, energy and susceptibility.
    Of sequences beside some that it was not trained on: how far spectra of 3 to 6 tokens are apart,
    beside those of two halves of the real ones; of DNA the share of G and C; and whether any is a
    copy. Of texts of words BLEU and self-BLEU, beside those of real ones; of molecules how many are
    valid, different and new, and how far their properties are from real ones'.

    Args:
        name: As in `load`, of a model that makes images, sounds, music, series, fields, sequences
            or rows of a table.
        data: As in `kerasgan.datasets.load`, `load_sounds`, `load_music`, `load_table`,
            `load_series`, `load_fields` or `load_sequences`. Of images all of it is searched for
            the nearest picture; the other figures compare `n` of its pictures, or all if there are
            fewer.
        features: Path of the feature network: a `.keras` file of a network of images in
            [-1, 1], whose last layer is left out if it is dense; or an `.npz` of the weights
            of FID's Inception, as `kerasgan.metrics.inception_network` takes it. By default
            `kerasgan.metrics.default_features`, which comes with kerasgan; figures compare
            only with figures of the same network. Of sounds a `.keras` classifier from sounds in
            [-1, 1] `(batch, length, 1)` to logits; by default none.
        n: Number of samples, 4 or more.
        seed: Integer, of the samples and of what is drawn of the pictures.
        crop: As in `kerasgan.datasets.load`.
        neighbours: Path of a picture to write: of the first 1,000 samples the eight that are
            nearest to a training picture, above these; of sounds and of music each beside it.
        training: Of a table the rows that it was trained on: what tells whether they are copied,
            and how useful they are themselves. Of sequences those, to look for copies.
        target: Of a table the column that classifiers tell from the others; by default the last
            one, if it is one of categories.
        diagrams: Of a table the path of a picture to write: how often each value of a column is,
            real in grey beside synthetic in blue; of series curves of each variable.

    Returns:
        Dict of the figures and of what they were measured with.

    Raises:
        ValueError: On a model that draws neither, or a file that is no feature network.

    Example:

    ```python
    figures = kerasgan.zoo.evaluate("runs/mine", "photos", features="network.keras")
    ```
    """
    from kerasgan.zoo.evaluation import evaluate

    options = {"features": features, "crop": crop, "neighbours": neighbours}
    options |= {"training": training, "target": target, "diagrams": diagrams}
    return evaluate(name, data, n, seed, **options)

"""Models saved and loaded; entries that are damaged, foreign or hostile."""

import json
import shutil
import sys
import tomllib
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image
from tiny import SHAPE, images, mlp_gan, rich_gan

from kerasgan import zoo
from kerasgan.models import GAN
from kerasgan.networks import dcgan
from kerasgan.zoo import integrity, store
from kerasgan.zoo.card import to_hugging_face


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return zoo.save(mlp_gan(), tmp_path_factory.mktemp("zoo") / "entry", {"summary": "A test."})


@pytest.fixture
def entry(saved, tmp_path):
    """An entry that a test may damage."""
    return Path(shutil.copytree(saved, tmp_path / "entry"))


def change_card(folder, **changes):
    card = tomllib.loads((folder / "card.toml").read_text()) | changes
    integrity.write_card(folder, card)


def relist(folder):
    """Write the sums of files as they are now, as somebody hostile would."""
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": integrity.sha256(path)}
        for path in folder.iterdir()
        if path.name != "card.toml"
    }
    change_card(folder, files=files)


def serialized(thing):
    return keras.saving.serialize_keras_object(thing)


def apart(one, other):
    assert one.shape == other.shape and one.dtype == other.dtype
    return np.abs(one.astype("float32") - other.astype("float32")).max()


# Saving and loading


@keras.saving.register_keras_serializable("tests")
class Halved(layers.Layer):
    def call(self, x):
        return x / 2


@keras.saving.register_keras_serializable("tests")
def bent(x):
    return ops.tanh(x) * 0.9


@keras.saving.register_keras_serializable("tests")
class OwnGAN(GAN):
    def __init__(self, generator, discriminator, sharpness=1.0, **options):
        super().__init__(generator, discriminator)
        self.sharpness = sharpness

    def get_config(self):
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        return {k: serialized(n) for k, n in networks.items()} | {"sharpness": self.sharpness}


def own_networks():
    z = keras.Input((4,))
    x = layers.Dense(64, activation=bent, kernel_regularizer=keras.regularizers.L2(0.1))(z)
    x = ops.reshape(Halved()(x) + 0.1, (-1, *SHAPE))
    pixels = keras.Input(SHAPE)
    y = layers.SpectralNormalization(layers.Conv2D(4, 3, activation="gelu"))(pixels)
    y = layers.Dense(1)(layers.GlobalAveragePooling2D()(y))
    return keras.Model(z, x), keras.Model(pixels, y)


MODELS = {
    "mlp": mlp_gan,
    "batch statistics": rich_gan,
    "convolutions": lambda: GAN(*dcgan((16, 16, 3), latent_dim=4, width=4)),
    "own networks": lambda: GAN(*own_networks()),
    "own model": lambda: OwnGAN(*own_networks(), sharpness=0.25),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_loaded_model_makes_the_pictures_that_it_made(make, tmp_path):
    model = make()
    before = model.generate(8, seed=3)
    assert zoo.save(model, tmp_path / "entry") == tmp_path / "entry"
    assert apart(model.generate(8, seed=3), before) == 0
    loaded = zoo.load(tmp_path / "entry")
    assert type(loaded) is type(model)
    assert apart(loaded.generate(8, seed=3), before) <= 1
    assert integrity.read_card(tmp_path / "entry")["precision"] == "float16"
    height, width, _ = model.sample_shape
    with Image.open(tmp_path / "entry" / "sample.png") as picture:
        assert picture.size == (8 * width, 8 * height)
    if isinstance(model, OwnGAN):
        assert loaded.sharpness == 0.25


def test_a_model_of_points_is_saved_as_exactly_as_one_of_pictures(tmp_path):
    model = mlp_gan(shape=(2,))
    before = model.generate(100, seed=3)
    folder = zoo.save(model, tmp_path / "entry")
    assert apart(zoo.load(folder).generate(100, seed=3), before) <= np.ptp(before) / 255
    assert (folder / "sample.png").exists()


def test_the_averaged_generator_is_what_is_kept(tmp_path):
    model = rich_gan()
    model.compile(generator_optimizer=keras.optimizers.SGD(1.0))
    model.fit(images(12), batch_size=4, verbose=0)
    loaded = zoo.load(zoo.save(model, tmp_path / "entry"))
    averaged = model.averaged_generator.get_weights()
    assert max(apart(a, b) for a, b in zip(averaged, model.generator.get_weights())) > 0.01
    for network in (loaded.generator, loaded.averaged_generator):
        for a, b in zip(averaged, network.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-6)
    for a, b in zip(model.discriminator.get_weights(), loaded.discriminator.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-6)


def lost_in_half(model):
    """A bias that a constant unit takes away again, but for less than a half's last bit."""
    kernel, bias, last, last_bias = model.generator.get_weights()
    kernel[:, 0], bias[0], last[0] = 0, 1, -999.83
    return [kernel, bias, last, last_bias + 1000.37]


def too_large_for_half(model):
    kernel, bias, last, last_bias = model.generator.get_weights()
    return [kernel * 1e6, bias, last / 1e6, last_bias]


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("weights", [lost_in_half, too_large_for_half])
def test_weights_that_half_precision_would_spoil_are_kept_in_full(weights, tmp_path):
    model = mlp_gan()
    model.averaged_generator.set_weights(weights(model))
    before = model.generate(8, seed=3)
    zoo.save(model, tmp_path / "entry")
    assert zoo.info(tmp_path / "entry")["precision"] == "float32"
    loaded = zoo.load(tmp_path / "entry")
    for a, b in zip(weights(model), loaded.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert apart(loaded.generate(8, seed=3), before) <= 1


@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_a_loaded_model_goes_on_without_being_compiled(saved, method):
    model = zoo.load(saved)
    before = model.generator.get_weights()
    getattr(model, method)(images(8), batch_size=4, verbose=0)
    moved = max(apart(a, b) for a, b in zip(before, model.generator.get_weights()))
    # Adam moves every weight by its learning rate at first.
    assert 1e-4 < moved < 1e-3 if method == "fit" else moved == 0


def test_saving_amid_a_fit(tmp_path):
    class Save(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            zoo.save(self.model, tmp_path / "entry")
            self.seen = self.model.generate(4, seed=0)

    callback = Save()
    mlp_gan().fit(images(8), epochs=2, batch_size=4, verbose=0, callbacks=[callback])
    assert apart(zoo.load(tmp_path / "entry").generate(4, seed=0), callback.seen) <= 1


def test_what_was_measured_has_the_last_word(saved, tmp_path):
    card = zoo.info(saved) | {"precision": "int8", "files": {}, "licence": "CC0"}
    zoo.save(mlp_gan(), tmp_path / "entry", card, recipe={"epochs": 3})
    new = integrity.check(tmp_path / "entry")
    assert new["precision"] == "float16" and "recipe.toml" in new["files"]
    assert (new["licence"], new["summary"]) == ("CC0", "A test.")
    assert new["parameters"] == {"discriminator": 529, "generator": 616}


def test_a_save_that_fails_leaves_the_old_entry_and_nothing_else(saved, entry, tmp_path):
    before = {path.name: path.read_bytes() for path in entry.iterdir()}
    with pytest.raises(TypeError):
        zoo.save(mlp_gan(seed=2), entry, {"summary": object()})
    assert {path.name: path.read_bytes() for path in entry.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["entry"]
    zoo.save(mlp_gan(seed=2), entry)
    assert [path.name for path in tmp_path.iterdir()] == ["entry"]
    assert apart(zoo.load(entry).generate(4, seed=0), zoo.load(saved).generate(4, seed=0)) > 1


def test_only_an_entry_or_an_empty_folder_is_replaced(entry, tmp_path):
    (tmp_path / "photographs").mkdir()
    (tmp_path / "photographs" / "a.jpg").touch()
    (tmp_path / "file").write_text("precious")
    change_card(entry, library="another")
    for place in (tmp_path / "photographs", tmp_path / "file", entry):
        with pytest.raises(ValueError, match=f"{place.name} exists and is no entry"):
            zoo.save(mlp_gan(), place)
    assert (tmp_path / "file").read_text() == "precious"
    (tmp_path / "empty").mkdir()
    assert zoo.load(zoo.save(mlp_gan(), tmp_path / "empty")).latent_dim == 4


# Names


def test_names_and_folders(saved, tmp_path, monkeypatch):
    for name in ("dcgan_faces", "dcgan_digits", "gan_digits"):
        shutil.copytree(saved, tmp_path / "shipped" / name)
    monkeypatch.setattr(store, "shipped", lambda: tmp_path / "shipped")
    assert zoo.list() == ["dcgan_digits", "dcgan_faces", "gan_digits"]
    assert zoo.info("gan_digits")["summary"] == "A test."
    with pytest.raises(ValueError, match="dcgan_face'. Did you mean dcgan_faces"):
        zoo.load("dcgan_face")
    with pytest.raises(ValueError, match="'zzz'. Entries: dcgan_digits, dcgan_faces, gan_digits"):
        zoo.load("zzz")
    # The run folder of `kerasgan train` holds the entry inside.
    shutil.copytree(saved, tmp_path / "run" / "entry")
    monkeypatch.setenv("HOME", str(tmp_path))
    for place in (str(saved), saved, tmp_path / "run", "~/run"):
        assert zoo.info(place)["library"] == "kerasgan"
    with pytest.raises(FileNotFoundError, match="shipped is no kerasgan entry"):
        zoo.load(tmp_path / "shipped")


def test_a_card_for_hugging_face(saved):
    front, text = zoo.hugging_face_card(saved).split("---\n", 2)[1:]
    values = dict(line.split(": ", 1) for line in front.splitlines())
    assert json.loads(values["library_name"]) == "kerasgan"
    assert "gan" in json.loads(values["tags"])
    assert "A test." in text and "sha256" not in text


@pytest.mark.parametrize(
    ("card", "licence", "tag", "figure"),
    [
        ({"licence": "MIT (Xiao 2017)"}, "mit", "unconditional-image-generation", None),
        ({"licence": "Research only"}, "other", "unconditional-image-generation", None),
        ({"licence": "CC BY 4.0", "modality": "audio"}, "cc-by-4.0", "text-to-audio", None),
        (
            {"licence": "CC0", "verb": "upscale", "metrics": {"set5": {"psnr": 31.2345}}},
            "cc0-1.0",
            "image-to-image",
            {"type": "psnr", "name": "Set5: PSNR in dB", "value": 31.23},
        ),
    ],
)
def test_what_hugging_face_reads_of_a_card(card, licence, tag, figure):
    page = to_hugging_face({"model": "GAN", "name": "a"} | card, "me/a")
    lines = [line.split(": ", 1) for line in page.split("---\n")[1].splitlines()]
    values = {key: json.loads(value) for key, value in lines}
    assert (values["license"], values["pipeline_tag"]) == (licence, tag)
    assert ("license_link" in values) == (licence == "other")
    assert f"## Licence\n\n{card['licence']}\n" in page and 'load("hf://me/a")' in page
    measured = values.get("model-index", [{"results": [{"metrics": [None]}]}])
    assert measured[0]["results"][0]["metrics"] == [figure]


# Damage


def cut(folder):
    path = folder / "generator.npz"
    path.write_bytes(path.read_bytes()[:-10])


def flip_a_bit(folder):
    path = folder / "discriminator.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def link(folder):
    path = folder / "generator.npz"
    path.rename(folder.parent / "generator.npz")
    path.symlink_to(folder.parent / "generator.npz")


def list_outside(name):
    def damage(folder):
        target = folder / name
        if not target.exists():
            target.write_text("x")
        outside = {"bytes": target.stat().st_size, "sha256": integrity.sha256(target)}
        files = integrity.read_card(folder)["files"]
        change_card(folder, files=files | {name: outside})

    return damage


def write(name, content):
    def damage(folder):
        (folder / name).write_bytes(content)
        relist(folder)

    return damage


def arrays(name, array):
    def damage(folder):
        np.savez(folder / name, a=array)
        relist(folder)

    return damage


def without_a_player(folder):
    (folder / "discriminator.npz").unlink()
    relist(folder)


class Trap:
    """Calls `touch` as it is unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path("unpickled"),))


def change(**changes):
    return lambda folder: change_card(folder, **changes)


DAMAGE = {
    "missing": (lambda f: (f / "config.json").unlink(), "config.json is missing"),
    "no card": (lambda f: (f / "card.toml").unlink(), "it has no card.toml"),
    "cut": (cut, "generator.npz has .* truncated"),
    "flipped": (flip_a_bit, "discriminator.npz is damaged"),
    "link": (link, "card.toml lists 'generator.npz', which is not a file of its own"),
    "above": (list_outside("../x"), r"card.toml lists '../x'"),
    "absolute": (list_outside("/etc/hosts"), "card.toml lists '/etc/hosts'"),
    "newer": (change(format=3), "card.toml has format 3.*pip"),
    "format 0": (change(format=0), "card.toml has format 0"),
    "format true": (change(format=True), "card.toml has format True"),
    "no format": (change(format="1"), "card.toml has format '1'"),
    "library": (change(library="x"), "card.toml belongs to.*'x'"),
    "no files": (change(files={}), "card.toml lists no config.json"),
    "a list": (change(files=["a"]), "card.toml: `files`"),
    "no sums": (
        change(files={"config.json": {}, "generator.npz": {}}),
        "bytes and sha256 .*config.json",
    ),
    "TOML": (lambda f: (f / "card.toml").write_text("= 3"), "card.toml is not valid TOML"),
    "bytes": (lambda f: (f / "card.toml").write_bytes(b"\xff"), "card.toml is not valid TOML"),
    "JSON": (write("config.json", b"{"), "config.json is not valid JSON"),
    "deep": (write("config.json", b"[" * 10**5), "config.json is not valid JSON"),
    "no model": (write("config.json", b"[1]"), "config.json cannot be built"),
    "another": (
        write("config.json", json.dumps(serialized(layers.ReLU())).encode()),
        "config.json holds a ReLU",
    ),
    "shapes": (
        arrays("generator.npz", np.zeros((3, 3))),
        r"generator.npz does not fit config.json.*\(3, 3\)",
    ),
    "no zip": (write("discriminator.npz", b"x"), "discriminator.npz is no .npz file"),
    "pickle": (
        arrays("generator.npz", np.array([Trap()], dtype=object)),
        "generator.npz is no .npz file of plain arrays",
    ),
    "player": (without_a_player, "card.toml lists no discriminator.npz"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGE.values(), ids=DAMAGE)
def test_damage_gives_one_error_that_names_the_file(entry, damage, message, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    damage(entry)
    with pytest.raises((ValueError, FileNotFoundError), match=message) as caught:
        zoo.load(entry)
    assert str(entry) in str(caught.value)
    assert not Path("unpickled").exists()


# Configs that would run code


def names(module, name, **more):
    return {"module": module, "class_name": name, "config": {}, "registered_name": None, **more}


def code():
    layer = serialized(layers.Lambda(lambda x: x + 1))
    assert layer["config"]["function"]["class_name"] == "__lambda__"
    return layer


HOSTILE = {
    "a module": names("keras_nlp", "Layer"),
    "a file": names("trap", "Layer"),
    "a registered name": names("keras_nlp", "kerasgan>GAN"),
    "a type": names("keras_nlp", "__typespec__", spec_name="Layer"),
    "a lambda": code(),
    "a lambda alone": names("builtins", "__lambda__", config={"value": "x"}),
    "the older format": {"class_name": "Lambda", "config": {}, "registered_name": "kerasgan>GAN"},
    "a saved model": names("keras.layers", "TFSMLayer", config={"filepath": "trap"}),
    "a torch module": names("keras.layers", "TorchModuleWrapper"),
    "a jax function": names("keras.layers", "JaxLayer"),
    "a download": names("keras.utils", "get_file"),
    "a downloading activation": names("keras.utils", "function", config="get_file"),
    "a shell": names("os", "function", config="system", registered_name="system"),
    "unsafe mode": names("keras.config", "function", config="enable_unsafe_deserialization"),
    "a file of Keras": names("keras.src.trap", "Layer"),
    "a trainer": names("keras.src.backend.numpy.trainer", "NumpyTrainer"),
    "no string": names("keras.layers", ["Dense"]),
    "no function": names("builtins", "function", config=["relu"]),
}


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """Modules that leave a file behind when they are imported."""
    for name in ("keras_nlp", "trap"):
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'imported')!r}, 'w').close()\n"
            "import keras\nclass Layer(keras.layers.ReLU): pass\n"
        )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    modules = {*sys.modules}
    yield tmp_path / "imported"
    for name in {*sys.modules} - modules:
        if name in ("keras_nlp", "trap"):
            del sys.modules[name]


def test_the_trap_works(trap):
    keras.saving.deserialize_keras_object(HOSTILE["a module"])
    assert trap.exists()


@pytest.mark.parametrize("place", ["layer", "augmentation", "compiled"])
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_config_runs_no_code(entry, trap, hostile, place):
    config = json.loads((entry / "config.json").read_text())
    if place == "layer":
        config["config"]["generator"]["config"]["layers"][1] = hostile
    elif place == "augmentation":
        config["config"]["augmentation"] = hostile
    else:
        config["config"]["discriminator"]["compile_config"] = {"loss": hostile}
    (entry / "config.json").write_text(json.dumps(config))
    relist(entry)
    modules = {*sys.modules}
    with pytest.raises(ValueError, match="config.json names .*unknown here or could run code"):
        zoo.load(entry)
    assert not trap.exists()
    assert {*sys.modules} == modules


@pytest.mark.parametrize("missing", ["tests>Halved", "tests>bent"])
def test_what_is_not_registered_is_refused_by_name(tmp_path, monkeypatch, missing):
    folder = zoo.save(GAN(*own_networks()), tmp_path / "entry")
    monkeypatch.delitem(keras.saving.get_custom_objects(), missing)
    name = missing.removeprefix("tests>")
    with pytest.raises(ValueError, match=f"config.json names '.*{name}'.*register it with"):
        zoo.load(folder)


def test_what_only_training_needs_may_be_missing(entry):
    card = zoo.info(entry)
    assert card["files"]["discriminator.npz"]["training_only"] is True
    assert "training_only" not in card["files"]["generator.npz"]
    before = zoo.load(entry).generate(4, seed=0)
    (entry / "discriminator.npz").unlink()
    with pytest.warns(UserWarning, match="no discriminator.npz.*discriminator starts anew"):
        model = zoo.load(entry)
    assert apart(model.generate(4, seed=0), before) == 0
    model.fit(images(8), verbose=0)


@pytest.mark.without_backend
def test_what_is_no_model_is_not_saved(tmp_path):
    with pytest.raises(TypeError, match="must be a model of kerasgan.models. Received: Sequential"):
        zoo.save(keras.Sequential([keras.Input((2,))]), tmp_path / "entry")

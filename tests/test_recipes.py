"""Recipes: what they refuse, what they leave out, stages, and runs that go on."""

import csv
import tomllib
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from kerasgan import datasets, models, networks, penalties, recipes, zoo
from kerasgan.augment import DifferentiableAugmentation, InstanceNoise
from kerasgan.recipes import objects, run, signature
from kerasgan.zoo import store

TINY = {
    "data": {"image_shape": [8, 8, 3], "batch_size": 4},
    "networks": {"width": 3, "depth": 1, "latent_dim": 2},
    "fit": {"epochs": 1},
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "noise"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (6, 24, 24, 3), "uint8")
    for i, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{i}.png")
    return folder


def full(text, **changes):
    return recipes.completed(recipes.merged(tomllib.loads(text), changes))


# What is refused


@pytest.mark.parametrize(
    "name, tables, message",
    [
        ("mlp", {"network": {"width": 3}}, "A recipe takes no 'network'. Did you mean 'networks'"),
        ("mlp", {"networks": {"widht": 3}}, "Did you mean 'width'.*latent_dim, width, depth"),
        ("mlp", {"networks": {"image_shape": [8, 8, 3]}}, "takes no 'image_shape'"),
        (
            "mlp",
            {"networks": {"builder": "unet"}},
            "builder takes no .unet.*dcgan, fastgan, fields, mlp",
        ),
        ("mlp", {"networks": 3}, "networks is a table"),
        ("mlp", {"networks": {"width": "wide"}}, "networks.width must be a whole number"),
        ("mlp", {"networks": {"width": 2.5}}, "networks.width must be a whole number"),
        ("mlp", {"data": {"flip": 1}}, "data.flip must be true or false. Received: 1"),
        ("mlp", {"data": {"batch_size": True}}, "data.batch_size must be a whole number"),
        ("mlp", {"data": {"image_shape": [8, 8]}}, "a list of 3, each a whole number"),
        ("mlp", {"data": {"source": "elsewhere"}}, "takes no 'source'"),
        ("mlp", {"model": {"generator": "mlp"}}, "takes no 'generator'"),
        ("mlp", {"model": {"name": "acgan", "labels": 3}}, "takes no 'labels'"),
        ("mlp", {"model": {"penalties": [penalties.R1()]}}, "holds numbers, texts.*Received: R1"),
        ("mlp", {"model": {"penalties": [{"class_name": "R3"}]}}, "no class 'R3'. Did you mean R"),
        ("mlp", {"model": {"penalties": [{"class_name": "R1", "wieght": 1}]}}, "mean 'weight'"),
        ("mlp", {"model": {"penalties": [{"weight": 1.0}]}}, "needs a class_name"),
        ("mlp", {"model": {"modality": {"class_name": "R1"}}}, "must be a table.*Modality"),
        ("mlp", {"optimizers": {"critic": {}}}, "takes no 'critic'.*discriminator, generator"),
        ("mlp", {"optimizers": {"generator": {"momentum": 0.1}}}, "takes no 'momentum'"),
        ("mlp", {"optimizers": {"generator": {"class_name": "Adm"}}}, "Did you mean Adam"),
        ("mlp", {"optimizers": {"generator": {"beta_1": "high"}}}, "beta_1 must be a number"),
        (
            "mlp",
            {"optimizers": {"generator": {"learning_rate": {"class_name": "CosineDecay"}}}},
            "of CosineDecay, needs initial_learning_rate",
        ),
        ("mlp", {"fit": {"epochs": 0}}, "epochs must be at least 1"),
        ("mlp", {"fit": {"held_out": -1}}, "held_out must be 0 or more"),
        ("mlp", {"fit": {"callbacks": []}}, "takes no 'callbacks'. It takes: epochs, held_out"),
        ("mlp", {"seed": 1.5}, "seed must be an integer"),
        ("mlp", {"dtype": "float16"}, "dtype must be one of 'float32', .*Received: 'float16'"),
        ("mlp", {"stages": {"1": {"seed": 3}}}, "no stages"),
        ("srgan", {"stages": {"3": {"seed": 3}}}, "one of the recipe's 2 stages. Received: 3"),
        ("srgan", {"stages": {"1": {"fit": {"epoch": 3}}}}, "Stage 1: .*Did you mean 'epochs'"),
        ("srgan", {"stages": {"1": {"start": "previous"}}}, "Stage 1: start is"),
        ("srgan", {"stages": {"1": {"networks": {"discriminator": {}}}}}, "takes no 'discrimin"),
        ("pix2pix", {"networks": {"width": 3}}, "for each network of pix2pix, takes no 'width'"),
        ("pix2pix", {"networks": {"generator": {"builder": "dcgan"}}}, "takes no 'dcgan'"),
        ("pix2pix", {"data": {"source_half": "top"}}, "source_half must be 'left' or 'right'"),
    ],
)
def test_what_cannot_be_is_refused_before_data_is_read(name, tables, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        zoo.train(name, tmp_path / "absent", tmp_path / "run", **tables)
    assert not (tmp_path / "run").exists()


def test_a_recipe_of_an_earlier_version_is_named_as_one(tmp_path):
    (tmp_path / "recipe.toml").write_text('architecture = "dcgan"\nmodel = "gan"\n')
    with pytest.raises(ValueError, match="earlier version"):
        zoo.train(tmp_path, "absent")


def test_words_become_changes_as_toml_has_them():
    words = ["networks.width=32", "data.image_shape=[32, 32, 1]", "data.flip=False"]
    words += ["optimizers.generator.learning_rate=2e-4", "seed=3", "data.labels=a b.csv"]
    words += ["stages.1.fit.epochs=2", "model.augmentation=None"]
    assert recipes.changes_of(words, {}) == {
        "networks": {"width": 32},
        "data": {"image_shape": [32, 32, 1], "flip": False, "labels": "a b.csv"},
        "optimizers": {"generator": {"learning_rate": 2e-4}},
        "seed": 3,
        "stages": {"1": {"fit": {"epochs": 2}}},
        "model": {"augmentation": "none"},
    }
    for word in ("networks.width", "=3", "networks.=3"):
        with pytest.raises(ValueError, match="table.key=value"):
            recipes.changes_of([word], {})


# What is left out


@pytest.mark.parametrize("name", [*models.MODELS, "mlp", "resnet"])
def test_every_name_has_a_whole_recipe(name):
    recipe = recipes.completed(recipes.named(name))
    assert recipes.completed(recipe) == recipe
    assert recipe["data"]["batch_size"] >= 1
    assert recipe["fit"]["epochs"] == (300 if name == "tabular_gan" else 100)  # the paper's
    explained = tomllib.loads("\n".join(recipes.explained(recipes.named(name))))
    again = recipes.completed(explained)
    for table in {*again, *recipe} - {"optimizers"}:
        assert again.get(table) == recipe.get(table), table


def _tables(table):
    return [value for value in table.values() if isinstance(value, dict)]


@pytest.mark.parametrize("name", store.names())
def test_the_recipe_of_an_entry_builds_its_networks(name):
    card, parameters = zoo.info(name), {}
    recipe = recipes.completed(recipes.of_folder(store.find(name)))
    networks = recipe["networks"]
    if any(str(t.get("network")).endswith(".keras") for t in (networks, *_tables(networks))):
        pytest.skip("it is built around a feature network, a file of the user's")
    for stage, _ in recipes.stages(recipe):
        cls, data = models.MODELS[stage["model"]["name"]], stage["data"]
        if cls.door == "load_photographs":
            side = data["patch_size"]
            shapes = {n: (s, s, 3) for n, s in (("small", side // data["scale"]), ("large", side))}
        elif "size" in data:
            channels = [data.get(f"{n}_channels", 3) for n in cls.takes]
            channels = [1 if n == "mask" else n for n in channels]
            shapes = {n: (data["size"], data["size"], c) for n, c in zip(cls.takes, channels)}
        elif cls.door in (
            "load_table",
            "load_series",
            "load_sequences",
            "load_music",
            "load_fields",
        ):
            shapes = zoo.load(name).sample_shapes  # what its columns are is found in the data
        else:
            sample = tuple(data.get("image_shape") or (data["length"], 1))
            shapes = dict.fromkeys(cls.takes, sample)
            others = {"mask": (*sample[:2], 1)}
            if "labels" in cls.takes:
                # Where the recipe names none, they are found in the data.
                kinds = data.get("label_names", range(zoo.load(name).labels.dim))
                others["labels"] = (len(kinds),)
            shapes |= {name: shape for name, shape in others.items() if name in shapes}
        built = run.networks_of(stage, shapes)
        parameters |= {name: network.count_params() for name, network in built.items()}
    known = {k.replace("critic", "discriminator"): n for k, n in card["parameters"].items()}
    assert parameters.items() <= known.items()
    assert cls.__name__ == card["model"]


def test_none_is_written_where_the_default_is_another():
    assert full('model = {name = "wgan"}')["networks"]["discriminator_normalization"] == "none"
    recipe = full('model = {name = "gan", augmentation = "none"}', data={"crop": None})
    assert recipe["model"]["augmentation"] == "none" and "crop" not in recipe["data"]
    narrow = full('model = {name = "wgan"}', networks={"width": 2})
    built = run.networks_of(narrow, {"real": (16, 16, 1)})
    assert not any("batch" in layer.name for layer in built["discriminator"].layers)


def test_what_chooses_another_function_begins_its_table_anew():
    recipe = full('networks = {builder = "dcgan", kernel_size = 4}\nmodel = {name = "gan"}')
    changed = recipes.merged(recipe, {"networks": {"builder": "mlp"}, "fit": {"epochs": 3}})
    assert changed["networks"] == {"builder": "mlp"}
    assert changed["fit"]["epochs"] == 3 and changed["data"] == recipe["data"]
    rate = {"class_name": "CosineDecay", "initial_learning_rate": 1.0}
    table = {"optimizers": {"generator": {"learning_rate": rate}}}
    changed = recipes.merged(
        table, {"optimizers": {"generator": {"learning_rate": {"alpha": 0.1}}}}
    )
    assert changed["optimizers"]["generator"]["learning_rate"] == rate | {"alpha": 0.1}
    changed = recipes.merged(table, {"optimizers": {"generator": {"class_name": "SGD"}}})
    assert changed["optimizers"]["generator"] == {"class_name": "SGD"}


def test_objects_are_made_of_tables_and_given_the_seed():
    made = objects.instance(
        [
            {"class_name": "R1", "weight": 2.0},
            {"class_name": "InstanceNoise", "steps": 5},
            {"class_name": "DifferentiableAugmentation", "seed": 4},
            {"class_name": "CosineDecay", "initial_learning_rate": 0.5},
        ],
        seed=7,
        decay_steps=30,
    )
    penalty, noise, augmentation, rate = made
    assert isinstance(penalty, penalties.R1) and penalty.weight == 2.0
    assert isinstance(noise, InstanceNoise) and (noise.steps, noise.seed) == (5, 7)
    assert isinstance(augmentation, DifferentiableAugmentation) and augmentation.seed == 4
    assert rate.decay_steps == 30


def test_a_schedule_lasts_for_the_turns_of_its_player():
    rate = {"class_name": "CosineDecay", "initial_learning_rate": 0.5}
    tables = {"discriminator": {"learning_rate": rate}, "generator": {"class_name": "SGD"}}
    recipe = full('model = {name = "wgan_gp"}', optimizers=tables)
    made = networks.mlp((4, 4, 1), width=2)
    model = models.WGANGP(*made, discriminator_steps=3)
    found = run.optimizers_of(recipe, model, steps=10)
    discriminator, generator = found.values()
    assert discriminator._learning_rate.decay_steps == 30
    # What else the paper says is kept.
    assert (discriminator.beta_1, discriminator.beta_2) == (0.0, 0.9)
    assert isinstance(generator, keras.optimizers.SGD)


def test_what_docstrings_say_is_found():
    of_model = signature.texts(models.Pix2Pix)
    assert of_model["reconstruction_weight"] == "Float, λ."
    # Its own says no more than "As in …".
    assert of_model["ema_decay"].startswith("Float in [0, 1). Decay a step")
    of_builder = signature.texts(networks.dcgan)
    assert of_builder["width"].startswith("Channels next to the image")
    of_mlp = signature.texts(networks.mlp)
    assert of_mlp["label_dim"] == of_mlp["conditioning"]
    assert of_mlp["label_dim"].startswith("As in `dcgan`.")
    assert signature.texts(datasets.load)["labels"] == "None for images alone, or one of …"


# Training


def test_tables_reach_data_networks_model_and_optimizers(pictures, tmp_path):
    changes = {
        "seed": 3,
        "model": {
            "name": "gan",
            "penalties": [{"class_name": "R1", "weight": 2.0}],
            "augmentation": [{"class_name": "InstanceNoise"}],
            "adversarial_loss": {"class_name": "Minimax", "label_smoothing": 0.1},
        },
        "optimizers": {"generator": {"learning_rate": 0.5}},
    }
    model = zoo.train("mlp", pictures, tmp_path / "run", **TINY, **changes)
    assert model.latent_dim == 2 and model.sample_shape == (8, 8, 3)
    assert model.generator.layers[1].units == 3
    assert (model.seed, model.augmentation[0].seed, model.penalties[0].weight) == (3, 3, 2.0)
    assert model.adversarial_loss.label_smoothing == 0.1
    assert [float(o.learning_rate) for o in model.optimizer.by_player.values()] == pytest.approx(
        [2e-4, 0.5]
    )
    assert zoo.info(tmp_path / "run")["training"]["batch_size"] == 4
    written = tomllib.loads((tmp_path / "run" / "recipe.toml").read_text())
    assert written["model"]["penalties"] == changes["model"]["penalties"]
    assert written["images"] == 6 and written["fit"] == {"epochs": 1, "held_out": 0}


def test_a_run_cut_after_an_epoch_goes_on_to_the_same_bits(pictures, tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    longer = TINY | {"fit": {"epochs": 3, "held_out": 1}}
    zoo.train("mlp", pictures, whole, **longer)
    for epochs in (1, 3):
        model = zoo.train(
            "mlp", pictures, cut, **longer | {"fit": longer["fit"] | {"epochs": epochs}}
        )
    for name in ("generator.npz", "discriminator.npz"):
        with np.load(whole / "entry" / name) as a, np.load(cut / "entry" / name) as b:
            assert a.files == b.files
            for key in a.files:
                np.testing.assert_array_equal(a[key], b[key])
    with open(cut / "log.csv", newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["0", "1", "2"]
    assert int(model.optimizer.iterations) == 6
    with pytest.raises(ValueError, match="cut holds a run with other networks.width, fit.held_out"):
        changes = {"networks": TINY["networks"] | {"width": 4}, "fit": {"epochs": 3, "held_out": 2}}
        zoo.train("mlp", pictures, cut, **TINY | changes)


def test_steps_in_bfloat16_give_an_entry_in_float32(pictures, tmp_path):
    longer = TINY | {"fit": {"epochs": 2, "held_out": 1}}
    half = zoo.train("mlp", pictures, tmp_path / "half", dtype="mixed_bfloat16", **longer)
    exact = zoo.train("mlp", pictures, tmp_path / "exact", dtype="float32", **longer)
    assert {layer.compute_dtype for layer in half.generator.layers} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"
    found = zoo.load(tmp_path / "half")
    one, other = (m.generate(3, seed=0).astype(int) for m in (found, half))
    assert abs(one - other).max() <= 2
    # Each step rounds: near to the same training, and not the same.
    for one, other in zip(half.generator.get_weights(), exact.generator.get_weights()):
        np.testing.assert_allclose(one, other, atol=1e-3)
    kernels = (model.generator.get_weights()[0] for model in (half, exact))
    assert not np.array_equal(*kernels)
    assert zoo.info(tmp_path / "half")["training"]["dtype"] == "mixed_bfloat16"
    with pytest.raises(ValueError, match="holds a run with other dtype"):
        zoo.train("mlp", pictures, tmp_path / "half", **longer)


def test_a_model_in_bfloat16_is_copied_into_float32_while_that_precision_lasts(pictures):
    text = 'dtype = "mixed_bfloat16"\nmodel = {name = "gan"}\nnetworks = {builder = "mlp"}'
    recipe = full(text, **TINY)
    dataset = run.dataset_of(recipe, pictures)
    with run.precision(recipe):
        model = run.model_of(recipe, dataset)
        found = run.in_float32(model, recipe, dataset)
    for kept, policy in ((model, "bfloat16"), (found, "float32")):
        assert policy in {layer.compute_dtype for layer in kept.generator.layers}
    assert "bfloat16" not in {layer.compute_dtype for layer in found.generator.layers}


def test_held_out_by_default_is_a_share_of_single_images():
    of_images, of_pairs = (full(f'model = {{name = "{n}"}}') for n in ("gan", "pix2pix"))
    found = [run.held_out_by_default(of_images, n) for n in (10, 199, 200, 4000, 60_000)]
    assert found == [0, 0, 50, 200, 500]
    assert [run.held_out_by_default(of_pairs, n) for n in (10, 32, 4000)] == [0, 8, 8]


@pytest.fixture
def super_resolution(tmp_path, monkeypatch):
    """Tables of a small SRGAN, and a feature network in the folder where tests run."""
    monkeypatch.chdir(tmp_path)
    inputs = keras.Input((None, None, 3))
    features = layers.Conv2D(2, 3, padding="same", name="last")(inputs)
    keras.Model(inputs, features).save("features.keras")
    content = {"class_name": "FeatureLoss", "network": "features.keras", "layer": "last"}
    return {
        "data": {"scale": 2, "patch_size": 16, "batch_size": 2, "steps": 2},
        "networks": {
            "generator": {"builder": "pan", "width": 4, "blocks": 1, "upsampling_width": 4},
            "discriminator": {"width": 2},
        },
        "model": {"content_loss": content},
        "fit": {"epochs": 1, "held_out": 2},
    }


def test_a_stage_begins_where_the_one_before_ended(super_resolution, pictures, capsys):
    tables = super_resolution | {"stages": {"1": {"fit": {"epochs": 2, "held_out": 1}}}}
    zoo.train("srgan", pictures, "run", **tables)
    pixels, both = zoo.load("run/stage_1"), zoo.load("run")
    assert type(pixels) is models.SuperResolution and type(both) is models.SRGAN
    assert pixels.pixel_loss is keras.losses.get("mean_absolute_error")
    assert [zoo.info(n)["training"]["steps"] for n in ("run/stage_1", "run")] == [4, 2]
    photograph = np.random.default_rng(5).integers(0, 256, (12, 12, 3), "uint8")
    np.testing.assert_array_equal(
        both.upscale(photograph, strength=0.0), pixels.upscale(photograph)
    )
    assert [zoo.info(n)["metrics"]["held_out"] for n in ("run/stage_1", "run")] == [1, 2]
    assert zoo.info("run")["metrics"].keys() == {"held_out_psnr", "held_out"}
    stage = recipes.of_folder("run/stage_1")
    assert stage["model"]["name"] == "super_resolution" and stage["fit"]["epochs"] == 2
    assert "discriminator" not in stage["networks"] and "stages" not in stage
    assert recipes.of_folder("run/entry")["stages"][1] == {"start": "previous"}

    # Both stages are there: only the new epoch is trained.
    capsys.readouterr()
    zoo.train("srgan", pictures, "run", **tables | {"fit": {"epochs": 2, "held_out": 2}})
    shown = capsys.readouterr().out
    assert "stage_1 after epoch 2 of 2" in shown and "run after epoch 1 of 2" in shown
    assert zoo.info("run")["training"]["steps"] == 4

    # From its weights only the last stage is trained, and what the first one gave is kept.
    fine = zoo.train("run", pictures, "fine", start="zoo", fit={"epochs": 1})
    assert not (Path("fine") / "stage_1").exists() and recipes.of_folder("fine")["start"] == "run"
    for a, b in zip(fine.pixel_generator.weights, zoo.load("run").pixel_generator.weights):
        np.testing.assert_allclose(np.array(a), np.array(b), atol=1e-3)


def test_what_a_later_stage_needs_is_missed_before_the_first(super_resolution, pictures, tmp_path):
    missing = {"content_loss": super_resolution["model"]["content_loss"] | {"network": "no.keras"}}
    with pytest.raises(ValueError, match="There is no file 'no.keras'"):
        zoo.train("srgan", pictures, "run", **super_resolution | {"model": missing})
    with pytest.raises(ValueError, match="6 cannot be held out"):
        zoo.train("srgan", pictures, "run", **super_resolution | {"fit": {"held_out": 6}})
    assert not (tmp_path / "run").exists()


def test_a_run_goes_on_by_its_folder_alone(pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = ["file,Odd", *(f"{i}.png,{i % 2}" for i in range(6))]
    (tmp_path / "attributes.csv").write_text("\n".join(lines))
    data = TINY["data"] | {"labels": "attributes.csv"}
    model = zoo.train("mlp", pictures, **TINY | {"data": data, "model": {"name": "acgan"}})
    assert model.labels.names == ["Odd"]
    model = zoo.train("runs/mlp", pictures, fit={"epochs": 2})
    assert int(model.optimizer.iterations) == 4

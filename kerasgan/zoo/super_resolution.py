"""The recipe of super-resolution: a stage on pixels, then an adversarial one."""

import inspect
from pathlib import Path

import keras
import numpy as np

from kerasgan import datasets
from kerasgan.callbacks import HeldOutPhotographs
from kerasgan.losses import FeatureLoss
from kerasgan.models import SUPER_RESOLUTION
from kerasgan.networks import BUILDERS as NOISE_BUILDERS
from kerasgan.networks import SUPER_RESOLUTION as BUILDERS
from kerasgan.networks import srgan_discriminator
from kerasgan.zoo import entry, runs, store

TRAINING = {"epochs": 100, "batch_size": 16, "steps": None, "seed": 0, "learning_rate": 1e-4}
DATA = {"scale": 4, "patch_size": 96, "degradation": "bicubic", "held_out": 8}
PIXELS = {"pixel_loss": "mean_absolute_error"}
ADVERSARIAL = {
    "pixel_epochs": 100,
    "pixel_learning_rate": 1e-4,
    "features": "vgg19",
    "feature_layer": "block5_conv4",
    "feature_scale": 1 / 12.75,
    "discriminator_width": 64,
}
# Sides of the part of a held-out photograph that is measured: minutes an epoch otherwise.
MEASURED = 384


def is_recipe(name):
    """Whether `name` is a network for super-resolution, or an entry of one."""
    if name in BUILDERS:
        return True
    return name not in NOISE_BUILDERS and "scale" in store.read_card(store.find(name))


def train(name, data, out=None, **options):
    """Train a recipe of super-resolution; see `kerasgan.zoo.train`."""
    run = Path(out or Path("runs") / Path(name).name)
    recipe = _recipe(name, {k: v for k, v in options.items() if v is not None})
    paths = datasets.photograph_files(data)
    held_out, training = _split(paths, recipe)
    dataset = datasets.load_photographs(
        training,
        **{k: recipe[k] for k in ("scale", "patch_size", "batch_size", "degradation", "seed")},
        steps=recipe.get("steps"),
    )
    claim = {**recipe, "images": dataset.num_images}
    runs.refuse_another(run, claim)
    if recipe["model"] == "pixels":
        model = _pixel_model(recipe)
    else:
        # Before the first stage, which takes hours: a network may be missing.
        content = _content_loss(recipe)
        content.prepare()
        model = _adversarial_model(recipe, _pixel_stage(data, run, recipe), content)
    runs.write_recipe(run, claim)
    rate = keras.optimizers.schedules.CosineDecay(
        recipe["learning_rate"], recipe["epochs"] * len(dataset)
    )
    model.compile(**{f"{p}_optimizer": keras.optimizers.Adam(rate) for p in model.players})
    watch = HeldOutPhotographs(held_out, datasets.shrink, run / "grids")
    runs.fit(model, dataset, run, recipe, [watch])
    ratio, picture = watch.measure()
    card = {
        "name": Path(name).name,
        "data": Path(data).name,
        "training": runs.training_card(name, run, recipe, model, dataset.num_images),
        "metrics": {"held_out_psnr": round(ratio, 2), "held_out": len(held_out)},
    }
    entry.save_entry(model, run / "entry", card, recipe, sample=picture)
    return model


def _recipe(name, options):
    if name in BUILDERS:
        model = options.get("model", "pixels")
        if model not in SUPER_RESOLUTION:
            raise ValueError(
                f"model must be one of {', '.join(SUPER_RESOLUTION)}. Received: {model}"
            )
        own = PIXELS if model == "pixels" else PIXELS | ADVERSARIAL
        parameters = inspect.signature(BUILDERS[name]).parameters.values()
        network = {p.name: p.default for p in parameters}
        known = {"model": model, **TRAINING, **DATA, **own, **network}
        recipe = {"architecture": name, **known}
    else:
        folder, known = store.find(name), TRAINING
        store.check(folder)
        recipe = {**known, **runs.of_entry(folder)}
    return runs.with_options(name, recipe, known, options)


def _split(paths, recipe):
    """Held-out photographs, cut to their centre, and the files of the others."""
    n = recipe["held_out"]
    if n < 1 or len(paths) <= n:
        raise ValueError(
            f"Of {len(paths)} photographs {n} cannot be held out: at least one must be, and "
            "at least one must be left to train on."
        )
    chosen = set(np.random.default_rng(recipe["seed"]).choice(len(paths), n, replace=False))
    held_out = [_centre(paths[i]) for i in sorted(chosen)]
    return held_out, [path for i, path in enumerate(paths) if i not in chosen]


def _centre(path):
    image = datasets.read_photograph(path)
    top, left = (max(0, (side - MEASURED) // 2) for side in image.shape[:2])
    return image[top : top + MEASURED, left : left + MEASURED]


def _network(recipe):
    keras.utils.set_random_seed(recipe["seed"])
    build = BUILDERS[recipe["architecture"]]
    return build(**{name: recipe[name] for name in inspect.signature(build).parameters})


def _pixel_model(recipe):
    return SUPER_RESOLUTION["pixels"](
        _network(recipe), pixel_loss=recipe["pixel_loss"], seed=recipe["seed"]
    )


def _pixel_stage(data, run, recipe):
    """The first stage, in a folder of its own; its averaged generator is the second's."""
    shared = {k: v for k, v in recipe.items() if k not in (*ADVERSARIAL, "architecture")}
    first = train(
        recipe["architecture"],
        data,
        run / "pixels",
        **shared
        | {
            "model": "pixels",
            "epochs": recipe["pixel_epochs"],
            "learning_rate": recipe["pixel_learning_rate"],
        },
    )
    return first.averaged_generator


def _content_loss(recipe):
    features, weights = recipe["features"], None
    if features.endswith(".h5"):
        features, weights = "vgg19", features
    return FeatureLoss(
        features,
        recipe["feature_layer"],
        activated=recipe["model"] == "srgan",
        scale=recipe["feature_scale"],
        weights=weights,
    )


def _adversarial_model(recipe, trained, content):
    generator = _network(recipe)
    generator.set_weights(trained.get_weights())
    return SUPER_RESOLUTION[recipe["model"]](
        generator,
        srgan_discriminator(recipe["patch_size"], recipe["discriminator_width"]),
        content_loss=content,
        seed=recipe["seed"],
    )

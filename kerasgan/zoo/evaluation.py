"""The figures of an entry, measured with `kerasgan.metrics`."""

import inspect
import warnings
from pathlib import Path

import keras
import numpy as np

from kerasgan import datasets, metrics
from kerasgan.arguments import check_whole
from kerasgan.datasets.sequences import read_texts
from kerasgan.engine.data import named
from kerasgan.files import read_toml
from kerasgan.metrics.set_metric import measured
from kerasgan.modalities import (
    Audio,
    Fields,
    Images,
    Music,
    Sequences,
    Series,
    Table,
    make_grid,
    write_image,
)
from kerasgan.modalities.frames import read_frame
from kerasgan.modalities.lines import line_panels
from kerasgan.modalities.panels import panels
from kerasgan.recipes import checks, objects
from kerasgan.zoo import integrity, store
from kerasgan.zoo.entry import load_entry
from kerasgan.zoo.fields import evaluate_fields
from kerasgan.zoo.music import evaluate_music
from kerasgan.zoo.sequences import evaluate_molecules, evaluate_sequences, evaluate_texts
from kerasgan.zoo.sounds import evaluate_sounds

# Samples below which chance decides.
ENOUGH = 1000
# What a door does to training data alone.
FOR_TRAINING = ("labels", "label_names", "load_size", "augmentation", "drop_remainder", "transpose")


def evaluate(name, data, n, seed, **options):
    check_whole(4, n=n)
    folder = store.find(name)
    model = load_entry(folder)
    made = type(model.modalities[model.makes])
    known = {
        Images: _images,
        Audio: _sounds,
        Music: _music,
        Series: _series,
        Fields: _fields,
        Sequences: _sequences,
        Table: _table,
    }
    measure = next((known[kind] for kind in known if issubclass(made, kind)), None)
    if measure is None:
        raise ValueError(
            f"{name} is a {type(model).__name__}, which makes neither images, sounds, music, "
            "series, fields, sequences nor a table; these figures are of sets of these."
        )
    taken = inspect.signature(measure).parameters
    for option, value in options.items():
        if value is not None and option not in taken:
            kind = made.__name__.lower()
            raise ValueError(f"{name} makes {kind}, which are judged without {option}.")
    options = {option: value for option, value in options.items() if option in taken}
    return measure(name, folder, model, data, n, seed, **options)


def _table(name, folder, model, data, n, seed, training, target, diagrams):
    table, missing = model.table, _noted(folder).get("missing", ())
    real = read_frame(data, missing)
    synthetic = model.generate(n, seed=seed)
    quality = metrics.TableQuality(table, real, synthetic)
    columns, pairs = quality.column_shapes(), quality.pair_shapes()
    figures = {
        "column_shapes": float(np.nanmean([*columns.values()])),
        "pair_shapes": float(np.nanmean([*pairs.values()])) if pairs else np.nan,
    }
    if target is None and table.columns[-1].kind == "category":
        target = table.columns[-1].name
    if target is not None:
        figures["f1"] = quality.usefulness(target)
    if training is not None:
        training = read_frame(training, missing)
        if target is not None:
            figures["f1_of_real_rows"] = quality.usefulness(target, training)
        figures |= quality.nearness(training, seed)
    if diagrams:
        shown = ((c, c.shown(real[c.name]), c.shown(synthetic[c.name])) for c in table.learned)
        write_image(diagrams, panels(shown))
    return figures | {
        "columns": columns,
        **({} if target is None else {"target": target}),
        "generated": n,
        "real": len(real),
        "seed": seed,
    }


def _series(name, folder, model, data, n, seed, diagrams):
    dataset = training_data(model, folder, data)
    if dataset.series.names != model.modality.names:
        raise ValueError(
            f"{name} makes series of {', '.join(model.modality.names)}. Received in the data: "
            f"{', '.join(dataset.series.names)}"
        )
    real, made = _whole(model, dataset)["real"], model.generate(n, seed=seed, verbose=False)
    quality = metrics.SeriesQuality(model.modality, real, made)
    if diagrams:
        drawn = real[np.random.default_rng(seed).permutation(len(real))]
        shown = {"real": drawn, "synthetic": made}
        write_image(diagrams, line_panels(model.modality.variables, shown))
    return {
        "discriminative_score": quality.discriminative_score(seed),
        "predictive_score": quality.predictive_score(seed),
        "predictive_score_of_real_series": quality.predictive_score(seed, of_real=True),
        **quality.differences(),
        "missing": float(np.isnan(made).mean()),
        "missing_of_real_series": float(np.isnan(real).mean()),
        "generated": n,
        "real": len(real),
        "seed": seed,
    }


def _sounds(name, folder, model, data, n, seed, features, neighbours):
    given = _whole(model, training_data(model, folder, data, keep=("labels",)))
    return evaluate_sounds(model, given, features, n, seed, neighbours)


def _music(name, folder, model, data, n, seed, neighbours):
    real = _whole(model, training_data(model, folder, data))[model.makes]
    return evaluate_music(model, real, n, seed, neighbours)


def _sequences(name, folder, model, data, n, seed, training):
    made = model.generate(n, seed=seed, verbose=False)
    measures = {"word": evaluate_texts, "smiles": evaluate_molecules}
    if measure := measures.get(model.modality.unit):
        # As they are: a word that the model does not know is a word.
        column = _noted(folder).get("column")
        read = (x and np.array(read_texts(x, column)[0]) for x in (data, training))
        return measure(next(read), made, next(read), seed)

    def codes(data):
        return _whole(model, training_data(model, folder, data))[model.makes]

    known = None if training is None else codes(training)
    return evaluate_sequences(model.modality, codes(data), model.modality.encode(made), known, seed)


def _fields(name, folder, model, data, n, seed):
    return evaluate_fields(model, training_data(model, folder, data, keep=("labels",)), n, seed)


def _noted(folder):
    """What the entry's recipe says of its data."""
    path = folder / "recipe.toml"
    return read_toml(path).get("data", {}) if path.is_file() else {}


def _images(name, folder, model, data, n, seed, features, crop, neighbours):
    network = feature_network(features)
    _refuse_own(model, name, network, features)
    dataset = training_data(model, folder, data, crop)
    extract = metrics.FeatureNetwork(network)
    given = _whole(model, dataset)
    originals = given[model.makes]
    real = extract(originals)
    samples = model.samples(n, seed=seed, batch=given)
    generated = extract(samples)
    compared = real[np.random.default_rng(seed).permutation(len(real))[:n]]
    if min(len(samples), len(compared)) < ENOUGH:
        warnings.warn(
            f"Of {len(samples)} samples and {len(compared)} pictures these figures tell little: "
            f"below {ENOUGH:,} of each, precision, recall, density and coverage are mostly chance, "
            "and the distances depend on the number. Take more with n (-n)."
        )
    half = len(compared) // 2
    size = min(1000, half, len(samples))
    kernel = metrics.KernelInceptionDistance(network, subset_size=size, seed=seed)

    halves = compared[:half], compared[half:]
    nearest = metrics.NearestTrainingImageDistance(network, seed=seed)
    nearest = measured(nearest, real, generated[:1000])
    if neighbours:
        closest = nearest.distances.argsort()[:8]
        beside = originals[nearest.indices[closest]]
        write_image(neighbours, make_grid(np.concatenate([samples[closest], beside]), columns=8))
    figures = {
        "frechet_distance": measured(
            metrics.FrechetInceptionDistance(network), compared, generated
        ),
        "frechet_distance_of_real_halves": measured(
            metrics.FrechetInceptionDistance(network), *halves
        ),
        "kernel_distance": measured(kernel, compared, generated),
        "kernel_distance_standard_error": kernel.result().standard_error,
        **measured(metrics.PrecisionRecall(network, seed=seed), compared, generated),
        **measured(metrics.DensityCoverage(network, seed=seed), compared, generated),
        "nearest_distance_ratio": nearest.ratio,
        **model.measure(given),
    }
    return {key: float(value) for key, value in figures.items()} | {
        "network": extract.identity,
        "resize": list(extract.size),
        "generated": len(samples),
        "real": len(compared),
        "seed": seed,
    }


def _whole(model, dataset):
    """All of a dataset as one batch by name."""
    batches = [named(dataset[i], model.takes) for i in range(len(dataset))]
    return {key: np.concatenate([batch[key] for batch in batches]) for key in batches[0]}


def pleased(model):
    """Set of the names of the networks that a model was trained to please."""
    networks = model.feature_networks()
    return {x.name if isinstance(x, keras.Model) else Path(x).stem for x in networks}


def _refuse_own(model, name, network, file):
    """Refuse a judge that a model was trained to please."""
    found = {network.name, Path(file).stem if file else network.name} & pleased(model)
    if found:
        raise ValueError(
            f"{name} was trained to please {found.pop()}, whose features would praise whatever it "
            "makes. Give the file of another network with features (--features)."
        )


def training_data(model, folder, data, crop=None, keep=()):
    """The data as the entry's recipe reads it, in its order, without what only training does.

    Of that, what `keep` names stays.
    """
    door = getattr(datasets, model.door)
    known = inspect.signature(door).parameters
    path = folder / "recipe.toml"
    table = read_toml(path).get("data", {}) if path.is_file() else {}
    try:
        if not isinstance(table, dict):
            raise ValueError(f"data is a table, [data]. Received: {table!r}")
        checks.check_arguments("data", door, table, (next(iter(known)),))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    options = {k: v for k, v in table.items() if k not in FOR_TRAINING or k in keep}
    options |= {"flip": False, "shuffle": False, "batch_size": 64} | model.data_options()
    if crop is not None:
        options["crop"] = crop
    options = {k: v for k, v in options.items() if k in known}
    return door(data, **objects.built(door, options))


def feature_network(features):
    """The network that a path stands for, without its classifier."""
    if features is None:
        return metrics.default_features()
    if str(features).endswith(".npz"):
        return metrics.inception_network(features)
    try:
        network = keras.saving.load_model(features, compile=False)
    except Exception as error:  # a missing file, a zip or a class that is unknown
        raise ValueError(
            f"{str(features)!r} cannot be read as a feature network, which is a .keras file, or "
            f"an .npz of Inception's weights: {error}"
        ) from error
    last = network.layers[-1]
    body = last.input if isinstance(last, keras.layers.Dense) else network.output
    return keras.Model(network.input, body, name=network.name)


def add_to_card(name, figures, script="kerasgan evaluate"):
    """Put the figures on an entry's card, as they are printed; what else it measured stays."""
    folder = store.find(name)
    card = integrity.read_card(folder)
    figures = {k: float(f"{v:.5g}") if isinstance(v, float) else v for k, v in figures.items()}
    card["metrics"] = card.get("metrics", {}) | figures | {"script": script}
    integrity.write_card(folder, card)

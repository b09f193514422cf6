"""Training a model of tables with privacy: what is told of the table, and what may see the rows."""

import keras
import numpy as np
import pandas as pd
import pytest
from tiny import SHAPE, accounted_epsilon, array, assert_same, compiled, images

import kerasgan
from kerasgan import datasets, models, networks, zoo
from kerasgan.modalities import PublicTable, Table
from kerasgan.privacy import PrivateSteps
from kerasgan.zoo.training import train

TOLD = {
    "age": (17, 90),
    "gain": {"low": 0.0, "high": 1e5, "points": [0], "modes": 4, "missing": True},
    "income": ["<=50K", ">50K"],
    "born": ("1930-01-01", "2010-12-31"),
}


def frame(n=40, seed=0):
    random = np.random.default_rng(seed)
    born = np.datetime64("1960-01-01") + random.integers(0, 9999, n)
    return pd.DataFrame(
        {
            "age": random.integers(10, 99, n),
            "gain": np.where(random.random(n) < 0.5, 0.0, random.uniform(0, 9e4, n)),
            "income": random.choice(TOLD["income"], n),
            "born": born.astype(str),
        }
    )


def tabular_gan(table=None, seed=1, size=None, **options):
    keras.utils.set_random_seed(seed)
    table = table or PublicTable(TOLD)
    size = {"latent_dim": 4, "width": 8, "discriminator_width": 8, "pack": 1, "dropout": 0} | (
        size or {}
    )
    built = networks.ctgan(table.row_dim, table.condition_dim, **size)
    options = {"adversarial_loss": "minimax", "penalty_weight": 0.0} | options
    return models.TabularGAN(*built, table=table, seed=seed, **options)


def private(**options):
    told = {"epsilon": 1e12, "delta": 1e-3, "discriminator_steps": 2}
    return kerasgan.Privacy(**told | options)


def fit(model, rows=None, **options):
    options = {"batch_size": 10, "verbose": 0, "privacy": private()} | options
    return model.fit(frame() if rows is None else rows, **options).history


@pytest.mark.without_backend
def test_rows_come_back_from_what_is_told_and_numbers_beyond_the_bounds_are_clipped():
    table, given = PublicTable(TOLD), frame()
    given.loc[0, "gain"] = np.nan
    rows = table.rows(table.codes(given))
    assert table.condition_dim == 1 and np.abs(rows).max() <= 1.0
    back = table.to_user(rows)
    assert (back.dtypes == given.dtypes).all()
    np.testing.assert_array_equal(back["age"], given["age"].clip(17, 90))
    np.testing.assert_allclose(back["gain"], given["gain"], rtol=1e-4, atol=0.1)
    pd.testing.assert_frame_equal(back[["income", "born"]], given[["income", "born"]])


@pytest.mark.without_backend
def test_a_table_that_is_told_holds_nothing_of_the_data(tmp_path):
    configs = []
    for seed in (0, 1):
        rows = datasets.load_table(frame(seed=seed), public=TOLD)
        model = tabular_gan(rows.table)
        configs.append(keras.saving.serialize_keras_object(rows.table))
        fit(model, frame(seed=seed))
    assert configs[0] == configs[1]
    zoo.save(model, tmp_path / "entry")
    again = zoo.load(tmp_path / "entry")
    assert keras.saving.serialize_keras_object(again.table) == configs[0]
    # Weights are stored in half precision.
    kept, made = (m.generate(9, seed=0)[["gain", "income"]] for m in (again, model))
    pd.testing.assert_frame_equal(kept, made, rtol=1e-2)
    # A diagram has no counts of training to show.
    assert again.preview().dtype == "uint8"


@pytest.mark.without_backend
def test_a_row_is_encoded_the_same_whatever_comes_before_it():
    told = {"age": {"low": 0, "high": 80, "modes": 8}}
    table, given = PublicTable(told), pd.DataFrame({"age": np.arange(81)})
    np.testing.assert_array_equal(table.codes(given[5:]), table.codes(given)[5:])


@pytest.mark.without_backend
def test_it_is_told_in_a_file_too_and_what_cannot_be_is_refused(tmp_path):
    (tmp_path / "told.toml").write_text(
        'age = {low = 17, high = 90}\nborn = {low = 1930-01-01, high = "2010-12-31"}\n'
        'income = ["<=50K", ">50K"]'
    )
    table = PublicTable(tmp_path / "told.toml", rules=["age >= 18"])
    told = PublicTable({name: TOLD[name] for name in ("age", "born", "income")}, ["age >= 18"])
    assert table.get_config() == told.get_config()
    wrong = [{"age": (90, 17)}, {"age": 17}, {"age": {"low": 1, "height": 2}}, {"age": ["a", "a"]}]
    for known in wrong:
        with pytest.raises(ValueError, match="Column 'age': expected"):
            PublicTable(known)
    with pytest.raises(ValueError, match="'income', row 3.*none of the categories of the table"):
        table.codes(frame().assign(income=lambda f: f["income"].where(f.index != 3, "?")))
    with pytest.raises(ValueError, match="public tells what the columns are.*age"):
        datasets.load_table(frame(), public=TOLD, numbers=["age"])


@pytest.mark.without_backend
def test_an_equation_is_computed():
    told = {"x": (0, 9), "y": (0, 9), "sum": (0, 18)}
    made = tabular_gan(PublicTable(told, ["sum = x + y"])).generate(20, seed=0)
    assert (made["sum"] == made["x"] + made["y"]).all() and made["sum"].dtype == "int64"


def test_a_short_run_makes_rows_of_the_table_and_logs_its_epsilon():
    model = compiled(tabular_gan())
    history = fit(model, epochs=2, privacy=private(noise_multiplier=2.0))
    for epoch, epsilon in enumerate(history["epsilon"], 1):
        assert epsilon == accounted_epsilon(2.0, 10 / 40, 4 * epoch, 1e-3)
    assert np.isfinite(history["discriminator_loss"]).all()
    made = model.generate(50, seed=0)
    assert (made.dtypes == frame().dtypes).all() and made["income"].isin(TOLD["income"]).all()
    assert made["age"].between(17, 90).all() and made["gain"].dropna().between(0, 1e5).all()
    assert made["born"].between(*TOLD["born"]).all()
    assert (model.generate(9, seed=0, where={"income": ">50K"})["income"] == ">50K").all()


def sums(model, rows, included, norm):
    """The clipped sum of gradients, with a fake for each row that does not depend on it."""
    given = {"table": rows, "condition": np.ones((len(rows), 1), "float32")}
    steps = PrivateSteps(private(clipping_norm=norm), model, given, 4, 1)
    variables = model.variables_of("discriminator")
    fake = np.random.default_rng(1).uniform(0, 1, rows.shape).astype("float32")

    def see():
        records = {k: keras.ops.convert_to_tensor(v) for k, v in (given | {"fake": fake}).items()}
        tensor = keras.ops.cast(included, "float32")
        _, found = steps.clipped_sums(records, tensor, variables)
        return {"sums": keras.ops.concatenate([keras.ops.reshape(g, (-1,)) for g in found])}

    from kerasgan.engine import backend

    return backend.without_effect(see, model.variables)()["sums"]


def test_one_row_moves_the_clipped_sum_by_the_norm_at_most():
    model, table = compiled(tabular_gan()), PublicTable(TOLD)
    rows, all_of_them = table.rows(table.codes(frame(64))), np.ones(64)
    whole = sums(model, rows, all_of_them, norm=0.01)
    for row in range(3):
        without = sums(model, rows, all_of_them * (np.arange(64) != row), norm=0.01)
        apart = np.linalg.norm(whole - without)
        assert 0.0099 <= apart <= 0.01 * (1 + 1e-3)


def test_the_generator_learns_of_the_rows_through_the_discriminator_alone():
    found = []
    for seed in (0, 1):
        model = compiled(tabular_gan(), optimizer="sgd")
        before = [array(v) for v in model.generator.variables]
        # So that the discriminator stays where it is.
        privacy = private(clipping_norm=1e-20, discriminator_steps=1)
        fit(model, frame(seed=seed), privacy=privacy)
        found.append([array(v) for v in model.generator.variables])
        assert any((a != b).any() for a, b in zip(before, found[-1]))
    assert_same(*found)


def conditional_gan():
    keras.utils.set_random_seed(1)
    latents, classes = keras.Input((4,)), keras.Input((3,))
    x = keras.layers.Dense(8)(keras.layers.Concatenate()([latents, classes]))
    x = keras.layers.Dense(64)(keras.layers.BatchNormalization(momentum=0.5)(x))
    generator = keras.Model([latents, classes], keras.layers.Reshape(SHAPE)(x))
    _, discriminator = networks.mlp(SHAPE, latent_dim=4, width=8, depth=1, label_dim=3)
    return compiled(models.ConditionalGAN(generator, discriminator, seed=1), optimizer="sgd")


def test_batch_normalisation_of_a_generator_sees_neither_classes_nor_how_many_there_are():
    found = []
    for data in (0, 1):
        model = conditional_gan()
        privacy = private(clipping_norm=1e-20, discriminator_steps=1)
        options = {"batch_size": 10, "verbose": 0, "privacy": privacy}
        model.fit(images(40, seed=data), np.full(40, data), **options)
        found.append([array(v) for v in model.generator.variables])
    assert_same(*found)


@pytest.mark.without_backend
def test_what_a_private_step_gives_the_generator_holds_no_row():
    model, table = tabular_gan(), PublicTable(TOLD)
    given = {"table": table.rows(table.codes(frame())), "condition": np.zeros((40, 1), "float32")}
    steps = PrivateSteps(private(), model, given, 10, 1)
    kept = steps.without_data(model.draw(given))
    assert {*kept} == {"latents", "noise", "condition"}
    assert (array(kept["condition"]) == 1.0).all()


@pytest.mark.without_backend
@pytest.mark.parametrize(
    "told, size, options",
    [
        ("judges several rows at once; build it with pack=1", {"pack": 2}, {}),
        ("draws at random, in dropout say; build it with dropout=0", {"dropout": 0.5}, {}),
        ("a penalty", {}, {"penalty_weight": 1.0}),
        ("Without a penalty nothing bounds", {}, {"adversarial_loss": "wasserstein"}),
        ("looks at real samples", {}, {"adversarial_loss": "relativistic"}),
        ("fitted to the data; tell what is known", {}, {"table": Table.of(frame())}),
    ],
)
def test_what_cannot_be_private_is_refused_with_the_reason(told, size, options):
    with pytest.raises(ValueError, match=told):
        fit(tabular_gan(size=size, **options))


@pytest.mark.without_backend
def test_it_is_trained_by_a_recipe(tmp_path):
    frame().to_csv(tmp_path / "train.csv", index=False)
    (tmp_path / "told.toml").write_text('age = {low = 17, high = 90}\nincome = ["<=50K", ">50K"]')
    recipe = {
        "networks": {"latent_dim": 4, "width": 8, "discriminator_width": 8},
        "data": {"public": str(tmp_path / "told.toml"), "batch_size": 10},
        "privacy": {"epsilon": 1e12, "delta": 1e-3, "noise_multiplier": 2.0},
        "fit": {"epochs": 2, "held_out": 0},
    }
    train("tabular_gan", tmp_path / "train.csv", tmp_path / "run", recipe)
    card = zoo.info(str(tmp_path / "run"))
    assert card["privacy"]["steps"] == 8
    made = zoo.load(str(tmp_path / "run")).generate(5, seed=0)
    assert [*made] == ["age", "income"] and made["age"].between(17, 90).all()

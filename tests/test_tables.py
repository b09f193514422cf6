"""Tables: what a column is, its way to the networks and back, and what is refused."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasgan import datasets, models, networks
from kerasgan.modalities import Table

pytestmark = pytest.mark.without_backend


def frame(n=200, seed=0):
    random = np.random.default_rng(seed)
    income = np.where(random.random(n) < 0.3, ">50K", "<=50K")
    age = np.where(income == ">50K", random.normal(50, 5, n), random.normal(30, 5, n)).round()
    born = pd.Timestamp("1990-01-01") + pd.to_timedelta(random.integers(0, 9999, n), "D")
    return pd.DataFrame(
        {
            "id": np.arange(n) + 7,
            "age": age.astype("int64"),
            "weight": random.normal(70, 9, n).round(1),
            "gain": np.where(random.random(n) < 0.9, 0.0, random.normal(5000, 900, n).round(2)),
            "rooms": random.integers(1, 6, n),
            "income": income,
            "smokes": random.random(n) < 0.2,
            "born": born,
            "joined": born.strftime("%Y-%m-%d"),
            "town": pd.Series(np.where(random.random(n) < 0.25, None, "Bern"), dtype=object),
            "height": np.where(random.random(n) < 0.4, np.nan, random.normal(1.7, 0.1, n).round(2)),
        }
    )


@pytest.fixture(scope="module")
def table():
    return Table.of(frame())


def kinds(table):
    return {c.name: c.kind if not getattr(c, "unit", None) else "date" for c in table.columns}


def test_what_a_column_is_is_found_out_and_told(table):
    assert kinds(table) == {
        "id": "key",
        "age": "number",
        "weight": "number",
        "gain": "number",
        "rooms": "category",
        "income": "category",
        "smokes": "category",
        "born": "date",
        "joined": "date",
        "town": "category",
        "height": "number",
    }
    assert "weight" in str(table) and "modes" in str(table)
    drawn = frame().sample(100, random_state=0)[["id", "smokes"]]
    assert kinds(Table.of(drawn.sort_values("id")))["id"] == "key"


def test_what_is_said_of_a_column_goes_before_what_is_found():
    said = {"rooms": "number", "age": "category", "id": "number"}
    assert kinds(Table.of(frame(), said)).items() >= said.items()


def test_a_row_comes_back_from_the_networks_as_it_was_and_of_its_type(table):
    given = frame()
    rows = table.rows(table.codes(given))
    assert rows.shape == (200, table.row_dim) and np.abs(rows).max() <= 1.0
    for start, stop in table.blocks:
        np.testing.assert_array_equal(rows[:, start:stop].sum(axis=1), 1.0)
    back = table.to_user(rows)
    assert (back.dtypes == given.dtypes).all()
    exact = ["gain", "rooms", "income", "smokes", "joined", "town", "born"]
    pd.testing.assert_frame_equal(back[exact], given[exact])
    np.testing.assert_allclose(back["weight"], given["weight"], atol=0.11)
    np.testing.assert_array_equal(back["height"].isna(), given["height"].isna())


def test_a_table_is_saved_with_all_that_was_fitted():
    given = frame()
    table = Table.of(given, rules=["age >= 0"])
    again = Table.from_config(keras.saving.deserialize_keras_object(table.get_config()))
    codes = table.codes(given)
    np.testing.assert_array_equal(again.codes(given), codes)
    pd.testing.assert_frame_equal(again.decoded(codes)[0], table.decoded(codes)[0])


def test_a_thousand_times_the_categories_take_hardly_more_of_a_row():
    few, many = (
        Table.of(pd.DataFrame({"town": np.arange(n)}), {"town": "category"}) for n in (100, 100_000)
    )
    assert few.row_dim == 100 and many.row_dim <= 300
    given = pd.DataFrame({"town": [0, 7, 99_999]})
    pd.testing.assert_frame_equal(many.decoded(many.codes(given))[0], given)
    assert not many.decoded(np.array([[46, 46, 46]]))[1].any()


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet", "record array"])
def test_a_table_is_read_from_wherever_it_is(form, tmp_path):
    given = frame(100)[["age", "income", "smokes"]]
    source = tmp_path / f"table.{form}"
    if form == "parquet":
        given.to_parquet(source)
    elif form == "record array":
        source = given.to_records(index=False)
    else:
        given.to_csv(source, index=False)
    rows = datasets.load_table(source, batch_size=10)
    pd.testing.assert_frame_equal(rows.table.decoded(rows.source.codes)[0], given, atol=1)


def bad(**columns):
    return frame(100).assign(**columns)


@pytest.mark.parametrize(
    "given, told",
    [
        (bad(age=lambda f: f["age"].astype(str).where(f.index != 17, "x")), "'age', row 17"),
        (bad(joined=lambda f: f["joined"].where(f.index != 3, "soon")), "'joined', row 3"),
        (bad(weight=lambda f: f["weight"].where(f.index != 5, np.inf)), "'weight', row 5"),
        (bad(town=lambda f: [[1]] * len(f)), "'town'"),
        (frame(100)[:0], "rows and columns"),
        (np.zeros((3, 2)), "record array"),
    ],
)
def test_what_cannot_be_read_is_named_by_column_and_row(given, told):
    with pytest.raises(ValueError, match=told):
        Table.of(given)


def test_a_category_that_was_not_there_in_training_is_named(table):
    other = frame().assign(income="none")
    with pytest.raises(ValueError, match="'income', row 0"):
        table.codes(other)


def test_a_rule_that_the_table_breaks_itself_is_refused_by_its_row():
    given = frame().assign(low=1, high=2)
    given.loc[9, "low"] = 3
    with pytest.raises(ValueError, match="row 9.*low <= high"):
        Table.of(given, rules=["low <= high"])
    with pytest.raises(ValueError, match="names 'lower'"):
        Table.of(given, rules=["lower <= high"])
    with pytest.raises(ValueError, match="A rule is"):
        Table.of(given, rules=["low is less"])


def test_what_an_equation_gives_is_computed():
    given = pd.DataFrame({"x": np.arange(60) * 3, "y": np.arange(60) % 7, "sum": 0})
    given["sum"] = given["x"] + given["y"]
    table = Table.of(given, rules=["sum = x + y"])
    made, valid = table.decoded(
        table.drawn(np.zeros((50, table.row_dim)), np.random.default_rng(0))
    )
    assert valid.all() and (made["sum"] == made["x"] + made["y"]).all()
    assert made["sum"].dtype == given["sum"].dtype


def test_batches_hold_rare_categories_more_often_than_the_table():
    given = pd.DataFrame({"kind": np.where(np.arange(2000) % 100 == 0, "rare", "frequent")})
    rows = datasets.load_table(given, batch_size=1000)
    real, condition = rows[0]
    rare = rows.table.column("kind").place("rare")
    assert 0.2 < real[:, rare].mean() < 0.6
    # Every row has what its condition asks for.
    np.testing.assert_array_equal(real, condition)


def tabular_gan(table, seed=1):
    keras.utils.set_random_seed(seed)
    size = {"latent_dim": 4, "width": 8, "discriminator_width": 8, "pack": 2}
    built = networks.ctgan(table.row_dim, table.condition_dim, **size)
    return models.TabularGAN(*built, table=table, seed=seed)


def test_generated_rows_are_of_the_table_and_depend_on_the_seed_alone(table):
    given = frame()
    model = tabular_gan(table)
    made = model.generate(50, seed=0)
    assert made.shape == (50, 11) and (made.dtypes == given.dtypes).all()
    assert made["id"].is_unique and made["rooms"].isin(given["rooms"]).all()
    assert made["weight"].between(given["weight"].min(), given["weight"].max()).all()
    pd.testing.assert_frame_equal(made, model.generate(50, seed=0, batch_size=7))
    assert not made.equals(model.generate(50, seed=1))
    assert len(model.generate(0)) == 0


def test_generated_rows_are_as_asked_for_and_the_type_of_a_value_does_not_matter(table):
    model = tabular_gan(table)
    assert (model.generate(30, seed=0, where={"income": ">50K", "rooms": "3"})["rooms"] == 3).all()
    with pytest.raises(ValueError, match="'age' is none. There are: rooms"):
        model.generate(1, where={"age": 3})
    with pytest.raises(ValueError, match="income was never '50'. It was: "):
        model.generate(1, where={"income": "50"})


def test_rules_hold_in_every_generated_row_and_the_share_drawn_anew_is_said():
    given = pd.DataFrame({"low": np.arange(90), "high": np.arange(90) + 40}).sample(90)
    said = {"low": "number", "high": "number"}
    model = tabular_gan(Table.of(given, said, rules=["low < high", "unique(low, high)"]))
    with pytest.warns(UserWarning, match="% of the .* rows drawn broke a rule"):
        made = model.generate(40, seed=0)
    assert (made["low"] < made["high"]).all() and not made.duplicated().any()


def test_what_hardly_ever_comes_ends_with_a_sentence():
    given = pd.DataFrame({"kind": ["a", "b", "c"]})
    model = tabular_gan(Table.of(given, rules=["unique(kind)"]))
    with pytest.raises(ValueError, match="3 were as asked for"):
        model.generate(4, seed=0)


def test_missing_values_stay_as_frequent_as_they_were():
    given = pd.DataFrame({"n": np.where(np.arange(600) % 5 < 2, np.nan, np.arange(600) / 7)})
    table = Table.of(given)
    # What a generator gives that has learned how frequent each mode is.
    outputs = np.tile([0.0, *np.log(table.column("n").weights)], (5000, 1))
    made, _ = table.decoded(table.drawn(outputs, np.random.default_rng(0)))
    assert abs(made["n"].isna().mean() - 0.4) < 0.03


def test_networks_that_do_not_fit_the_table_are_refused(table):
    with pytest.raises(ValueError, match="The table has rows of"):
        models.TabularGAN(*networks.ctgan(table.row_dim + 1, table.condition_dim), table=table)

"""What `fit` and `evaluate` take as data, and what they refuse."""

import keras
import numpy as np
import pytest
from tiny import assert_same, compiled, images, mlp_gan, rich_gan, state, train

X = images(8)
FLOATS = (X / 127.5 - 1.0).astype("float32")


class Batches(keras.utils.PyDataset):
    def __init__(self, x):
        super().__init__()
        self.x = x

    def __len__(self):
        return len(self.x) // 4

    def __getitem__(self, i):
        return self.x[4 * i : 4 * i + 4]


def tf_dataset(x):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices(x).batch(4)


def data_loader(x):
    torch = pytest.importorskip("torch")
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.tensor(x)), 4)


def generator(x):
    yield from (x[i : i + 4] for i in range(0, len(x), 4))


def labelled(x):
    yield from ((x[i : i + 4], np.arange(4)) for i in range(0, len(x), 4))


# What is taken.


@pytest.fixture(scope="module")
def from_numpy():
    model = compiled(mlp_gan())
    history = train(model, X)
    return history, state(model)


@pytest.mark.parametrize("kind", [tf_dataset, data_loader, Batches, generator, labelled])
def test_every_kind_of_data_trains_as_an_array_does(kind, from_numpy):
    model = compiled(mlp_gan())
    history = model.fit(kind(X), shuffle=False, verbose=0).history
    # TensorFlow sums in another order where a dataset leaves the batch size open.
    assert_same(state(model), from_numpy[1], atol=1e-7)
    for name, values in from_numpy[0].items():
        np.testing.assert_allclose(history[name], values, rtol=1e-6)


def test_uint8_and_float_give_the_same_step(from_numpy):
    model = compiled(mlp_gan())
    history = train(model, FLOATS)
    assert_same(state(model), from_numpy[1], atol=1e-6)
    for name, values in from_numpy[0].items():
        np.testing.assert_allclose(history[name], values, rtol=1e-6)


def test_labels_are_left_aside(from_numpy):
    model = compiled(mlp_gan())
    assert train(model, X, y=np.arange(8)) == from_numpy[0]


def test_a_generator_goes_on_over_epochs():
    endless = (X[:4] for _ in range(100))
    model = compiled(mlp_gan())
    model.fit(endless, epochs=2, steps_per_epoch=3, verbose=0)
    assert int(model.optimizer.iterations) == 6


def test_a_last_batch_of_one_trains_batch_statistics_too():
    model = compiled(rich_gan())
    history = train(model, images(5))
    assert int(model.optimizer.iterations) == 2
    assert np.isfinite(list(history.values())).all()


def test_the_history_weighs_batches_by_their_size():
    model = compiled(
        mlp_gan(),
        discriminator_optimizer=keras.optimizers.SGD(0.0),
        generator_optimizer=keras.optimizers.SGD(0.0),
    )
    one, four = (train(model, x)["real_score"][0] for x in (X[4:5], X[:4]))
    together = train(model, X[:5])["real_score"][0]
    np.testing.assert_allclose(together, (4 * four + one) / 5, rtol=1e-6)


# What is refused.


REFUSED = {
    "rank": (X[..., 0], r"shape \(8, 8, 8\)"),
    "size": (images(4, (9, 9, 1)), r"shape \(4, 9, 9, 1\)"),
    "channels": (images(4, (8, 8, 3)), r"shape \(4, 8, 8, 3\)"),
    "channels first": (images(4, (1, 8, 8)), r"shape \(4, 1, 8, 8\)"),
    "dtype": (X.astype("int64"), "dtype int64"),
    "range": (X.astype("float32"), "Divide by 127.5 and subtract 1"),
    "range of [0, 1]": ((X / 255.0).astype("float32"), "multiply by 2, subtract 1"),
    "wide range": (FLOATS * 2, r"values in \[-2, 2\]"),
    "nan": (np.where(X[1, 2, 3, 0] == X, np.nan, FLOATS), "NaN or infinite"),
    "infinite": (np.full_like(FLOATS, np.inf), "NaN or infinite"),
    "empty": (X[:0], "no sample"),
    "no array": (3, "int"),
    "list": ([[1.0, 2.0]], "list|float"),
}
EXPECTED = r"Expected shape \(batch, 8, 8, 1\), channels last, uint8 in .* or float in \[-1"


@pytest.mark.parametrize("x, received", REFUSED.values(), ids=REFUSED)
def test_bad_images_are_refused_before_the_first_step(x, received):
    model = compiled(mlp_gan())
    before = state(model)
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=received) as error:
            method(x, verbose=0)
        other = r"arrays, or a dataset.*\(batch, 8, 8, 1\)"
        error.match(EXPECTED if received != "int" else other)
    assert_same(state(model), before)


@pytest.mark.parametrize("kind", [tf_dataset, data_loader, Batches, generator, labelled])
def test_a_bad_first_batch_of_a_dataset_is_refused(kind):
    model = compiled(mlp_gan())
    before = state(model)
    with pytest.raises(ValueError, match=EXPECTED):
        model.fit(kind(images(8, (8, 8, 3))), verbose=0)
    assert_same(state(model), before)


def test_an_empty_dataset_is_refused():
    with pytest.raises(ValueError, match="empty"):
        compiled(mlp_gan()).fit(iter([]), verbose=0)


@pytest.mark.parametrize("argument", ["sample_weight", "class_weight"])
def test_weights_of_samples_are_refused(argument):
    model = compiled(mlp_gan())
    with pytest.raises(ValueError, match=f"{argument} has no meaning"):
        model.fit(X, verbose=0, **{argument: np.ones(8)})


def test_evaluate_refuses_weights_of_samples():
    with pytest.raises(ValueError, match="sample_weight has no meaning"):
        compiled(mlp_gan()).evaluate(X, sample_weight=np.ones(8), verbose=0)


def test_weights_of_samples_inside_a_dataset_are_refused():
    triples = ((X[:4], np.arange(4), np.ones(4)) for _ in range(2))
    with pytest.raises(ValueError, match="sample_weight has no meaning"):
        compiled(mlp_gan()).fit(triples, verbose=0)


def test_bad_validation_data_are_refused_before_the_first_step():
    model = compiled(mlp_gan())
    before = state(model)
    with pytest.raises(ValueError, match=EXPECTED):
        train(model, X, validation_data=images(4, (8, 8, 3)))
    assert_same(state(model), before)


def test_points_need_no_range():
    points = np.random.default_rng(0).normal(size=(8, 2), scale=9.0).astype("float32")
    model = compiled(mlp_gan(shape=(2,)))
    assert np.isfinite(list(train(model, points).values())).all()
    with pytest.raises(ValueError, match=r"Expected shape \(batch, 2\), finite floats"):
        train(model, np.zeros((8, 2), "uint8"))

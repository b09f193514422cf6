"""Later batches, odd arguments and networks that would train badly: said, and refused."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from test_data_checks import Batches, data_loader, generator, tf_dataset
from tiny import SHAPE, assert_same, compiled, images, mlp_gan, state, train

from kerasgan import networks
from kerasgan.modalities import Attributes, ClassLabels
from kerasgan.models import GAN, ConditionalGAN

X = images(40)
FLOATS = (X / 127.5 - 1.0).astype("float32")
NAN = FLOATS.copy()
NAN[9, 2, 3] = np.nan
WIDE = FLOATS.copy()
WIDE[8:12] = X[8:12]


class Steps(keras.callbacks.Callback):
    """Counts steps and saved epochs."""

    steps = epochs = 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1


def conditional(seed=1, labels=None, label_dim=3):
    keras.utils.set_random_seed(seed)
    made = networks.mlp(SHAPE, latent_dim=4, width=8, depth=1, label_dim=label_dim)
    return compiled(ConditionalGAN(*made, labels=labels, seed=seed))


# Later batches.


@pytest.mark.parametrize(
    "kind, x", [(tf_dataset, NAN), (data_loader, WIDE), (Batches, NAN), (generator, WIDE)]
)
def test_a_later_batch_that_is_wrong_ends_the_run_before_it_is_saved(kind, x):
    model, seen = compiled(mlp_gan()), Steps()
    with pytest.raises(ValueError, match=r"float in \[-1, 1\]\. Received in real: .*out of range"):
        model.fit(kind(x), callbacks=seen, verbose=0)
    # Not at the end of its 10 batches.
    assert seen.epochs == 0 and seen.steps < 5


@pytest.mark.without_backend
def test_a_later_batch_without_what_the_model_takes_is_told():
    with pytest.raises(ValueError, match="Received one without real"):
        compiled(mlp_gan()).fit(iter([(X[:4],), None]), steps_per_epoch=2, verbose=0)


def test_a_later_batch_that_is_wrong_ends_an_evaluation():
    with pytest.raises(ValueError, match="A batch after the first was not as it should be"):
        compiled(mlp_gan()).evaluate(generator(WIDE), verbose=0)


@pytest.mark.parametrize("wrong", [3, -1])
def test_a_class_that_there_is_not_ends_the_run_and_is_not_remembered(wrong):
    labels = np.arange(40) % 3
    labels[17] = wrong
    model = conditional()
    batches = ((X[i : i + 4], labels[i : i + 4]) for i in range(0, 40, 4))
    with pytest.raises(ValueError, match="integer from 0 to 2, or .* Received in labels: 1 of"):
        model.fit(batches, verbose=0)
    rows = ops.convert_to_numpy(model.seen_labels)
    known = rows[rows[:, -1] == 1, :-1]
    assert 19 <= len(known) < 40 and (known.sum(axis=1) == 1).all()


# What is taken.


@pytest.fixture(scope="module")
def from_numpy():
    model = compiled(mlp_gan())
    train(model, X[:8], epochs=2)
    return state(model)


@pytest.mark.parametrize("batch", ["tensor", "dict"])
def test_a_loader_of_tensors_or_dicts_trains_as_an_array_does(batch, from_numpy):
    torch = pytest.importorskip("torch")
    x = torch.tensor(X[:8])
    loader = torch.utils.data.DataLoader(x if batch == "tensor" else [{"real": a} for a in x], 4)
    model = compiled(mlp_gan())
    model.fit(loader, epochs=2, verbose=0)
    assert_same(state(model), from_numpy, atol=1e-7)


def test_a_dataset_of_unknown_rank_trains_as_an_array_does(from_numpy):
    tf = pytest.importorskip("tensorflow")
    dataset = tf.data.Dataset.from_generator(lambda: generator(X[:8]), output_types=tf.uint8)
    assert dataset.element_spec.shape.rank is None
    model = compiled(mlp_gan())
    model.fit(dataset, epochs=2, verbose=0)
    assert_same(state(model), from_numpy, atol=1e-7)


@pytest.mark.without_backend
def test_lists_of_labels_are_taken():
    labels = [0, 1, 2, 0]
    models = [conditional() for _ in range(3)]
    models[0].fit(X[:4], np.array(labels), shuffle=False, verbose=0)
    models[1].fit(X[:4], labels, shuffle=False, verbose=0)
    models[2].fit((X[:4], labels), shuffle=False, verbose=0)
    assert_same(state(models[1]), state(models[0]))
    assert_same(state(models[2]), state(models[0]))


# What is refused.


@pytest.mark.without_backend
def test_what_is_refused_is_described_not_printed():
    named = conditional(labels=ClassLabels(3, ["cat", "dog", "fox"]))
    names = r"integer from 0 to 2 \(cat, dog, fox\), or a one-hot vector of 3. Received: names"
    for labels in (["cat"] * 4, np.array(["dog"] * 4)):
        with pytest.raises(ValueError, match=names):
            named.fit(X[:4], labels)
    for given, received in (
        (X.tolist(), "list of 40 list"),
        ([(X, np.arange(40) % 3)] * 2, "list of 2 tuple"),
        ("photographs", "str"),
    ):
        with pytest.raises(ValueError, match=f"Received: {received}$") as error:
            named.fit(given)
        assert len(str(error.value)) < 400
    with pytest.raises(ValueError, match="an array of shape"):
        named.generate(labels=np.full((500, 3), np.nan))


@pytest.mark.without_backend
@pytest.mark.parametrize("value", [0, -1, 2.5, "4", True])
def test_counts_are_whole_numbers(value):
    model = compiled(mlp_gan())
    names = ["batch_size", "steps_per_epoch", "validation_batch_size"]
    for name in names if value == 0 else [*names, "epochs", "initial_epoch"]:
        with pytest.raises(ValueError, match=f"{name} must be a whole number"):
            model.fit(X, **{name: value})
    with pytest.raises(ValueError, match="batch_size must be a whole number, 1 or more"):
        model.evaluate(X, batch_size=value)


@pytest.mark.without_backend
def test_an_epoch_to_train_to_that_has_passed_is_refused():
    with pytest.raises(ValueError, match="epoch to train to.* 5 or more.*epochs=2"):
        compiled(mlp_gan()).fit(X, initial_epoch=5, epochs=2)


@pytest.mark.without_backend
def test_a_label_that_is_no_vector_is_refused():
    for labels in (None, ClassLabels(10)):
        with pytest.raises(ValueError, match="a label as a vector.*In place of an Embedding"):
            conditional(labels=labels, label_dim=1)
    conditional(labels=Attributes(1), label_dim=1)


@pytest.mark.without_backend
def test_complex_weights_are_refused():
    class Turns(layers.Layer):
        def build(self, shape):
            self.turn = self.add_weight(shape=(4,), dtype="complex64", initializer="zeros")

        def call(self, x):
            return x

    tiny = mlp_gan()
    discriminator = keras.Sequential(
        [keras.Input(SHAPE), Turns(), layers.Flatten(), layers.Dense(1)]
    )
    with pytest.raises(ValueError, match="discriminator must have real weights.*turn.* complex64"):
        GAN(tiny.generator, discriminator)


# What is said.


def test_terminate_on_nan_ends_a_run_and_loss_is_the_sum_of_the_players():
    model = compiled(mlp_gan(), optimizer=keras.optimizers.SGD(0.01))
    history = train(model, X)
    sums = np.add(history["discriminator_loss"], history["generator_loss"])
    np.testing.assert_allclose(history["loss"], sums, rtol=1e-6)
    model.optimizer.learning_rate = 1e30
    history = train(model, X, epochs=5, callbacks=[keras.callbacks.TerminateOnNaN()])
    assert len(history["loss"]) < 3


@pytest.mark.without_backend
@pytest.mark.parametrize("ends", ["sigmoid", "softmax", "relu", "layer", "inside"])
def test_a_network_that_ends_in_the_wrong_activation_is_named(ends):
    last = {
        "layer": [layers.Dense(64), layers.ReLU()],
        "inside": [keras.Sequential([layers.Dense(64), layers.Activation("sigmoid")])],
    }.get(ends) or [layers.Dense(64, activation=ends)]
    positive = keras.Sequential([keras.Input((4,)), *last, layers.Reshape(SHAPE)])
    good = mlp_gan()
    with pytest.warns(UserWarning, match=r"generator ends in .*below 0.*\[-1, 1\].* tanh"):
        GAN(positive, good.discriminator)
    body = [keras.Input(SHAPE), layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    with pytest.warns(UserWarning, match="discriminator ends in sigmoid, but losses take logits"):
        GAN(good.generator, keras.Sequential(body))


@pytest.mark.without_backend
def test_setting_a_rate_beside_a_schedule_moves_none():
    model = mlp_gan()
    schedule = keras.optimizers.schedules.CosineDecay(1e-3, 10)
    model.compile(
        discriminator_optimizer=keras.optimizers.Adam(0.25),
        generator_optimizer=keras.optimizers.Adam(schedule),
    )
    with pytest.raises(TypeError, match="rate of the generator is a schedule"):
        model.optimizer.learning_rate = 0.5
    assert float(model.optimizer.learning_rate) == 0.25
    model.optimizer.by_player["discriminator"].learning_rate = 0.5
    assert float(model.optimizer.learning_rate) == 0.5

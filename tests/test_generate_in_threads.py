"""A web page that shows samples: threads that generate while others do, and while one fits."""

import threading

import keras
import numpy as np
import pytest
from tiny import compiled, images, state, train

from kerasgan import networks
from kerasgan.models import ConditionalGAN

X = images(16)
Y = np.arange(16) % 3


def build():
    keras.utils.set_random_seed(1)
    size = {"latent_dim": 4, "width": 8, "depth": 1, "label_dim": 3}
    return compiled(ConditionalGAN(*networks.mlp((8, 8, 1), **size), seed=1))


def test_threads_generate_while_one_fits():
    alone = build()
    train(alone, X, y=Y, epochs=6, validation_data=(X[:4], Y[:4]))
    model = build()
    model.generate(2)
    drawn, raised, fitted = [], [], threading.Event()

    def page():
        while not (fitted.is_set() and drawn) and not raised:
            try:
                drawn.append(model.generate(2, seed=0, as_float=True))
            except Exception as error:  # shown by the assertion below
                raised.append(error)

    threads = [threading.Thread(target=page) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        train(model, X, y=Y, epochs=6, validation_data=(X[:4], Y[:4]))
    finally:
        fitted.set()
        for thread in threads:
            thread.join()
    assert raised == [] and np.isfinite(drawn).all()
    # They saw the training go on, and it never saw them.
    assert (drawn[0] != model.generate(2, seed=0, as_float=True)).any()
    for one, other in zip(state(model), state(alone)):
        np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="compiles no program for every size")
def test_few_sizes_of_a_batch_reach_the_compiler(monkeypatch):
    model, sizes = build(), set()
    run = model.run
    monkeypatch.setattr(model, "run", lambda x: sizes.add(len(x[0])) or run(x))
    whole = model.generate(40, seed=0, labels=1)
    for n in (1, 2, 3, 5, 6, 7, 20, 39):
        some = model.generate(n, seed=0, labels=1)
        assert some.shape == (n, 8, 8, 1)
        assert np.abs(some.astype(int) - whole[:n]).max() <= 1
    assert sizes == {1, 2, 4, 8, 32, 64}

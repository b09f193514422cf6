"""Training over several devices, by the engine that the backend has for it."""

import contextlib
import importlib
import os

from kerasgan.engine.backend import BACKEND

_on = importlib.import_module(f"kerasgan.engine.on_{BACKEND}_devices")


@contextlib.contextmanager
def over(n):
    """While it lasts, models are made and trained over `n` devices; None for what there is.

    That is one device, or of `torchrun` one in each of its processes.

    Raises:
        ValueError: If there are fewer, or if this backend takes a process for each.
    """
    started = int(os.environ.get("WORLD_SIZE", 1))
    if started > 1 and BACKEND != "torch":
        raise ValueError(
            f"torchrun has started {started} processes, which train together on PyTorch alone: set "
            "KERAS_BACKEND=torch, or leave torchrun out."
        )
    if n is not None and n < 1:
        raise ValueError(f"devices must be 1 or more. Received: devices={n}")
    with _on.over(n):
        yield


def number():
    """Over how many devices a model is trained."""
    return _on.number()


def is_first():
    """Whether this process is the one that writes, of those that train together."""
    return _on.is_first()


def replica(model):
    """A context for a step: what one of several replicas does, and what it adds to the metrics."""
    return _on.replica(model)


def share(batch):
    """Of a batch, a dict by name, what this process computes with.

    Raises:
        ValueError: If it cannot be shared evenly.
    """
    return _on.share(batch)


def spread(batch):
    """A batch with what was drawn of it, spread over the devices of this process."""
    return _on.spread(batch)


def begin(variables):
    """Let all processes start from the values that the first one has."""
    _on.begin(variables)


def divide(data, batch_size):
    """Have the data of a `fit` come in batches that all devices have an equal part of.

    Args:
        data: What Keras's `fit` is to be given.
        batch_size: Of arrays.

    Returns:
        Whether each process reads its own part alone.

    Raises:
        ValueError: On a batch of arrays that cannot be divided.
    """
    n, dataset = number(), getattr(data, "dataset", data)
    if n == 1:
        return False
    if hasattr(dataset, "divide"):
        dataset.divide(n, _on.part())
        return _on.part() is not None
    if isinstance(data, dict):
        length = len(next(iter(data.values())))
        size = min(batch_size or 32, length)
        if size % n or length % size % n:
            raise ValueError(
                f"{n} devices take an equal part of every batch, the last one too. Received: "
                f"{length} samples in batches of {size}. Leave some out, choose another "
                "batch_size, or give a dataset of kerasgan.datasets, which fills its last batch up."
            )
    return False

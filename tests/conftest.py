"""Every test runs on the backend that KERAS_BACKEND names."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Two workers that both use all cores are slower than each on one.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# JAX compiles the same tiny step in test after test, at seconds each: once is enough.
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "jax")
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")

import kerasgan  # noqa: E402, F401, I001 - before Keras: it chooses a backend where none is named
import keras  # noqa: E402

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    # Threads that share a sum would give other last bits from run to run.
    tf.config.experimental.enable_op_determinism()


def pytest_report_header():
    return f"keras {keras.__version__} on {keras.backend.backend()}"


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def shared_data():
    """The real data beside the checkout; a test that needs it skips where it is absent."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the data folder ../shared/data, which is not here")
    return folder

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
# Tiny steps run for milliseconds: most of what compiling them well takes is lost.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
)

import kerasgan  # noqa: E402, F401, I001 - before Keras: it chooses a backend where none is named
import keras  # noqa: E402

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    # Threads that share a sum would give other last bits from run to run.
    tf.config.experimental.enable_op_determinism()


# What knows no backend runs on one of them.
WITHOUT_BACKEND = {
    *("test_choose_backend", "test_cli_models", "test_diagnosis", "test_holes", "test_imports"),
    *("test_inspection", "test_labels_data", "test_networks", "test_odd_arguments"),
    *("test_odd_pictures", "test_patches"),
    *("test_photos", "test_readme", "test_recipes", "test_report", "test_resume_data"),
    *("test_tiles", "test_translate_files", "test_upscale_files", "test_zoo_fetch"),
}
ONE_BACKEND = keras.backend.backend() == "torch"
collect_ignore = [f"{name}.py" for name in WITHOUT_BACKEND if not ONE_BACKEND]


def pytest_collection_modifyitems(items):
    """Leave out single tests that know no backend, marked so, in the same way."""
    if not ONE_BACKEND:
        items[:] = [item for item in items if not item.get_closest_marker("without_backend")]


def pytest_report_header():
    left_out = f"; {len(collect_ignore)} files know no backend and run on torch alone"
    return (
        f"keras {keras.__version__} on {keras.backend.backend()}{left_out * bool(collect_ignore)}"
    )


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

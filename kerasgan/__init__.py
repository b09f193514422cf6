"""kerasgan: generative adversarial networks for Keras 3, with a zoo of trained ones.

```python
import kerasgan

faces = kerasgan.zoo.load("dcgan_celeba").generate(16)
```
"""

import importlib
import sys

from kerasgan._choose_backend import choose_backend

__version__ = "0.1.0"
__all__ = [
    *("augment", "callbacks", "datasets", "diagnosis", "layers", "losses", "metrics"),
    *("modalities", "models", "networks", "penalties", "photos", "recipes", "zoo"),
]
# Of which a file of Keras may name classes.
SAVED = ("augment", "layers", "losses", "modalities", "models", "penalties")

choose_backend()

# Beside Keras itself these take a few hundredths of its time, and `keras.saving.load_model` then
# finds the classes. Without Keras, as in `kerasgan list`, nothing waits for it.
if "keras" in sys.modules:
    for name in SAVED:
        importlib.import_module(f"kerasgan.{name}")


def __getattr__(name):
    # Sub-packages import Keras and a backend, which takes seconds: only those asked for.
    if name in __all__:
        return importlib.import_module(f"kerasgan.{name}")
    raise AttributeError(f"module 'kerasgan' has no attribute {name!r}")


def __dir__():
    return [*globals(), *__all__]

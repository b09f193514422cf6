"""kerasgan: generative adversarial networks for Keras 3, with a zoo of trained ones.

```python
import kerasgan

faces = kerasgan.zoo.load("dcgan_celeba").generate(16)
```
"""

import functools
import importlib
import sys

from kerasgan._choose_backend import choose_backend

__version__ = "0.1.0"
__all__ = [
    *("augment", "callbacks", "datasets", "diagnosis", "latents", "layers", "losses", "marks"),
    *("metrics", "modalities", "models", "networks", "penalties", "photos", "recipes"),
    *("style", "zoo"),
]
# Of which a file of Keras may name classes.
SAVED = ("augment", "layers", "losses", "modalities", "models", "penalties")

choose_backend()


class _OnceKerasIsThere:
    """A finder that registers the classes where Keras is imported after kerasgan.

    By a part of kerasgan too: then when that part is complete.
    """

    under_way = 0

    def find_spec(self, name, path=None, target=None):
        if name not in ("keras", *(f"kerasgan.{part}" for part in __all__)):
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        spec = next(filter(None, (other.find_spec(name, path, target) for other in others)), None)
        if spec is not None:
            spec.loader.exec_module = functools.partial(self._execute, spec.loader.exec_module)
        return spec

    def _execute(self, execute, module):
        self.under_way += 1
        try:
            execute(module)
        finally:
            self.under_way -= 1
        if "keras" in sys.modules and not self.under_way and self in sys.meta_path:
            sys.meta_path.remove(self)
            _register()


def _register():
    for name in SAVED:
        importlib.import_module(f"kerasgan.{name}")


# Beside Keras itself these take a few hundredths of its time, and `keras.saving.load_model` then
# finds the classes. Without Keras, as in `kerasgan list`, nothing waits for it.
if "keras" in sys.modules:
    _register()
else:
    sys.meta_path.insert(0, _OnceKerasIsThere())


def __getattr__(name):
    if name == "Privacy":
        return importlib.import_module("kerasgan.privacy").Privacy
    # Sub-packages import Keras and a backend, which takes seconds: only those asked for.
    if name in __all__:
        return importlib.import_module(f"kerasgan.{name}")
    raise AttributeError(f"module 'kerasgan' has no attribute {name!r}")


def __dir__():
    return [*globals(), *__all__, "Privacy"]

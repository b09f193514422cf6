"""With what a run was trained: versions and machine, each time that it was started."""

import os
import platform
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np
import tomli_w

from kerasgan import __version__
from kerasgan.engine import backend, devices
from kerasgan.files import write_text


def hardware():
    """What the program runs on: `NVIDIA H100 80GB HBM3, 16 CPU cores, x86_64`."""
    processor = f"{os.cpu_count()} CPU cores, {platform.machine()}"
    return ", ".join(filter(None, [backend.accelerator(), processor]))


def faster_backend():
    """A line that names an installed backend on which training takes less time; None if none."""
    name = backend.faster_backend()
    return name and (
        f"Without an accelerator a step takes longer on {keras.backend.backend()} than on {name}, "
        f"which is installed: KERAS_BACKEND={name} chooses it."
    )


def is_first_process():
    """Whether this one tells how it went, of several that train together."""
    return devices.is_first()


def record(run, epoch):
    """Add to the run's `environment.toml` that it goes on here and now, after `epoch` epochs."""
    name = keras.backend.backend()
    session = {
        "begun": datetime.now(UTC).replace(microsecond=0),
        "after_epoch": epoch,
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "folder": str(Path.cwd()),
        "kerasgan": __version__,
        "keras": keras.__version__,
        # Keras has imported it.
        "backend": f"{name} {sys.modules[name].__version__}",
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "hardware": hardware(),
        "device": str(keras.ops.zeros(()).device),
        "devices": devices.number(),
    }
    path = run / "environment.toml"
    earlier = path.read_text(encoding="utf-8") + "\n" if path.exists() else ""
    write_text(path, f"{earlier}[[session]]\n{tomli_w.dumps(session)}")

"""A trained model outside of kerasgan: its verb as one Keras model, written for other runtimes."""

import os
from pathlib import Path

import keras
from keras import ops

from kerasgan.engine import backend
from kerasgan.engine.by_keras import as_it_is
from kerasgan.engine.shapes import shapes
from kerasgan.files import temporary_folder

# Formats of `keras.Model.export`, and how names of their files end.
SUFFIXES = {
    "tf_saved_model": "",
    "onnx": ".onnx",
    "openvino": ".xml",
    "litert": ".tflite",
}


class IsServed:
    """What `export` asks of an `AdversarialModel`.

    Attributes:
        serves: Dict from the name of an input that `network` takes, in its order, to the name in
            `modalities` of what it is; None of numbers that the network takes as they are.
    """

    serves = {}

    def export(
        self, filepath: str | os.PathLike, format: str | None = None, *, force: bool = False
    ):
        """Write what the verb does for a program without kerasgan, by `keras.Model.export`.

        The averaged networks, of any batch, and of any height and width where they take any: of
        sides that their strides divide, multiples of 64 always. Inputs have the names of the
        verb's arguments, and the output is `samples`. Pictures go in and come out as uint8 in
        [0, 255], masks as uint8, 255 where they hold, found ones as 255 times the probability.
        Sounds are floats in [-1, 1]. `labels` are one vector a sample, of a class one-hot. Of
        tables, music, series, sequences, fields and spectrograms the file gives what the networks
        give, numbers that `modality.to_user` decodes. Styles and latents are the caller's to draw
        from the standard normal.

        Args:
            filepath: File that ends in `.onnx`, `.xml` (OpenVINO; its weights lie beside in a
                `.bin` file) or `.tflite` (LiteRT); else the folder of a SavedModel.
            format: `"tf_saved_model"`, `"onnx"`, `"openvino"` or `"litert"`; by default what
                `filepath` ends in.
            force: Replace what is there.

        Raises:
            ValueError: On another format or ending, or on what this backend or the format has no
                way for, with the backend that has.
            FileExistsError: If the file is there.
            ImportError: If a package that converts is missing.

        Example:

        ```python
        kerasgan.zoo.load("dcgan_celeba").export("faces.onnx")
        ```
        """
        path = Path(filepath)
        format = _format_of(path, format)
        served = self.served()
        _check_backend(format, served)
        written = [path, *([path.with_suffix(".bin")] if format == "openvino" else [])]
        for place in written:
            if place.exists() and not force:
                raise FileExistsError(f"{place} exists. Choose another name, or force it.")
        with temporary_folder(path.parent) as folder:
            with backend.settled(self):
                backend.export(served, Path(folder, path.name), format)
            # The weights before the file that needs them.
            for place in reversed(written):
                if place.is_dir():
                    os.replace(place, Path(folder, f"old_{place.name}"))
                os.replace(Path(folder, place.name), place)

    def served(self):
        """The Keras model that `export` writes: from inputs by name to `samples`."""
        taken = shapes(self.network)[0]
        taken = taken if isinstance(taken, list) else [taken]
        kinds = self.serves or {f"inputs_{i}" if i else "inputs": None for i in range(len(taken))}
        inputs = {
            name: keras.Input(shape[1:], name=name, dtype=self._of(kind, "served_as", "float32"))
            for (name, kind), shape in zip(kinds.items(), taken, strict=True)
        }
        return keras.Model(inputs, {"samples": self.serve(**inputs)})

    def serve(self, **inputs):
        """What the verb makes of tensors by the names in `serves`, by operations of Keras alone."""
        seen = [self._of(self.serves.get(name), "seen", as_it_is)(x) for name, x in inputs.items()]
        made = self.network(seen if len(seen) > 1 else seen[0], training=False)
        return self._of(self.makes, "served", as_it_is)(ops.cast(made, "float32"))

    def _of(self, kind, name, default):
        """An attribute of the modality of a kind, or what stands for it where there is none."""
        return getattr(self.modalities[kind], name) if kind in self.modalities else default


def _check_backend(format, served):
    of_any_size = any(None in x.shape[1:] for x in served.inputs)
    known = backend.exported_formats(of_any_size)
    if format not in known:
        raise ValueError(
            f"With Keras on {backend.BACKEND} a network of inputs of "
            f"{'any' if of_any_size else 'one'} size cannot be written as {format}, but as "
            f"{' or '.join(known) or 'nothing'}. Save the model, then "
            "KERAS_BACKEND=tensorflow kerasgan export NAME …"
        )


def _format_of(path, format):
    if format is None:
        known = {suffix: name for name, suffix in SUFFIXES.items()}
        if path.suffix.lower() not in known:
            raise ValueError(
                f"filepath must end in {', '.join(filter(None, known))}, or be the folder of a "
                f"SavedModel, without an ending. Received: {path}"
            )
        return known[path.suffix.lower()]
    if format not in SUFFIXES:
        raise ValueError(f"format must be one of {', '.join(SUFFIXES)}. Received: {format!r}")
    if SUFFIXES[format] and path.suffix != SUFFIXES[format]:
        raise ValueError(f"A file of {format} ends in {SUFFIXES[format]}. Received: {path}")
    return format

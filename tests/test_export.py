"""Models exported, and run by the runtimes that they are exported for."""

import sys

import keras
import numpy as np
import pytest
from keras import layers, ops
from tiny import SHAPE, mlp_gan

from kerasgan import models, networks, zoo
from kerasgan.cli import main

BACKEND = keras.backend.backend()
TENSORFLOW, TORCH = BACKEND == "tensorflow", BACKEND == "torch"
to_onnx = pytest.mark.skipif(BACKEND == "jax", reason="JAX writes SavedModels alone")
by_tensorflow = pytest.mark.skipif(not TENSORFLOW, reason="is written on TensorFlow")

# On TensorFlow, which takes longer, entries are run by other tests.
QUICK = {"cgan_mnist", "wavegan_digits"} if TORCH else {}
MODALITIES = ("images", "masks", "audio")


def of_one_size(name):
    return zoo.info(name)["verb"] == "generate" or name.startswith("pix2pix")


def entries():
    """Those that make or change pictures or sounds; most take a minute of TensorFlow each."""
    for name in zoo.list():
        if zoo.info(name)["modality"] in MODALITIES and (of_one_size(name) or TENSORFLOW):
            yield pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow)


def reference(name, model):
    """Inputs by the names of the exported model, and samples, of an entry's reference."""
    inputs = dict(np.load(zoo.store.find(name) / "reference.npz"))
    samples = inputs.pop("samples")
    if "mask" in inputs:
        inputs["mask"] = np.repeat(inputs["mask"][None, :, :, None], len(samples), axis=0)
    if "strength" in model.serves:
        inputs["strength"] = np.ones((len(samples), 1), "float32")
    if "styles" in model.serves:
        shape = (len(samples), 1, model.style_dim)
        inputs["styles"] = np.random.default_rng(0).standard_normal(shape, "float32")[:, 0]
    return inputs, samples


def run(path, **inputs):
    """What the runtime of a file makes of inputs by name."""
    if path.suffix == ".onnx":
        import onnxruntime

        return onnxruntime.InferenceSession(path).run(["samples"], inputs)[0]
    if path.suffix == ".xml":
        import openvino

        # By default in half precision, where the processor has it.
        precise = {"INFERENCE_PRECISION_HINT": "f32"}
        return openvino.compile_model(path, "CPU", precise)(inputs)["samples"]
    if path.suffix == ".tflite":
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter(str(path)).get_signature_runner()(**inputs)["samples"]
    import tensorflow as tf

    called = tf.saved_model.load(path).signatures["serving_default"]
    return called(**{name: tf.constant(x) for name, x in inputs.items()})["samples"].numpy()


def levels_apart(one, other):
    assert one.shape == other.shape and one.dtype == other.dtype
    return np.abs(one.astype("float32") - other.astype("float32")).max()


@to_onnx
@pytest.mark.parametrize("name", [*entries()])
def test_an_entry_gives_its_reference_in_onnx_runtime(name, tmp_path):
    model = zoo.load(name)
    model.export(tmp_path / "model.onnx")
    inputs, samples = reference(name, model)
    made = run(tmp_path / "model.onnx", **inputs)
    if zoo.info(name)["modality"] == "audio":
        np.testing.assert_allclose(made, samples / 32768, atol=1e-4)
    elif model.verb == "detect":
        assert np.abs(255 * made[:, 0] - samples[:, 0, 0, 0]).max() <= 1
    else:
        assert levels_apart(made, samples) <= 1
        if "mask" in inputs:
            known = inputs["mask"][0, :, :, 0] == 0
            np.testing.assert_array_equal(made[:, known], inputs["image"][:, known])


@by_tensorflow
@pytest.mark.parametrize("file", ["model", "model.xml", "model.tflite"])
def test_an_entry_gives_its_reference_in_other_runtimes(file, tmp_path):
    model = zoo.load("dcgan_fashion_mnist")
    model.export(tmp_path / file)
    inputs, samples = reference("dcgan_fashion_mnist", model)
    assert levels_apart(run(tmp_path / file, **inputs), samples) <= 1
    one = run(tmp_path / file, latents=inputs["latents"][:1])
    assert levels_apart(one, samples[:1]) <= 1


@by_tensorflow
def test_pictures_of_any_size(tmp_path):
    model = zoo.load("enhance_xrays")
    model.export(tmp_path / "model.onnx")
    for shape in ((1, 16, 40, 1), (3, 32, 24, 1)):
        images = np.random.default_rng(0).integers(0, 256, shape, "uint8")
        made = run(tmp_path / "model.onnx", images=images)
        assert levels_apart(made, model.enhance(images)) <= 1


@to_onnx
def test_any_number_of_samples_by_the_averaged_generator_after_a_fit(tmp_path):
    keras.utils.set_random_seed(1)
    made = networks.mlp(SHAPE, latent_dim=4, width=8, depth=1, label_dim=3)
    model = models.ConditionalGAN(*made)
    x, y = np.zeros((8, *SHAPE), "uint8"), np.arange(8) % 3
    model.compile()
    model.fit(x, y, batch_size=4, verbose=0)
    model.export(tmp_path / "model.onnx")
    for n in (1, 5):
        latents = np.random.default_rng(n).standard_normal((n, 4), "float32")
        labels = np.eye(3, dtype="float32")[np.arange(n) % 3]
        exported = run(tmp_path / "model.onnx", labels=labels, latents=latents)
        own = model.generate(latents=latents, labels=list(np.arange(n) % 3))
        assert levels_apart(exported, own) <= 1


@to_onnx
def test_holes_are_filled_and_the_rest_is_as_it_was(tmp_path):
    generator = networks.context_encoder((32, 32, 3), width=4)
    judge = networks.sn_patchgan((32, 32, 3), width=4, depth=2)
    model = models.Inpainting(generator, judge)
    model.export(tmp_path / "model.onnx")
    image = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), "uint8")
    mask = np.zeros((2, 32, 32, 1), "uint8")
    mask[:, 8:20, 10:24] = 255
    made = run(tmp_path / "model.onnx", image=image, mask=mask)
    assert levels_apart(made, model.inpaint(image, mask[..., 0])) <= 1
    np.testing.assert_array_equal(np.where(mask, 0, made), np.where(mask, 0, image))


@pytest.mark.skipif(BACKEND != "jax", reason="of JAX")
def test_jax_writes_a_saved_model(tmp_path):
    pytest.importorskip("tensorflow")
    model = mlp_gan()
    model.export(tmp_path / "model")
    latents = np.random.default_rng(0).standard_normal((3, 4), "float32")
    exported = run(tmp_path / "model", latents=latents)
    assert levels_apart(exported, model.generate(latents=latents)) <= 1


# Refusals


@pytest.mark.parametrize(
    ("file", "format", "message"),
    [
        ("faces.onx", None, "must end in .onnx, .xml, .tflite, or be the folder"),
        ("faces.onnx", "coreml", "format must be one of tf_saved_model, .*Received: 'coreml'"),
        ("faces.onnx", "litert", "A file of litert ends in .tflite. Received: .*faces.onnx"),
    ],
)
def test_names_and_formats_that_do_not_fit(file, format, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        mlp_gan().export(tmp_path / file, format)
    assert not [*tmp_path.iterdir()]


@pytest.mark.skipif(TENSORFLOW, reason="TensorFlow writes every format")
def test_what_a_backend_does_not_write_names_the_one_that_does(tmp_path):
    with pytest.raises(ValueError, match="KERAS_BACKEND=tensorflow kerasgan export"):
        mlp_gan().export(tmp_path / "model.tflite")
    with pytest.raises(ValueError, match="of any size cannot be written as onnx, but as"):
        zoo.load("enhance_xrays").export(tmp_path / "model.onnx")


@keras.saving.register_keras_serializable("tests")
class Decomposed(layers.Layer):
    """What ONNX has no operation for."""

    def call(self, x):
        return x * ops.svd(x[..., 0], compute_uv=False)[:, :1, None, None]

    def compute_output_shape(self, input_shape):
        return input_shape


@to_onnx
def test_an_export_that_fails_leaves_what_was_there(tmp_path):
    generator, discriminator = networks.mlp(SHAPE, latent_dim=4, width=8, depth=1)
    generator = keras.Model(generator.inputs, Decomposed()(generator.output))
    (tmp_path / "model.onnx").write_text("mine")
    with pytest.raises(ValueError, match="cannot be written as onnx: .*Try another format"):
        models.GAN(generator, discriminator).export(tmp_path / "model.onnx", force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    assert (tmp_path / "model.onnx").read_text() == "mine"


@to_onnx
def test_a_missing_package_is_named_with_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'onnx needs more packages .*"kerasgan\[export\]"'):
        mlp_gan().export(tmp_path / "model.onnx")
    assert not [*tmp_path.iterdir()]


@to_onnx
def test_the_command(tmp_path, monkeypatch, capsys):
    zoo.save(mlp_gan(), tmp_path / "entry")
    monkeypatch.chdir(tmp_path)
    assert main(["export", "entry"]) == 0
    assert "Wrote entry.onnx" in capsys.readouterr().out
    latents = np.zeros((2, 4), "float32")
    made = run(tmp_path / "entry.onnx", latents=latents)
    assert levels_apart(made, zoo.load("entry").generate(latents=latents)) <= 1
    assert main(["export", "entry"]) == 2
    assert "entry.onnx exists" in capsys.readouterr().err
    assert main(["export", "entry", "--force"]) == 0

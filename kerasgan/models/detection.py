"""Generated pictures told from real ones, Wang et al. 2020 (arXiv:1912.11035)."""

import math

import keras
import numpy as np
from keras import ops

from kerasgan import photos
from kerasgan.arguments import check_whole
from kerasgan.engine.model import AdversarialModel
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import refuse_unbuilt
from kerasgan.modalities import Images, make_rows

LEAST = 32
# A larger picture is seen in parts of PART pixels a side, MOST or fewer along each side.
PART, MOST = 256, 4
# Sides are extended to multiples of this: JAX compiles the network for every size.
MULTIPLE = 32


@register
class Detection(AdversarialModel):
    """A discriminator alone, which learns to tell generated pictures from real ones.

    It lowers the binary cross-entropy. Pictures of both kinds are blurred, shrunk and saved as
    JPEG alike while it learns, `degradation="shared"` of the door, so that this neither hides what
    it has learnt nor tells the kinds apart. That holds of what was done to the pictures before,
    too: save both kinds by the same program in the same sizes, or it learns the difference.

    It knows the generators whose pictures it was shown. On others it may fail, and be sure of it.

    Args:
        discriminator: Keras model from pictures `(batch, height, width, channels)` of any size to
            logits that they were generated, `(batch, 1)`, which ends in a dense layer:
            `kerasgan.networks.detector`.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizer: Adam with learning rate 1e-3. The paper's is 1e-4, of a network that
    begins with ImageNet's weights.

    Raises:
        ValueError: On a network of another kind.

    Example:

    ```python
    data = kerasgan.datasets.load_unpaired(
        "real", "generated", size=64, patches=1, degradation="shared", batch_size=32
    )
    real, generated = data.hold_out(100)
    model = kerasgan.models.Detection(kerasgan.networks.detector())
    model.fit(data, epochs=10)
    model.calibrate({"source": real, "target": generated})
    probability = model.detect("picture.png")
    ```

    Reference: Wang, Wang, Zhang, Owens and Efros 2020, "CNN-generated images are surprisingly
    easy to spot... for now", arXiv:1912.11035.
    """

    players = {"discriminator": ("discriminator",)}
    averaged = ("discriminator",)
    takes = ("source", "target")
    makes = "target"
    unpaired = True
    calibrated = True
    verb = "detect"
    serves = {"images": "target"}
    door = "load_unpaired"
    builders = {"discriminator": "detector"}
    recipe = {"data": {"size": 64, "patches": 1, "degradation": "shared", "batch_size": 32}}
    fixes = ()

    def __init__(self, discriminator: keras.Model, **kwargs):
        refuse_unbuilt(discriminator=discriminator)
        taken, made = discriminator.input_shape, discriminator.output_shape
        last = discriminator.layers[-1]
        of_pictures = isinstance(taken, tuple) and taken[1:3] == (None, None) and len(taken) == 4
        is_dense = isinstance(last, keras.layers.Dense) and last.use_bias
        if not of_pictures or taken[3] not in (1, 3) or made != (None, 1) or not is_dense:
            raise ValueError(
                "discriminator must take pictures of any size, (batch, None, None, 1 or 3), and "
                "give a logit, (batch, 1), by a dense layer with a bias, as "
                f"kerasgan.networks.detector does. Received one from {taken} to {made} that ends "
                f"in {type(last).__name__}"
            )
        self.channels = taken[3]
        shape = (None, None, taken[3])
        super().__init__(
            {"discriminator": discriminator},
            {name: Images() for name in self.takes},
            dict.fromkeys(self.takes, shape),
            **kwargs,
        )
        self.track("accuracy")

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give the builder: dict of its arguments."""
        return {"discriminator": {"channels": sample_shapes["source"][-1]}}

    def default_optimizers(self):
        return {"discriminator": keras.optimizers.Adam(1e-3)}

    def check_batch(self, batch, where):
        super().check_batch(batch, where)
        real, generated = (tuple(batch[name].shape[1:]) for name in self.takes)
        if real != generated:
            raise ValueError(
                "Real and generated pictures must be of one size, which would tell them apart. "
                f"Received in {where}: source {real}, target {generated}"
            )

    def discriminator_loss(self, batch, training=True):
        # In one batch: batch normalisation would tell one of each kind by its statistics.
        pictures = ops.concatenate([batch["source"], batch["target"]])
        logits = self.logits(self.discriminator, pictures, training=training)
        n = ops.shape(batch["source"])[0]
        real_logits, fake_logits = logits[:n], logits[n:]
        right = [ops.less(real_logits, 0.0), ops.greater(fake_logits, 0.0)]
        self.log(accuracy=sum(ops.mean(ops.cast(r, "float32")) for r in right) / 2)
        real_loss, fake_loss = ops.softplus(real_logits), ops.softplus(-fake_logits)
        return (ops.mean(real_loss) + ops.mean(fake_loss)) / 2

    def detect(self, images, batch_size: int = 16):
        """How probable it is that pictures were generated, where half of all are.

        Args:
            images: A path, a Pillow image, or an array `(height, width)`,
                `(height, width, channels)` or `(n, height, width, channels)`; uint8, uint16 or
                float in [-1, 1]. At least 32 pixels a side. Of one of more than 256 the logits of
                up to 4 × 4 parts, evenly placed, are averaged.
            batch_size: Pictures on the device at a time.

        Returns:
            Float in [0, 1]; of an array of several a float32 array `(n,)`.

        Raises:
            ValueError: On what is no picture, is too small or has other channels.

        Example:

        ```python
        kerasgan.zoo.load("detect_zoo").detect("face.png")
        ```
        """
        check_whole(1, batch_size=batch_size)
        if not hasattr(images, "dtype"):
            images = photos.read_photo(images).array(self.channels)
        images = np.asarray(images)
        pictures = images[..., None] if images.ndim == 2 else images
        pictures = pictures if images.ndim > 3 else pictures[None]
        self.modalities["target"].check(pictures, "images", self.sample_shapes["target"])
        height, width = pictures.shape[1:3]
        if min(height, width) < LEAST:
            raise ValueError(
                f"A picture must have at least {LEAST} pixels a side. Received: height {height}, "
                f"width {width}"
            )
        probabilities = (1 + np.tanh(self._logits(pictures, batch_size) / 2)) / 2
        return probabilities if images.ndim > 3 else float(probabilities[0])

    def _logits(self, pictures, batch_size=16):
        """Logits `(n,)` of pictures of one size, each the mean over its parts."""
        starts = range(0, len(pictures), batch_size)
        return np.concatenate([self._of_batch(pictures[i : i + batch_size]) for i in starts])

    def _of_batch(self, pictures):
        pictures = ops.convert_to_numpy(self.modalities["target"].to_network(pictures))
        parts = [
            pictures[:, top : top + PART, left : left + PART]
            for top in _starts(pictures.shape[1])
            for left in _starts(pictures.shape[2])
        ]
        below, right = (-side % MULTIPLE for side in parts[0].shape[1:3])
        missing = ((0, 0), (0, below), (0, right), (0, 0))
        logits = [self.run(np.pad(part, missing, "symmetric")) for part in parts]
        return np.mean(logits, axis=0)[:, 0]

    def serve(self, images):
        return ops.sigmoid(self.network(self.modalities["target"].seen(images), training=False))

    def calibrate(self, batch):
        """Let probabilities be right on held-out pictures, on average.

        A slope and an offset of the logits are fitted to them (Platt 1999, "Probabilistic Outputs
        for Support Vector Machines and Comparisons to Regularized Likelihood Methods") and put
        into the last layer of the averaged discriminator.

        Args:
            batch: Dict of arrays as `fit` takes them: `source`, real, and `target`, generated.
        """
        slope, offset = _platt(*(self._logits(np.asarray(batch[name])) for name in self.takes))
        kernel, bias = self.network.layers[-1].weights
        kernel.assign(slope * kernel)
        bias.assign(slope * bias + offset)

    # What callbacks, reports and the zoo ask for.

    def measure(self, batch):
        """Area under the ROC curve and accuracy on held-out pictures."""
        real, generated = (self.detect(np.asarray(batch[name])) for name in self.takes)
        over = np.sign(generated[:, None] - real)
        right = [(real < 0.5).mean(), (generated >= 0.5).mean()]
        return {
            "held_out_auc": float(over.mean() / 2 + 0.5),
            "held_out_accuracy": float(np.mean(right)),
        }

    def preview(self, n: int = 16, seed: int = 0, batch: dict | None = None):
        """Of real and of generated pictures each beside its probability, from black to white."""
        if batch is None:
            raise ValueError("A preview of a detection needs held-out pictures, batch=….")
        shown = []
        for name in self.takes:
            pictures = self.modalities[name].levels(np.asarray(batch[name][:n]))
            levels = np.rint(255 * self.detect(pictures)).astype("uint8")
            grey = levels[:, None, None, None]
            shown += [pictures, np.broadcast_to(grey, (*pictures.shape[:3], 1))]
        return make_rows(shown)

    def card_fields(self):
        return {"samples": [0, 0, self.channels]}

    def data_options(self):
        return {"source_channels": self.channels, "target_channels": self.channels}

    def reference_inputs(self, n):
        blocks = np.random.default_rng(0).integers(0, 256, (n, 8, 8, self.channels), "uint8")
        return {"images": blocks.repeat(8, axis=1).repeat(8, axis=2)}

    def reference_samples(self, **inputs):
        """The probabilities as levels of grey, by which entries are compared."""
        return np.rint(255 * self.detect(**inputs)).astype("uint8")[:, None, None, None]


def _starts(length):
    """Where the parts of a side begin."""
    number = min(math.ceil(length / PART), MOST)
    return np.linspace(0, max(length - PART, 0), number).round().astype(int)


def _platt(real_logits, fake_logits):
    """Slope and offset by which logits are calibrated: Newton's method, halving its steps."""
    logits = np.concatenate([real_logits, fake_logits]).astype("float64")
    # As if one more of each kind had been seen, of the other's side.
    low, high = (1 / (len(real_logits) + 2), 1 - 1 / (len(fake_logits) + 2))
    targets = np.repeat([low, high], [len(real_logits), len(fake_logits)])
    rows = np.stack([logits, np.ones_like(logits)], axis=1)

    def loss(fitted):
        found = rows @ fitted
        return np.sum(np.logaddexp(0, found) - targets * found)

    fitted = np.zeros(2)
    for _ in range(50):
        found = (1 + np.tanh(rows @ fitted / 2)) / 2
        curvature = (rows * (found * (1 - found))[:, None]).T @ rows + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, rows.T @ (found - targets))
        while loss(fitted - step) > loss(fitted) and np.abs(step).max() > 1e-9:
            step = step / 2
        fitted = fitted - step
    return float(fitted[0]), float(fitted[1])

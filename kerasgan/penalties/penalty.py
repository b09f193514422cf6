"""What a penalty is."""

from keras import ops

from kerasgan.engine.backend import input_gradient


class Penalty:
    """A term of the discriminator's loss, with a weight.

    Args:
        weight: Float, 0 or more.

    Raises:
        ValueError: On a negative weight.
    """

    def __init__(self, weight: float):
        if not weight >= 0.0:
            raise ValueError(f"A penalty's weight must be 0 or more. Received: weight={weight}")
        self.weight = weight

    def __call__(self, discriminate, real, fake, seed=None):
        raise NotImplementedError

    def get_config(self):
        return {"weight": self.weight}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def squared_gradient_norm(discriminate, samples):
    """`‖∇D(x)‖²` of every sample, `(batch,)`."""
    gradient = input_gradient(discriminate, samples)
    return ops.sum(ops.reshape(gradient, (ops.shape(gradient)[0], -1)) ** 2, axis=1)

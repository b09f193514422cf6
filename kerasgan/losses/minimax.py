"""The losses of Goodfellow et al. 2014 (arXiv:1406.2661), on logits: D = sigmoid(logit)."""

from keras import ops


def minimax_discriminator_loss(real, fake):
    """`-E[log D(x)] - E[log(1 - D(G(z)))]`, which the discriminator lowers."""
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


def saturating_generator_loss(real, fake):
    """`E[log(1 - D(G(z)))]`: equation 1; its gradient fades where D is sure of a fake."""
    return -ops.mean(ops.softplus(fake))


def non_saturating_generator_loss(real, fake):
    """`-E[log D(G(z))]`: the form that section 3 recommends for training."""
    return ops.mean(ops.softplus(-fake))

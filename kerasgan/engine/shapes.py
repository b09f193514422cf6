"""Whether a generator and a discriminator fit together, and the model they are for."""

import keras


def shapes(network):
    """Shapes of what a built network takes and gives; a list of them for several inputs."""
    if hasattr(network, "input_shape"):
        return network.input_shape, network.output_shape
    # A subclass of `keras.Model` remembers only what it was built with.
    taken = (None, *network.get_build_config()["input_shape"][1:])
    return taken, network.compute_output_spec(keras.KerasTensor(taken)).shape


def moved_together(taken):
    """Places of the inputs of a discriminator that augmentation moves as one.

    The first, and all others of its height and width (or length). A vector has neither: labels
    beside points stay as they are.
    """
    first = taken[0]
    return [
        i
        for i, shape in enumerate(taken)
        if i == 0 or len(shape) > 2 and tuple(shape[1:-1]) == tuple(first[1:-1])
    ]


def judged_shape(discriminator):
    """The shape of what augmentation gets of a discriminator's inputs."""
    taken = shapes(discriminator)[0]
    taken = taken if isinstance(taken, list) else [taken]
    return (*taken[0][:-1], sum(taken[i][-1] for i in moved_together(taken)))


def check_networks(generator, discriminator, label_inputs):
    """Refuse networks whose inputs and outputs do not match.

    Args:
        generator, discriminator: What a model was given.
        label_inputs: Whether the generator, and whether the discriminator, takes labels.

    Raises:
        ValueError: Naming the network and the shapes.
    """
    for network, name in ((generator, "generator"), (discriminator, "discriminator")):
        if not isinstance(network, keras.Model) or not network.built:
            raise ValueError(
                f"{name} must be a built keras.Model (a functional or sequential one "
                f"with a keras.Input, say). Received: {network!r}"
            )
    made = shapes(generator)[1]
    latents, *labels = _inputs(generator, "generator", "latents", label_inputs[0])
    if len(latents) != 2 or latents[-1] is None:
        raise ValueError(
            "generator must take latents of shape (batch, latent_dim). Received a "
            f"generator with input shape {latents}"
        )
    seen, *seen_labels = _inputs(discriminator, "discriminator", "samples", label_inputs[1])
    made, seen = tuple(made[1:]), tuple(seen[1:])
    if made != seen or None in made:
        raise ValueError(
            f"generator makes samples of shape {made} but discriminator takes {seen}: the two "
            "must be equal and fully known."
        )
    for shape in (*labels, *seen_labels):
        if len(shape) != 2 or shape[-1] is None or shape != labels[0]:
            raise ValueError(
                "generator and discriminator must take labels of one shape, (batch, "
                f"label_dim). Received: {labels[0]} and {shape}"
            )


def _inputs(network, name, first, with_labels):
    taken = shapes(network)[0]
    taken = taken if isinstance(taken, list) else [taken]
    if len(taken) != 1 + with_labels:
        expected = f"[{first}, labels], two inputs" if with_labels else f"{first} alone"
        hint = " A builder makes such networks with label_dim=…" if with_labels else ""
        raise ValueError(
            f"{name} must take {expected}. Received a {name} with input shapes {taken}.{hint}"
        )
    return taken


def every_layer(network):
    """A network and all layers in it, however deep."""
    yield network
    for layer in getattr(network, "layers", ()):
        yield from every_layer(layer)


def refuse_batch_normalization(network, reason):
    """Raise a `ValueError` if a layer of a discriminator normalises over the batch."""
    for layer in every_layer(network):
        if isinstance(layer, keras.layers.BatchNormalization):
            raise ValueError(
                f"discriminator must not have batch normalisation: {reason}. Received one with "
                f"the layer {layer.name!r}. Use layer normalisation or none: the builders "
                'take discriminator_normalization="layer" or None.'
            )

"""Whether a generator and a discriminator fit together, and the model they are for."""

import textwrap
import warnings

import keras

# Activations by what they bound.
_POSITIVE = {"sigmoid", "hard_sigmoid", "softmax", "softplus", "relu", "relu6", "exponential"}
_BOUNDED = _POSITIVE | {"tanh", "hard_tanh", "softsign", "log_sigmoid", "log_softmax"}


# Of what a network takes in any size, where one is needed: strides divide it.
ANY_SIDE = 64


def shapes(network):
    """Shapes of what a built network takes and gives; a list of them for several inputs."""
    if hasattr(network, "input_shape"):
        return network.input_shape, network.output_shape
    # A subclass of `keras.Model` remembers only what it was built with.
    built_with = (network.get_build_config() or {}).get("input_shape")
    if built_with is None:
        raise ValueError(
            f"The shapes of {network.name!r} are not known: a network's call() takes its inputs "
            "as one argument, a list if there are several, and build() their shapes in the same "
            "way."
        )
    several = isinstance(built_with[0], (tuple, list))
    taken = [(None, *shape[1:]) for shape in (built_with if several else [built_with])]
    inputs = [keras.KerasTensor(shape) for shape in taken]
    try:
        made = network.compute_output_spec(inputs if several else inputs[0])
    except Exception as error:  # each layer raises its own
        raise ValueError(
            f"What {network.name!r} gives for inputs of shape {taken} cannot be told: "
            f"{reason_of(error)}"
        ) from error
    made = [x.shape for x in made] if isinstance(made, (tuple, list)) else made.shape
    return (taken if several else taken[0]), made


def refuse_unbuilt(**networks):
    """Raise a `ValueError` unless each is a built `keras.Model`, naming the one that is not."""
    for name, network in networks.items():
        if not isinstance(network, keras.Model) or not network.built:
            raise ValueError(f"{name} must be a built keras.Model. Received: {network!r}")


def reason_of(error):
    """The sentences of Keras's error that say why, without the configuration that follows."""
    # What was wrong with a part is said after what that did to the whole.
    text = str(error or "").rpartition("Exception encountered: ")[2]
    text = text.partition("Full object config")[0].strip().split("\n\n")[0]
    return textwrap.shorten(text, 400)


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


def refuse_complex(network, name):
    """Raise a `ValueError` if a network has complex weights: Keras's optimizers take real ones."""
    for variable in network.trainable_variables:
        if "complex" in variable.dtype:
            raise ValueError(
                f"{name} must have real weights: hold a complex one as two. Received: "
                f"{variable.path}, {variable.dtype}"
            )


def check_ends(networks, averaged, modality):
    """Warn of networks that end in an activation with which they train badly.

    Args:
        networks: Dict from a name to a network; a discriminator is named so.
        averaged: Names of those that make what the model makes.
        modality: Of that, or None.
    """
    limit = getattr(modality, "limit", float("inf"))
    for name, network in networks.items():
        for end in _ends(network):
            if "discriminator" in name and end in _BOUNDED:
                warnings.warn(
                    f"{name} ends in {end}, but losses take logits, which have no bounds: it would "
                    "train badly. Let its last layer have no activation.",
                    stacklevel=5,
                )
            if name in averaged and end in _POSITIVE and limit < float("inf"):
                warnings.warn(
                    f"{name} ends in {end}, so nothing that it makes is below 0, but samples are "
                    f"in [-{limit:g}, {limit:g}]: it would train badly. Let its "
                    "last layer have the activation tanh.",
                    stacklevel=5,
                )


def _ends(network):
    """Names of the activations that a network ends in; none of a subclass of `keras.Model`."""
    operations = list(getattr(network, "operations", getattr(network, "layers", ())))
    n = len(getattr(network, "outputs", None) or ())
    while n == 1 and operations and _keeps_values(operations[-1]):
        operations.pop()
    for operation in operations[len(operations) - n :]:
        if hasattr(operation, "layers"):
            yield from _ends(operation)
        else:
            end = getattr(operation, "activation", operation)
            yield getattr(end, "__name__", type(end).__name__).lower()


def _keeps_values(operation):
    kinds = (keras.layers.Reshape, keras.layers.Flatten, keras.layers.Identity)
    is_linear = getattr(operation, "activation", None) is keras.activations.linear
    return isinstance(operation, kinds) or (
        isinstance(operation, keras.layers.Activation) and is_linear
    )


def refuse_batch_normalization(network, reason):
    """Raise a `ValueError` if a layer of a discriminator normalises over the batch."""
    for layer in every_layer(network):
        if isinstance(layer, keras.layers.BatchNormalization):
            raise ValueError(
                f"discriminator must not have batch normalisation: {reason}. Received one with "
                f"the layer {layer.name!r}. Use layer normalisation or none: the builders "
                'take discriminator_normalization="layer" or None.'
            )

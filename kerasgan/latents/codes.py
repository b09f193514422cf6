"""Codes: what they are, what a model makes of them, and moving them."""

import numpy as np

from kerasgan.engine.generation import GeneratesSamples, between


def codes(
    model: GeneratesSamples, n: int | None = None, seed: int | None = None, labels=None, **kwargs
) -> np.ndarray:
    """Codes of new samples: those of which `model.generate` makes the same samples.

    Args:
        model: A model that generates from latents.
        n, seed, labels: As of `generate`.
        **kwargs: `truncation`, of a model with styles.

    Returns:
        float32 array `(n, number of styles, style_dim)` or `(n, latent_dim)`.

    Raises:
        ValueError: On a model without latents.

    Example:

    ```python
    found = kerasgan.latents.codes(model, 16, seed=0, truncation=0.7)
    ```
    """
    if not isinstance(model, GeneratesSamples):
        raise ValueError(
            f"{type(model).__name__} makes nothing of latents, so that there is no space of them."
        )
    if has_styles(model):
        return model.styles_of(n, seed, labels=labels, **kwargs)
    return model.inputs_of(n, seed, labels=labels)[0]


def render(model: GeneratesSamples, found: np.ndarray, labels=None, **kwargs) -> np.ndarray:
    """The samples of codes, as `model.generate` gives them.

    Args:
        model: A model that generates from latents.
        found: Codes, as of `codes`.
        labels: As of `generate`, for a model with labels and no styles.
        **kwargs: `batch_size`, `as_float` and `verbose` of `generate`.
    """
    if has_styles(model):
        return model.synthesize(found, **kwargs)
    return model.generate(latents=found, labels=labels, **kwargs)


def edit(found: np.ndarray, direction: np.ndarray, strength: float, at=None) -> np.ndarray:
    """Codes that are moved along a direction.

    Args:
        found: Codes `(…, number of styles, style_dim)` or `(…, latent_dim)`.
        direction: As of `directions` or `direction_of`.
        strength: How far; below 0 the other way.
        at: Which of the styles to move, `model.at_layers("coarse")`; by default all.

    Returns:
        Codes of the same shape.

    Raises:
        ValueError: On a direction of another length, or `at` where codes have no styles.

    Example:

    ```python
    smiling = kerasgan.latents.edit(code, direction, 2.0, at=model.at_layers("middle"))
    ```
    """
    found, direction = np.asarray(found, "float32"), np.asarray(direction, "float32")
    if direction.shape != found.shape[-1:]:
        raise ValueError(
            f"direction must have shape {found.shape[-1:]}, as a code has it. Received: shape "
            f"{direction.shape}"
        )
    if at is None:
        return found + np.float32(strength) * direction
    at = np.asarray(at)
    if found.ndim < 2 or at.dtype != bool or at.shape != found.shape[-2:-1]:
        raise ValueError(
            "at says of each style whether it is moved, as model.at_layers(…) does; a latent has "
            f"none, and is moved as a whole. Received: codes of shape {found.shape}"
        )
    return found + np.float32(strength) * at[:, None] * direction


def way(model: GeneratesSamples, found: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Codes on the way from each code to the next one, and from the last to the first.

    Args:
        model: A model that generates from latents.
        found: Codes `(n, …)`, as of `codes`.
        share: Array `(steps,)` in [0, 1]: how far each is.

    Returns:
        Codes `(n, steps, …)`.
    """
    share = np.asarray(share, "float32").reshape(-1, *[1] * (found.ndim - 1))
    ends = zip(found, np.roll(found, -1, axis=0))
    if has_styles(model):
        return np.stack([a + share * (b - a) for a, b in ends])
    return np.stack([between(a, b, share) for a, b in ends])


def has_styles(model):
    """Whether codes of a model are styles, one a layer."""
    return hasattr(model, "synthesize")

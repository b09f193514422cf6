"""Directions in which pictures change: of the weights alone, or by labels."""

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import check_whole
from kerasgan.engine.generation import GeneratesSamples
from kerasgan.latents.codes import codes, has_styles
from kerasgan.layers import EqualizedDense


def directions(model: GeneratesSamples, n: int = 10) -> np.ndarray:
    """The directions in which pictures change most, by closed-form factorisation (SeFa).

    The unit eigenvectors of `A Aᵀ` of the largest eigenvalues, A being what a code is first
    multiplied with: the layers from styles to their scales, all side by side, or the first dense
    layer of latents (Shen and Zhou 2021, arXiv:2007.06600, equation 5). Nothing is trained, and no
    sample is made; what a direction changes is for people to see.

    Args:
        model: A model that generates from latents.
        n: How many, at most one a dimension.

    Returns:
        float32 array `(n, style_dim)` or `(n, latent_dim)`, the strongest first.

    Raises:
        ValueError: On a model without latents, or whose first layer of latents is not dense.

    Example:

    ```python
    first = kerasgan.latents.directions(model)[0]
    images = kerasgan.latents.render(model, kerasgan.latents.edit(found, first, 3.0))
    ```
    """
    codes(model, 0)
    if has_styles(model):
        kernels = [
            x.scaled_kernel() for x in model.part("synthesis").layers if type(x) is EqualizedDense
        ]
    else:
        dense = [x for x in model.averaged_generator.layers if isinstance(x, keras.layers.Dense)]
        kernels = [getattr(x, "scaled_kernel", lambda x=x: x.kernel)() for x in dense[:1]]
        # Labels, where there are any, come after the latent.
        kernels = [kernel[: model.latent_dim] for kernel in kernels]
    kernels = [np.array(ops.convert_to_numpy(kernel), "float64") for kernel in kernels]
    dim = codes(model, 0).shape[-1]
    if not kernels or any(len(kernel) != dim for kernel in kernels):
        raise ValueError(
            "directions() factorises the dense layer that a latent goes into first. The generator "
            f"of this {type(model).__name__} has none: find directions by labels, "
            "direction_of(codes, labels)."
        )
    check_whole(1, n=n)
    _, vectors = np.linalg.eigh(sum(kernel @ kernel.T for kernel in kernels))
    return vectors.T[::-1][:n].astype("float32")


def direction_of(found: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The direction from codes that do not have something to codes that do.

    Fisher's linear discriminant, `(Σ + λ I)⁻¹ (μ₁ - μ₀)` of the codes within both groups, with a λ
    of a thousandth of the mean variance: the normal of the plane that parts them best.

    Args:
        found: Codes `(n, …)`, as of `codes`; of styles that are alike in all layers.
        labels: Booleans, or numbers 0 and 1, `(n,)`: which have it, by a classifier of their
            pictures, say.

    Returns:
        float32 array `(style_dim,)` or `(latent_dim,)` of length 1.

    Raises:
        ValueError: If the numbers differ, or all have it, or none.

    Example:

    ```python
    found = kerasgan.latents.codes(model, 2000, seed=0)
    smiling = classifier.predict(kerasgan.latents.render(model, found)) > 0.5
    direction = kerasgan.latents.direction_of(found, smiling[:, 0])
    ```
    """
    found, labels = np.asarray(found, "float64"), np.asarray(labels)
    if labels.shape != found.shape[:1] or not np.isin(labels, (0, 1)).all():
        raise ValueError(
            f"labels must be 0 or 1, one for each of the {len(found)} codes. Received: shape "
            f"{labels.shape}"
        )
    rows = found[:, 0] if found.ndim == 3 else found
    groups = [rows[labels == value] for value in (0, 1)]
    if not all(map(len, groups)):
        raise ValueError(f"labels must have both 0 and 1. Received: all {int(labels[0])}")
    centred = np.concatenate([group - group.mean(0) for group in groups])
    covariance = centred.T @ centred / len(rows)
    covariance += (1e-3 * np.trace(covariance) / len(covariance) + 1e-12) * np.eye(len(covariance))
    direction = np.linalg.solve(covariance, groups[1].mean(0) - groups[0].mean(0))
    return (direction / np.linalg.norm(direction)).astype("float32")

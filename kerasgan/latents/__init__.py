"""The latent space of a generator as a tool: find a picture in it, move it, film the way.

A code is what a picture is made of. Of a model with styles (`StyleGAN`, `StyleGAN2`) it is the
styles of all layers, `(number of styles, style_dim)`, the space that is called W+; of another one
that generates from latents it is the latent, `(latent_dim,)`.
"""

from kerasgan.latents.codes import codes, edit, render
from kerasgan.latents.directions import direction_of, directions
from kerasgan.latents.explorer import write_explorer
from kerasgan.latents.film import film
from kerasgan.latents.projection import Projection, project

__all__ = [
    "Projection",
    "codes",
    "direction_of",
    "directions",
    "edit",
    "film",
    "project",
    "render",
    "write_explorer",
]

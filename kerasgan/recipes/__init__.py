"""Recipes: what `kerasgan train` runs, in tables whose keys are arguments of Python functions."""

from kerasgan.recipes.explaining import explained
from kerasgan.recipes.names import changes_of, named
from kerasgan.recipes.recipe import completed, merged, stages
from kerasgan.recipes.training import of_folder, train

__all__ = [
    "changes_of",
    "completed",
    "explained",
    "merged",
    "named",
    "of_folder",
    "stages",
    "train",
]

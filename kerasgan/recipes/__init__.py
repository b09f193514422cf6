"""Recipes: what `kerasgan train` runs, in tables whose keys are arguments of Python functions."""

from kerasgan.recipes.explaining import explained
from kerasgan.recipes.names import FILE, changes_of, named, of_folder
from kerasgan.recipes.recipe import completed, stages
from kerasgan.recipes.table import merged
from kerasgan.recipes.training import train

__all__ = [
    "FILE",
    "changes_of",
    "completed",
    "explained",
    "merged",
    "named",
    "of_folder",
    "stages",
    "train",
]

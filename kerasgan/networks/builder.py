"""What every builder of networks shares: its arguments are checked, and channels are last."""

import functools
import inspect
import math
import numbers
import types
import typing

import keras

from kerasgan.arguments import is_whole


def builder(build):
    """Check a builder's arguments by their annotations, and let it build with channels last.

    A layer keeps the data format that it was made with, so that
    `keras.config.set_image_data_format("channels_first")` changes no network.
    """
    signature = inspect.signature(build)

    @functools.wraps(build)
    def checked(*args, **kwargs):
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        for name, value in given.arguments.items():
            given.arguments[name] = _checked(name, value, signature.parameters[name].annotation)
        before = keras.config.image_data_format()
        keras.config.set_image_data_format("channels_last")
        try:
            return build(*given.args, **given.kwargs)
        finally:
            keras.config.set_image_data_format(before)

    return checked


def _checked(name, value, annotation):
    kinds = _kinds(annotation)
    if value is None and types.NoneType in kinds:
        return value
    or_none = " or None" if types.NoneType in kinds else ""
    if typing.get_origin(annotation) is tuple:
        return _checked_shape(name, value, typing.get_args(annotation))
    if int in kinds:
        if not is_whole(value, 1):
            raise ValueError(
                f"{name} must be at least 1, a whole number{or_none}. Received: {name}={value!r}"
            )
        return int(value)
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if float in kinds and not (is_number and math.isfinite(value)):
        raise ValueError(f"{name} must be a finite number{or_none}. Received: {name}={value!r}")
    return value


def _checked_shape(name, value, sides):
    given = list(value) if isinstance(value, (tuple, list)) else []
    several = "whole numbers"
    if Ellipsis in sides:
        sides = sides[:1] * max(len(given), 1)
    else:
        several = f"{len(sides)} whole numbers"
    is_side = [is_whole(v, 1) or v is None and type(v) in _kinds(s) for v, s in zip(given, sides)]
    if len(given) != len(sides) or not all(is_side):
        raise ValueError(
            f"{name} must be a tuple of {several}, each of at least 1. Received: {name}={value!r}"
        )
    return tuple(v if v is None else int(v) for v in given)


def _kinds(annotation):
    """The types that an annotation allows."""
    is_union = isinstance(annotation, types.UnionType)
    return typing.get_args(annotation) if is_union else (annotation,)

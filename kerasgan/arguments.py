"""Checks of what a caller passes."""

import numbers


def is_whole(value, least: int) -> bool:
    """Whether a value is a whole number of at least `least`; True and False are none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and value >= least


def check_whole(least: int, **values) -> None:
    """Refuse, by their names, values that are no whole numbers of at least `least`.

    Raises:
        ValueError: Naming the first of them.
    """
    for name, value in values.items():
        if not is_whole(value, least):
            raise ValueError(
                f"{name} must be at least {least}, a whole number. Received: {name}={value!r}"
            )


def check_not_negative(**values) -> None:
    """Refuse, by their names, numbers below 0.

    Raises:
        ValueError: Naming the first of them.
    """
    for name, value in values.items():
        if value < 0:
            raise ValueError(f"{name} must be 0 or more. Received: {name}={value}")

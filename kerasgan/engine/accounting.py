"""Who counts privacy."""


def accounting():
    """The package dp-accounting.

    Raises:
        ImportError: If it is not there, with the extra that brings it.
    """
    try:
        import dp_accounting.rdp
    except ImportError as error:
        raise ImportError(
            f'Privacy is counted by dp-accounting ({error}): pip install "kerasgan[privacy]"'
        ) from error
    return dp_accounting

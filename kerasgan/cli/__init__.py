"""The `kerasgan` command: thin calls into the zoo."""

import argparse
import sys
import warnings
from collections.abc import Sequence

from kerasgan import __version__
from kerasgan.cli import (
    app,
    detecting,
    enhancing,
    exporting,
    filling,
    looking,
    pushing,
    segmenting,
    styling,
    training,
    verbs,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 2, with one line, for bad input."""
    parser = command_parser()
    options, others = parser.parse_known_args(arguments)
    shown, warnings.formatwarning = warnings.formatwarning, _in_one_line
    try:
        if others:
            options.others(options, others)
        return options.run(options) or 0
    except (ValueError, OSError, ImportError, FloatingPointError) as error:
        text = str(error)
        if isinstance(error, OSError) and error.filename and error.strerror:
            text = f"{error.filename}: {error.strerror}"
        print(_in_one_line(text), end="", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nkerasgan: stopped.", file=sys.stderr)
        return 130
    finally:
        warnings.formatwarning = shown


def _in_one_line(message, *where):
    """An error or a warning, without the place in the package and the line of code."""
    return f"kerasgan: {' '.join(str(message).split())}\n"


def command_parser():
    """What reads the words of the command, and has their help."""
    parser = argparse.ArgumentParser(
        prog="kerasgan",
        description="Make pictures with trained GANs, and train your own.",
        epilog="KERAS_BACKEND=jax, torch or tensorflow chooses what it runs on.",
    )
    parser.add_argument("--version", action="version", version=f"kerasgan {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name, run, help, **kwargs):
        command = commands.add_parser(name, help=help, description=help, **kwargs)

        def refuse(options, others):
            command.error(f"unrecognized arguments: {' '.join(others)}")

        command.set_defaults(run=run, others=refuse)
        return command

    looking.add_models(add)
    verbs.add(add)
    filling.add(add)
    enhancing.add(add)
    segmenting.add(add)
    styling.add(add)
    detecting.add(add)
    exporting.add(add)
    app.add(add)
    training.add(add)
    looking.add_runs(add)
    pushing.add(add)
    return parser

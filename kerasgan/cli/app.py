"""`kerasgan app`."""

import threading

from kerasgan.cli.verbs import WHERE, keep_compiled


def add(add):
    """The subcommand, by a function that adds one."""
    app = add(
        "app",
        _app,
        "Show a page in the browser, on which to try every model that is here.",
        epilog="Example: kerasgan app runs/mine",
    )
    app.add_argument("names", nargs="*", help=f"to offer beside the zoo: {WHERE}")
    app.add_argument("--port", type=int, help="(default: the first free one from 7860 on)")
    app.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address that it is reached at: 0.0.0.0 lets other machines in (default: "
        "127.0.0.1, this one alone)",
    )


def _app(options):
    keep_compiled()
    from kerasgan.app import serving

    with serving(options.names, options.host, options.port) as address:
        print(f"Open {address} in a browser. Ctrl-C ends it.", flush=True)
        threading.Event().wait()

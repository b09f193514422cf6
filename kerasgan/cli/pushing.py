"""`kerasgan push`."""

from kerasgan.cli.verbs import WHERE


def add(add):
    """The subcommand, by a function that adds one."""
    push = add(
        "push",
        _push,
        "Put a model on the Hugging Face Hub, with its card. Weights carry the terms of the data "
        "that they were trained on: whether they may be published is for you to know.",
        epilog="Example: kerasgan push runs/mine hf://me/my-pictures. The token is HF_TOKEN, or "
        "what `hf auth login` keeps.",
    )
    push.add_argument("name", help=WHERE)
    push.add_argument("address", help="hf://user/repo; the repository is made if there is none")
    push.add_argument("--private", action="store_true", help="make one that only you can see")


def _push(options):
    from kerasgan import zoo

    print(f"Pushed to {zoo.push(options.name, options.address, private=options.private)}")

"""What the Hugging Face Hub is asked, and what it answers in words of ours.

Nothing here imports Keras: pushing an entry is as quick as its upload.
"""

import contextlib
import importlib

from kerasgan.zoo.card import to_hugging_face
from kerasgan.zoo.integrity import CARD, check

NO_TOKEN = "give a token that may do this: HF_TOKEN, token=…, or run hf auth login"


def library(address):
    """The package `huggingface_hub`, which an address needs."""
    try:
        return importlib.import_module("huggingface_hub")
    except ModuleNotFoundError as error:
        raise ImportError(
            f'{address} needs the package huggingface_hub ({error}): pip install "kerasgan[hub]"'
        ) from error


@contextlib.contextmanager
def told(library):
    """Say in a line what the Hub answers in many, or with a number alone."""
    # The package imports its parts when they are asked for, but for this one.
    errors = importlib.import_module(f"{library.__name__}.errors")
    try:
        yield
    except errors.GatedRepoError as error:
        raise ConnectionError("access to it must be asked for on its page") from error
    except errors.RevisionNotFoundError as error:
        raise ConnectionError("it has no such revision") from error
    except errors.RepositoryNotFoundError as error:
        raise ConnectionError(
            f"there is no such repository; or it is private, and then {NO_TOKEN}"
        ) from error
    except errors.LocalTokenNotFoundError as error:
        raise ConnectionError(f"no token is known: {NO_TOKEN}") from error
    except errors.HfHubHTTPError as error:
        if error.response is not None and error.response.status_code in (401, 403):
            raise ConnectionError(f"the Hub refused: {NO_TOKEN}") from error
        raise


def push(folder, address, token, private):
    """Upload what the card of an entry lists, and the card; see `kerasgan.zoo.push`."""
    scheme, _, repo = address.partition("://")
    if scheme != "hf" or repo.count("/") != 1 or not all(repo.split("/")):
        raise ValueError(f"An entry is pushed to hf://user/repo. Received: {address!r}")
    card = check(folder)
    hub = library(address)
    page = to_hugging_face(card, repo).encode()
    contents = {"README.md": page, CARD: folder / CARD}
    contents |= {name: folder / name for name in card["files"] if (folder / name).is_file()}
    added = [hub.CommitOperationAdd(name, content) for name, content in contents.items()]
    try:
        with told(hub):
            api = hub.HfApi(token=token)
            # An organisation may have a default of its own.
            url = api.create_repo(repo, private=private or None, exist_ok=True)
            api.create_commit(repo, added, commit_message="An entry of kerasgan")
    except ValueError:
        raise
    except Exception as error:  # of the network, each layer raises its own
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ConnectionError(
            f"{folder.name} could not be pushed to {address}: {reason.rstrip('.')}. Without a "
            "network, copy its folder."
        ) from error
    return str(url)

"""C2PA manifests: a signed word on how a file was made, written and read by c2pa-python."""

import importlib.util
import os
from pathlib import Path

from kerasgan import __version__
from kerasgan.marks.mark import VOCABULARY, Mark, current
from kerasgan.marks.signer import library

# Whoever sends a file should not learn that and from where it is read.
SETTINGS = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}


def sign(path: Path) -> None:
    """Put a manifest into a written file, if the current mark has a signer."""
    mark = current()
    if mark is None or mark.signer is None:
        return
    c2pa = library()
    signed = path.with_name(f"{path.stem}.signed{path.suffix}")
    try:
        with (
            c2pa.Context.from_dict(SETTINGS) as context,
            c2pa.Builder(_definition(mark), context) as builder,
        ):
            builder.sign_file(path, signed, mark.signer.signer)
        os.replace(signed, path)
    except c2pa.C2paError as error:
        raise ValueError(f"The C2PA manifest could not be signed: {error}") from None
    finally:
        signed.unlink(missing_ok=True)


def read(path: str | os.PathLike) -> dict | None:
    """What the manifest in a file says, or None where there is none.

    Returns:
        Dict of `state` (`"Trusted"`, `"Valid"` where who signed is not known, or `"Invalid"` where
        the file was changed since), `signed_by`, `generator` and `source_type`, the latter as far
        as they are there.

    Raises:
        ImportError: If c2pa-python is not installed.
        ValueError: If there is a manifest that cannot be read.
    """
    c2pa = library()
    try:
        with c2pa.Context.from_dict(SETTINGS) as context:
            reader = c2pa.Reader.try_create(path, context=context)
            if reader is None:
                return None
            with reader:
                manifest, state = reader.get_active_manifest(), reader.get_validation_state()
    except c2pa.C2paError.NotSupported:
        return None
    except c2pa.C2paError as error:
        raise ValueError(str(error)) from None
    signature = manifest.get("signature_info") or {}
    generator = (manifest.get("claim_generator_info") or [{}])[0]
    types = [
        action.get("digitalSourceType")
        for assertion in manifest.get("assertions", ())
        if assertion["label"].startswith("c2pa.actions")
        for action in assertion["data"]["actions"]
    ]
    said = {
        "state": state,
        "signed_by": signature.get("common_name") or signature.get("issuer"),
        "generator": " ".join(filter(None, (generator.get("name"), generator.get("version")))),
        "source_type": next(filter(None, types), "").removeprefix(VOCABULARY),
    }
    return {name: value for name, value in said.items() if value}


def is_installed() -> bool:
    return importlib.util.find_spec("c2pa") is not None


def _definition(mark: Mark):
    action = {
        "action": "c2pa.created",
        "digitalSourceType": VOCABULARY + mark.source_type,
        "softwareAgent": {"name": mark.system, "version": mark.version},
    }
    return {
        "claim_generator_info": [{"name": "kerasgan", "version": __version__}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }

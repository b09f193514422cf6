"""Who signs C2PA manifests: a certificate and its key."""

import importlib
import os
from pathlib import Path

ALGORITHMS = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
NEEDED = "C2PA manifests need c2pa-python: pip install 'kerasgan[c2pa]'"


class Signer:
    """Who signs the files that are written.

    Args:
        certificate: Path of the certificate chain, PEM, the signer's own first.
        key: Path of its private key, PEM, without a password: of an elliptic curve (P-256, P-384,
            P-521), Ed25519 or RSA.

    Raises:
        ImportError: If c2pa-python is not installed.
        ValueError: If a file is no such thing, or they do not belong together.

    Example:

    ```python
    signer = kerasgan.marks.Signer("chain.pem", "key.pem")
    mark = kerasgan.marks.Mark("dcgan_celeba", signer=signer)
    ```
    """

    def __init__(self, certificate: str | os.PathLike, key: str | os.PathLike):
        c2pa = library()
        chain, private = Path(certificate).read_bytes(), Path(key).read_bytes()
        algorithm = _algorithm(chain, private, certificate, key)
        try:
            info = c2pa.C2paSignerInfo(algorithm, chain, private, None)
            self.signer = c2pa.Signer.from_info(info)
        except c2pa.C2paError as error:
            raise ValueError(f"{certificate} and {key} cannot sign: {error}") from None


def _algorithm(chain, private, certificate, key):
    """The name of the algorithm that a key signs by, if it is the certificate's."""
    # Requirements of c2pa-python.
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        own = x509.load_pem_x509_certificates(chain)[0].public_key()
    except ValueError as error:
        raise ValueError(f"{certificate} is no PEM certificate: {error}") from None
    try:
        private = load_pem_private_key(private, None)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{key} is no PEM private key without a password: {error}") from None
    if private.public_key() != own:
        raise ValueError(f"{key} is not the key of the first certificate in {certificate}.")
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(private, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in ALGORITHMS:
        return ALGORITHMS[private.curve.name]
    raise ValueError(f"{key} is of a kind that C2PA does not sign by.")


def library():
    """c2pa-python.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        return importlib.import_module("c2pa")
    except ImportError as error:
        raise ImportError(f"{NEEDED} ({error})") from error

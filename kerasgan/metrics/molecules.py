"""Molecules beside real ones: which are valid, alike, new, and of which properties."""

import numpy as np

from kerasgan.metrics.frechet import frechet_distance

# Properties of a molecule, by their names in RDKit.
DESCRIPTORS = (
    *("MolWt", "MolLogP", "TPSA", "NumHDonors", "NumHAcceptors", "NumRotatableBonds"),
    *("RingCount", "FractionCSP3", "qed"),
)


def canonical(texts):
    """Each formula in RDKit's one way of writing its molecule; None if it is not valid.

    Args:
        texts: Strings, SMILES.

    Returns:
        List of strings or None.

    Raises:
        ImportError: If RDKit is not installed.

    Example:

    ```python
    kerasgan.metrics.canonical(["OCC", "C(O)C", "C1CC"])  # ["CCO", "CCO", None]
    ```
    """
    chemistry, _ = _rdkit()
    molecules = [chemistry.MolFromSmiles(str(text)) if text else None for text in texts]
    found = [molecule and chemistry.MolToSmiles(molecule) for molecule in molecules]
    # A few it reads and cannot write: of these no property can be told.
    return [text if text and chemistry.MolFromSmiles(text) else None for text in found]


def molecule_figures(texts, training=None):
    """Validity, uniqueness and novelty, as in MOSES (Polykovskiy et al. 2020, arXiv:1811.12823).

    Args:
        texts: Strings, SMILES that a model made.
        training: Those that it was trained on, or None.

    Returns:
        Dict of floats in [0, 1]: `validity`, the share that RDKit reads; `uniqueness`, of these
        the share of different molecules; `novelty`, of the different ones the share that is not
        among `training`, if there are such. NaN where none is valid.
    """
    valid = [text for text in canonical(texts) if text]
    different = {*valid}
    figures = {
        "validity": len(valid) / len(texts),
        "uniqueness": len(different) / len(valid) if valid else float("nan"),
    }
    if training is not None:
        new = different - {*canonical(training)}
        figures["novelty"] = len(new) / len(different) if different else float("nan")
    return figures


def descriptors(texts):
    """Properties of the molecules that are valid: weight, lipophilicity, surface, donors, …

    Args:
        texts: Strings, SMILES.

    Returns:
        float64 array `(valid, 9)`, in the order of `kerasgan.metrics.molecules.DESCRIPTORS`.
    """
    chemistry, known = _rdkit()
    functions = [getattr(known, name) for name in DESCRIPTORS]
    molecules = [chemistry.MolFromSmiles(text) for text in canonical(texts) if text]
    rows = [[function(molecule) for function in functions] for molecule in molecules]
    return np.array(rows, dtype=float).reshape(-1, len(DESCRIPTORS))


def descriptor_distance(real, generated):
    """How far the properties of two sets of molecules are apart: their Fréchet distance.

    Each property in deviations of the real ones; 0 for the same means and covariances. It is no
    Fréchet ChemNet Distance, whose network this library has not.

    Args:
        real, generated: `descriptors` of two or more molecules each.

    Returns:
        Float, NaN if there are fewer.
    """
    if min(len(real), len(generated)) < 2:
        return float("nan")
    scale = np.maximum(real.std(axis=0), 1e-6)
    sides = (real / scale, generated / scale)
    return frechet_distance(*((side.mean(axis=0), np.cov(side.T)) for side in sides))


def _rdkit():
    try:
        from rdkit import Chem, RDLogger
        from rdkit.Chem import Descriptors
    except ImportError as error:
        raise ImportError(
            f'Molecules need RDKit ({error}): pip install "kerasgan[molecules]"'
        ) from error
    # What is not valid is counted, and not told of one by one.
    RDLogger.DisableLog("rdApp.*")
    return Chem, Descriptors

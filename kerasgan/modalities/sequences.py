"""Sequences of tokens: DNA, texts, chemical formulas."""

import itertools
import math
import re

import keras
import numpy as np
from keras import ops
from PIL import Image, ImageDraw, ImageFont

from kerasgan.engine.registry import register
from kerasgan.files import write_text
from kerasgan.modalities.modality import Modality, count_of_others

# How a text is split into tokens. Of SMILES (Weininger 1988) a token is an atom in brackets, an
# element of two letters, the closing of a ring above 9, or a character.
UNITS = {
    "character": list,
    "word": str.split,
    "smiles": re.compile(r"\[[^\]]*\]|Br|Cl|%\d\d|.", re.DOTALL).findall,
}
# More tokens than these have no colours that can be told apart.
COLOURS = ((60, 160, 75), (50, 100, 200), (240, 160, 40), (205, 55, 50))
COLOURS += ((130, 80, 170), (90, 190, 200), (150, 110, 70), (230, 130, 190))
TILE, GAP, LINE = 6, 2, 12


@register
class Sequences(Modality):
    """Sequences of `length` tokens of a vocabulary.

    A batch is of codes, the places of tokens in the vocabulary, `(batch, length)`; or of one-hot
    vectors `(batch, length, tokens)`, which is what networks see. What a generator gives are
    probabilities of this shape, and the user gets of them the most likely text.

    With the empty text `""` as a token, texts may be shorter: they are filled with it, and end
    where it is first.

    Args:
        tokens: List of texts, the vocabulary; the place of a token is its code.
        length: Tokens of a sequence.
        unit: What a token is: `"character"`; `"word"`, between blanks; or `"smiles"`, the tokens
            of a chemical formula, `[nH]`, `Cl`, `c`, `1`.

    Raises:
        ValueError: On fewer than two tokens, one that comes twice or is no unit, or another unit.

    Example:

    ```python
    dna = kerasgan.modalities.Sequences(["A", "C", "G", "T"], length=6)
    codes = dna.encode(["TATAAT", "TTGACA"])  # int32, (2, 6)
    ```
    """

    accepted = "codes of tokens, as Sequences.encode makes them of texts"
    integers = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "int64")
    suffixes = (".txt", ".fasta", ".npz")

    def __init__(self, tokens: list[str], length: int, unit: str = "character"):
        self.tokens, self.length, self.unit = [str(t) for t in tokens], int(length), unit
        if unit not in UNITS:
            known = ", ".join(map(repr, UNITS))
            raise ValueError(f"unit must be one of {known}. Received: unit={unit!r}")
        if length < 1:
            raise ValueError(f"length must be at least 1. Received: length={length}")
        if len(self.tokens) < 2 or len({*self.tokens}) < len(self.tokens):
            raise ValueError(
                f"tokens must be two or more, each of them once. Received: {self.tokens[:50]}"
            )
        if wrong := [t for t in self.tokens if t and self.split(t) != [t]]:
            raise ValueError(f"Each token must be one {self._noun}. Received: {wrong[0]!r}")
        self._codes = {token: code for code, token in enumerate(self.tokens)}

    def split(self, text):
        """The tokens of a text."""
        return UNITS[self.unit](text)

    def join(self, tokens):
        """The text of tokens."""
        return (" " if self.unit == "word" else "").join(tokens)

    @property
    def _noun(self):
        return "token of SMILES" if self.unit == "smiles" else self.unit

    def encode(self, texts, where="text"):
        """Texts as codes.

        Args:
            texts: List or array of strings.
            where: What the messages call one of them.

        Returns:
            int32 array `(n, length)`.

        Raises:
            ValueError: On a text that is empty, too long or too short, or on a token that is not
                in the vocabulary: which text it is, counted from 1, the place and the token.
        """
        codes = np.zeros((len(texts), self.length), "int32")
        for number, text in enumerate(texts, 1):
            codes[number - 1] = self._encoded(str(text), f"{where} {number}")
        return codes

    def _encoded(self, text, name):
        tokens = self.split(text)
        plural = "tokens" if self.unit == "smiles" else f"{self.unit}s"
        if not tokens and "" not in self._codes:
            raise ValueError(f"{name} is empty. Expected {self.length} {plural}.")
        short = len(tokens) < self.length and "" not in self._codes
        if short or len(tokens) > self.length:
            raise ValueError(
                f"{name} has {len(tokens)} {plural}. Expected {self.length}"
                f"{' or fewer' * ('' in self._codes)}. Received: {text[:40]!r}"
            )
        for place, token in enumerate(tokens, 1):
            if token not in self._codes:
                near = [t for t in self.tokens if t.lower() == token.lower()]
                known = ", ".join(self.tokens[:50]) + ", …" * (len(self.tokens) > 50)
                raise ValueError(
                    f"{name} has {token!r} at place {place}, which is not in the vocabulary: "
                    f"{known}.{f' Did you mean {near[0]!r}?' if near else ''}"
                )
        tokens += [""] * (self.length - len(tokens))
        return [self._codes[token] for token in tokens]

    def decode(self, batch):
        """The texts of codes, or of one-hot vectors or probabilities: array `(n,)` of str."""
        batch = np.asarray(batch)
        codes = batch.argmax(axis=-1) if batch.ndim == 3 else batch
        rows = np.array(self.tokens)[codes].tolist()
        texts = [self.join(itertools.takewhile(bool, tokens)) for tokens in rows]
        return np.array(texts, dtype=str)

    def expected(self, shape=None):
        return (
            f"Expected codes of shape (batch, {self.length}), integers from 0 to "
            f"{len(self.tokens) - 1}, as Sequences.encode makes them of texts; or one-hot vectors "
            f"of shape (batch, {self.length}, {len(self.tokens)})."
        )

    def check(self, batch, where="x", shape=None):
        is_codes = hasattr(batch, "dtype") and len(batch.shape) == 2
        if getattr(getattr(batch, "dtype", None), "kind", "") in ("U", "S", "O", "T"):
            raise ValueError(
                f"{self.expected()} Received in {where}: texts. Encode them first: "
                "model.modality.encode(texts)."
            )
        if is_codes and keras.backend.is_float_dtype(batch.dtype):
            raise ValueError(f"{self.expected()} Received in {where}: codes that are floats")
        whole = (self.length, len(self.tokens))
        super().check(batch, where, whole[:1] if is_codes else whole)
        if wrong := int(ops.convert_to_numpy(self.wrong(batch))):
            raise ValueError(f"{self.expected()} Received in {where}: {wrong:,} that are no token")

    def wrong(self, batch):
        # A code that there is not gives zeros.
        sums = ops.sum(self.to_network(batch), axis=-1)
        return count_of_others(ops.abs(ops.cast(sums, "float32") - 1.0) < 1e-3)

    def to_network(self, batch):
        batch = ops.convert_to_tensor(batch)
        if len(batch.shape) == 3:
            return super().to_network(batch)
        codes = ops.cast(ops.expand_dims(batch, -1), "int32")
        return super().to_network(codes == ops.arange(len(self.tokens), dtype="int32"))

    def to_user(self, values):
        return self.decode(values)

    def preview(self, samples):
        """A row a sequence: of few tokens tiles in colours (A green, C blue, G orange, T red, by
        their places in the vocabulary), of others the text."""
        texts = self._texts(samples)
        if len(self.tokens) > len(COLOURS):
            return _written(texts)
        palette = np.array([*COLOURS[: len(self.tokens)], (255, 255, 255)], "uint8")
        if "" in self._codes:
            palette[self._codes[""]] = 255
        codes = self.encode(texts)
        picture = np.repeat(np.repeat(palette[codes], TILE, axis=0), TILE, axis=1)
        picture[TILE - GAP :: TILE] = picture[TILE - GAP + 1 :: TILE] = 255
        return picture

    def write(self, samples, path):
        """A `.txt` file of a line each, a `.fasta` file, or an `.npz` array."""
        suffix = path.suffix.lower()
        if suffix == ".npz":
            super().write(samples, path)
            return
        texts = self._texts(samples)
        if suffix == ".fasta":
            texts = [f">{number}\n{text}" for number, text in enumerate(texts, 1)]
        write_text(path, "".join(f"{text}\n" for text in texts))

    def _texts(self, samples):
        samples = np.asarray(samples)
        return samples if samples.dtype.kind in "UT" else self.decode(samples)

    def get_config(self):
        return {"tokens": self.tokens, "length": self.length, "unit": self.unit}


def _written(texts):
    width = math.ceil(max(map(ImageFont.load_default().getlength, texts)))
    image = Image.new("RGB", (8 + width, 8 + LINE * len(texts)), "white")
    draw = ImageDraw.Draw(image)
    for row, text in enumerate(texts):
        draw.text((4, 4 + LINE * row), text, "black")
    return np.asarray(image)

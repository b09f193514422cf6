"""What a file says about how it was made."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from kerasgan.marks import manifest, midi, wav, xmp
from kerasgan.marks.mark import CREATED, EDITED
from kerasgan.marks.signer import NEEDED
from kerasgan.marks.watermark import FALSE_POSITIVES, p_value

SAID = {CREATED: "created by a trained model", EDITED: "edited with a trained model"}

MIDI = (".mid", ".midi")

# In the words of C2PA "Trusted", "Valid" and "Invalid".
STATES = {
    "Trusted": "unchanged since a trusted signer signed it",
    "Valid": "unchanged since it was signed, by somebody who is not known",
    "Invalid": "changed since it was signed, or wrongly signed",
}


@dataclass
class Marks:
    """What was found in a file. `print` shows it; `to_dict()` is for JSON.

    Attributes:
        file: Its path.
        metadata: Dict with those of `source_type`, a term of IPTC's vocabulary of digital source
            types, `system` and `version` that the file names.
        watermark: How probable so much agreement with kerasgan's watermark is in a picture without
            it; None where the pixels were not read.
        manifest: Dict with those of `state`, `signed_by`, `generator` and `source_type` that its
            C2PA manifest has; None where it has none, or c2pa-python is not installed.
        problems: List of sentences: what could not be read.
    """

    file: str
    metadata: dict[str, str]
    watermark: float | None
    manifest: dict[str, str] | None
    problems: list[str]

    def _manifest(self):
        if self.manifest is None:
            return "no manifest" if manifest.is_installed() else f"not looked for. {NEEDED}"
        said = self.manifest
        kind = said.get("source_type", "digital source type not named")
        by = f", signed by {said['signed_by']}" if "signed_by" in said else ""
        return f"{STATES.get(said.get('state'), 'of unknown state')}: {SAID.get(kind, kind)}{by}"

    @property
    def is_watermarked(self) -> bool:
        """Whether the watermark is there: said in error of one picture in 10,000."""
        return self.watermark is not None and self.watermark < FALSE_POSITIVES

    def to_dict(self) -> dict:
        return asdict(self)

    @property
    def summary(self) -> str:
        """What was found, in one line; empty if nothing was."""
        made, by = self._metadata()
        found = [made + f", by {by}" * bool(by)] if made or by else []
        found += ["kerasgan's watermark"] * self.is_watermarked
        found += [f"C2PA {self._manifest()}"] if self.manifest else []
        return "; ".join(found)

    def _metadata(self):
        """How the metadata says that the file was made, and by what."""
        said = self.metadata
        kind = said.get("source_type")
        made = SAID.get(kind, f"digital source type {kind}") if kind else ""
        return made, " ".join(filter(None, (said.get("system"), said.get("version"))))

    def __str__(self):
        made, by = self._metadata()
        lines = [("metadata", (made or "nothing said") + f", by {by}" * bool(by))]
        if self.watermark is not None:
            there = "kerasgan's" if self.is_watermarked else "none found"
            lines.append(("watermark", f"{there} (p = {self.watermark:.2g})"))
        lines.append(("C2PA", self._manifest()))
        lines += [("problem", problem) for problem in self.problems]
        return "\n".join([self.file, *(f"  {name:10} {text}" for name, text in lines)])


def read_marks(path: str | os.PathLike) -> Marks:
    """What a picture, a .wav or a .mid file says about how it was made.

    Args:
        path: Of the file. What is broken in it is named among the `problems`.

    Returns:
        `Marks`. That nothing is found does not say that nothing was generated: whoever wants to
        takes a mark out.

    Raises:
        OSError: If there is no such file, or it may not be read.

    Example:

    ```python
    print(kerasgan.marks.read_marks("faces.png"))
    ```
    """
    found = Marks(os.fspath(path), {}, None, None, [])
    suffix, packet = Path(path).suffix.lower(), None
    try:
        if suffix == ".wav":
            packet = wav.read_xmp(path)
        elif suffix in MIDI:
            found.metadata = midi.fields(path)
        else:
            with Image.open(path) as image:
                image.load()  # of a PNG what lies behind the pixels is known only then
                packet = image.info.get("xmp")
                found.watermark = p_value(image)
    except Exception as error:  # Pillow's plugins raise all kinds
        if isinstance(error, MemoryError) or getattr(error, "errno", None):
            raise  # of the machine, not of the file
        reason = "it is no picture" if isinstance(error, Image.UnidentifiedImageError) else error
        found.problems.append(f"The file cannot be read: {reason or type(error).__name__}.")
        return found
    if manifest.is_installed():
        try:
            found.manifest = manifest.read(path)
        except ValueError as error:
            found.problems.append(f"Its C2PA manifest cannot be read: {error}.")
    if packet:
        try:
            found.metadata = xmp.fields(packet)
        except ValueError as error:
            found.problems.append(f"Its XMP cannot be read: {error}.")
    return found


def read_files(source: str | os.PathLike) -> list[Marks]:
    """What a file, or every picture, .wav and .mid file in a folder and below, says of its making.

    Args:
        source: A file or a folder. Hidden files are left aside.

    Raises:
        FileNotFoundError: If `source` does not exist.
        ValueError: If a folder holds no such file.
    """
    source = Path(source)
    if not source.exists():
        raise FileNotFoundError(f"{str(source)!r} does not exist (looked from {Path.cwd()}).")
    if not source.is_dir():
        return [read_marks(source)]
    Image.init()
    known = {*Image.registered_extensions(), ".wav", *MIDI}
    inside = (path.relative_to(source) for path in sorted(source.rglob("*")))
    paths = [
        source / path
        for path in inside
        if path.suffix.lower() in known
        and not any(part.startswith(".") for part in path.parts)
        and (source / path).is_file()
    ]
    if not paths:
        raise ValueError(f"No picture, .wav or .mid file in {str(source)!r} or below it.")
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 16)) as pool:
        return list(pool.map(read_marks, paths))

"""What was found in a training set, as a report."""

import dataclasses

from kerasgan.datasets.findings import counts, surplus

FEW = 100_000


@dataclasses.dataclass
class Inspection:
    """What `inspect` found; `str` of it is the report.

    Attributes:
        source: What was looked at.
        num_images: Number of pictures that can be decoded.
        unreadable: List of strings, a file and the reason, for each that cannot.
        array: `{"dtype", "shape"}` of an array, or None.
        sizes: `{"smallest", "median", "largest"}`, each `(width, height)` by its shorter side,
            and `"under"`: how many have a shorter side under 32, 64 and 128 pixels.
        aspect_ratios: `{"smallest", "median", "largest"}`, width over height.
        modes: Number of pictures by Pillow's mode: `L`, `RGB`, `P`, `RGBA`, `CMYK`, `I;16`, ….
        formats: Number of pictures by file format.
        values: `{"minimum", "maximum", "mean"}`: of an array its own, otherwise in [0, 255].
        grey: Number of pictures without colour, blank ones aside, and `grey_as_colour`: those
            of them that are stored as colour.
        transparent: Number of pictures with a pixel that is not opaque.
        animated: List of names of pictures with several frames.
        blank: List of names of pictures in one colour.
        duplicates: List of groups, each a list of names, whose pixels are equal.
        near_duplicates: The same of those that look equal, one of each group above included.
        classes: Number of pictures by class or attribute, or None.
        image_shape: What suits `load`.
        findings: List of `Finding`: what to fix.
    """

    source: str
    num_images: int
    unreadable: list
    array: dict | None
    sizes: dict
    aspect_ratios: dict
    modes: dict
    formats: dict
    values: dict
    grey: int
    grey_as_colour: int
    transparent: int
    animated: list
    blank: list
    duplicates: list
    near_duplicates: list
    classes: dict | None
    image_shape: tuple
    findings: list = dataclasses.field(default_factory=list)

    def to_dict(self):
        """All of it in types that JSON has."""
        return dataclasses.asdict(self)

    def to_text(self):
        """The report: lines of facts, how to train, what to fix."""
        sizes, ratios, values = self.sizes, self.aspect_ratios, self.values
        rows = {
            "unreadable": len(self.unreadable),
            "array": self.array and f"{self.array['dtype']} {self.array['shape']}",
            "sizes": ", ".join(
                f"{name} {' × '.join(map(str, sizes[name]))}"
                for name in ("smallest", "median", "largest")
            ),
            "shorter side": ", ".join(f"under {k}: {n}" for k, n in sizes["under"].items()),
            "width / height": f"{ratios['smallest']:.2f} to {ratios['largest']:.2f}, median "
            f"{ratios['median']:.2f}",
            "modes": counts(self.modes),
            "formats": counts(self.formats),
            "values": f"{values['minimum']:g} to {values['maximum']:g}, mean {values['mean']:.4g}",
            "grey": f"{self.grey}, of them stored as colour: {self.grey_as_colour}",
            "blank": len(self.blank),
            "duplicates": surplus(self.duplicates),
            "near duplicates": surplus(self.near_duplicates),
            "classes": self.classes and _balance(self.classes),
        }
        train = f"kerasgan.datasets.load(…, image_shape={self.image_shape})"
        if self.array and self.array["dtype"] != "uint8":
            train = "model.fit(images): load takes uint8 only"
        lines = [f"{self.source}: {self.num_images:,} pictures"]
        lines += [f"  {name:16}{row}" for name, row in rows.items() if row not in (None, "")]
        lines += ["To train", f"  {train}"]
        if self.num_images < FEW:
            lines.append(
                "  augmentation=kerasgan.augment.DifferentiableAugmentation(): "
                f"{self.num_images:,} pictures are fewer than some {FEW:,}"
            )
        lines.append("What to fix")
        lines += [f"  {i}. {found}" for i, found in enumerate(self.findings, 1)]
        return "\n".join(lines if self.findings else [*lines, "  Nothing found."])

    __str__ = to_text


def _balance(classes):
    rarest, most = (choose(classes, key=classes.get) for choose in (min, max))
    return f"{len(classes)}, from {rarest!r} {classes[rarest]} to {most!r} {classes[most]}"

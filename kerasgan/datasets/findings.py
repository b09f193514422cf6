"""What is wrong with a training set, and what to do about it in this library's arguments."""

import dataclasses


@dataclasses.dataclass
class Finding:
    """One thing to fix: how many pictures or classes, the evidence, and what to do."""

    count: int
    evidence: str
    action: str

    def __str__(self):
        return f"{self.evidence}\n     {self.action}"


def value_findings(dtype, n, low, high, broken):
    """What is wrong with an array of n pictures that is not uint8, `broken` of them not finite."""
    if broken:
        yield Finding(
            broken,
            f"Pictures with NaN or infinity, which fit refuses: {broken} of {n}.",
            "Remove them: images[np.isfinite(images).reshape(len(images), -1).all(1)]",
        )
    if dtype.kind != "f":
        fits = low >= 0 and high <= 255 and high - low > 127
        scale = "images" if fits else _stretch(low, high, (0, 255))
        yield Finding(n, f"The type is {dtype}; training takes uint8.", f"{scale}.astype('uint8')")
    elif low < -1 or high > 1 or high - low <= 1:
        kind = "outside" if low < -1 or high > 1 else "at most half of"
        yield Finding(
            n,
            f"Floats in [{low:g}, {high:g}] are {kind} [-1, 1], the range of training.",
            f"{_stretch(low, high, (-1, 1))}.astype('float32')",
        )


def picture_findings(found, looks):
    """What is wrong with the pictures, worst first."""
    n, side = found.num_images, found.image_shape[0]

    def finding(number, what, action, names=(), of=n):
        shown = f" ({', '.join(names[:3])}{', …' * (len(names) > 3)})" if names else ""
        share = f"{number} of {of}, {number / of:.1%}"
        return [Finding(number, f"{what}: {share}{shown}.", action)] if number else []

    yield from finding(
        len(found.unreadable),
        "Files that cannot be decoded",
        "load skips them. Fetch them again or delete them.",
        found.unreadable,
        n + len(found.unreadable),
    )
    for what, groups in {
        "Copies of another picture": found.duplicates,
        "Near copies of another picture": found.near_duplicates,
    }.items():
        yield from finding(
            surplus(groups),
            what,
            "Remove them: what is there twice is learned by heart first. The first of a group "
            f"may stay (groups: {len(groups)}).",
            [" = ".join(group[:2]) for group in groups],
        )
    yield from finding(
        len(found.blank), "Pictures in one colour", "Remove them: they show nothing.", found.blank
    )
    if found.image_shape[2] == 1:
        yield from finding(
            found.grey_as_colour,
            "Grey pictures stored as colour, and no other has colour",
            f"image_shape={found.image_shape}: 1 channel costs less and cannot be tinted.",
        )
    elif found.grey > n / 100:
        yield from finding(
            found.grey,
            "Grey pictures among pictures in colour",
            f"image_shape=({side}, {side}, 1) for all in grey, or remove them: otherwise as many "
            "samples come out grey.",
        )
    yield from finding(
        found.transparent,
        "Pictures with transparency, which shows white",
        f"image_shape=({side}, {side}, 4) if the model is to learn opacity.",
    )
    yield from finding(
        len(found.animated),
        "Animated pictures, of which load takes the first frame",
        "Save the frames you want as files of their own.",
        found.animated,
    )
    odd = {m: k for m, k in found.modes.items() if m not in ("1", "L", "LA", "P", "RGB", "RGBA")}
    yield from finding(
        sum(odd.values()),
        f"Modes that load reduces to 8 bits or RGB without a colour profile ({counts(odd)})",
        "Look at the contact sheet; if they are dark or off in colour, save them as 8-bit RGB.",
    )
    yield from finding(
        sum(4 * min(seen.size) < 3 * side for seen in looks),
        f"Pictures much smaller than the {side} pixels that suit the others",
        f"Remove them, or a smaller image_shape than {found.image_shape}: enlarged ones are "
        "blurred.",
    )
    long = sum(max(seen.size) > 2 * min(seen.size) for seen in looks)
    yield from finding(
        long,
        "Pictures more than twice as long as wide, of which a square keeps less than half",
        "Cut them to what they are to show: load, with crop=… or without, takes the centre.",
    )
    low, high = found.values["minimum"], found.values["maximum"]
    if (found.array is None or found.array["dtype"] == "uint8") and high - low <= 127:
        yield Finding(
            n,
            f"Values in [{low}, {high}] use at most half of [0, 255].",
            f"Stretch them: {_stretch(low, high, (0, 255))}.astype('uint8')",
        )
    classes = found.classes or {}
    rare = {k: m for k, m in classes.items() if 10 * m < max(classes.values())}
    if rare:
        yield Finding(
            len(rare),
            f"{len(rare)} of {len(classes)} classes have less than a tenth of the largest's "
            f"{max(classes.values())} pictures: {counts(rare)}.",
            "More pictures of them, or leave them out: a conditional model learns them badly. "
            "Of attributes, label_names=[…] takes the others.",
        )


def counts(numbers):
    shown = [f"{name} {number}" for name, number in list(numbers.items())[:8]]
    return ", ".join(shown) + ", …" * (len(numbers) > 8)


def surplus(groups):
    return sum(len(group) - 1 for group in groups)


def _stretch(low, high, to):
    return f"np.interp(images, ({low:g}, {high:g}), {to})"

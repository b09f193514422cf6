"""Which units of physical quantities are known."""

import re

PREFIXES = ("", *"GMkhdcmunp", "da")
# What may have a prefix, and what has none.
PREFIXED = (*"msgKJWNVAL", *("Pa", "bar", "Hz", "mol", "eV", "ohm", "T", "C"))
ALONE = (
    *("1", "%", "degC", "celsius", "degF", "min", "h", "hour", "day", "d", "year", "yr"),
    *("deg", "degree", "degrees", "degrees_north", "degrees_east", "rad", "dBZ", "ppm", "ppb"),
)
KNOWN = {*ALONE, *(prefix + unit for prefix in PREFIXES for unit in PREFIXED)}


def check_unit(unit, name):
    """Refuse what is no unit, or product of powers of units: `K`, `m s-1`, `kg m**-2`, `J/kg`.

    Args:
        unit: String; an empty one says nothing of the unit.
        name: Of the variable that has it, for the message.

    Raises:
        ValueError: Naming the part that is not known.
    """
    for part in re.split(r"[\s/.·]+|(?<!\*)\*(?!\*)", unit.strip()):
        found = re.fullmatch(r"(.*?)(?:(?:\*\*|\^)?[+-]?\d+)?", part)[1] or part
        if part and found not in KNOWN:
            raise ValueError(
                f"Variable {name!r} has the unit {unit!r}, of which {part!r} is not known. "
                "Expected units with prefixes and powers, as in K, degC, hPa, m s-1, W m-2, "
                "kg/m**3; 1 for a number; or an empty text to leave it unsaid."
            )

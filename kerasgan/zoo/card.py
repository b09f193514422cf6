"""A card written for people: a terminal, or a Hugging Face repository."""

import json
import re


def to_text(card):
    """The card in lines of `key: value`, without the files' checksums."""
    lines = []

    def add(table, indent):
        for key, value in table.items():
            if key == "files":
                continue
            label = " " * indent + key.replace("_", " ")
            if isinstance(value, dict):
                lines.append(f"{label}:")
                add(value, indent + 2)
            else:
                text = " × ".join(map(str, value)) if isinstance(value, list) else str(value)
                lines.append(f"{label}: {' '.join(text.split())}")

    add(card, 0)
    return "\n".join(lines)


def to_hugging_face(card):
    """The card as a Hugging Face `README.md`."""
    enlarges = "scale" in card
    front = {
        "library_name": "kerasgan",
        "license": "other",
        "license_name": card.get("licence", "unknown"),
        "pipeline_tag": "image-to-image" if enlarges else "unconditional-image-generation",
        "tags": ["keras", "gan", card["model"]],
    }
    name = card.get("name", "model")
    use = 'upscale("photo.jpg")' if enlarges else "generate(16)"
    # JSON is YAML, and needs no library to write.
    yaml = "\n".join(f"{key}: {json.dumps(value)}" for key, value in front.items())
    return f"""---
{yaml}
---
# {name}

{card.get("summary", "")}

![samples](sample.png)

```python
import kerasgan

images = kerasgan.zoo.load("hf://USER/{name}").{use}
```

```
{to_text(card)}
```
"""


def to_tables(cards):
    """Markdown tables of cards, a row each, as `README.md` shows them.

    One of those that draw pictures, and one of those that enlarge them, if there are any.
    """
    tables = {_DRAWN: [], _ENLARGED: []}
    for card in cards:
        training, metrics = card["training"], card["metrics"]
        size = sum(file["bytes"] for file in card["files"].values()) / 1e6
        if "scale" in card:
            kind, first = _ENLARGED, f"{card['scale']} times"
            found = metrics["set5"]
            quality = f"{found['psnr']:.2f} dB, {found['ssim']:.3f} | {found['perceptual']:.3f}"
        else:
            kind, first = _DRAWN, " × ".join(map(str, card["samples"]))
            quality = f"{metrics['frechet_distance']:.2f}"
        tables[kind].append(
            f"| `{card['name']}` | {first} | {card['data']} | {training['steps']:,}, "
            f"{training['minutes']:.0f} | {quality} | {size:.1f} MB | {card['licence']} |"
        )
    return [
        "\n".join([head, re.sub("[^|]+", "---", head), *rows])
        for head, rows in tables.items()
        if rows
    ]


_DRAWN = "| entry | pictures | trained on | steps, minutes | Fréchet distance | size | licence |"
_ENLARGED = (
    "| entry | enlarges | trained on | steps, minutes | Set5: PSNR, SSIM | perceptual distance "
    "| size | licence |"
)

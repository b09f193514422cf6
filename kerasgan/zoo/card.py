"""A card written for people: a terminal, or a Hugging Face repository."""

import json


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


def to_table(cards):
    """A Markdown table of cards, a row each, as `README.md` shows it."""
    rows = [
        "| entry | pictures | trained on | steps, minutes | Fréchet distance | size | licence |",
        "|---|---|---|---|---|---|---|",
    ]
    for card in cards:
        training = card["training"]
        size = sum(file["bytes"] for file in card["files"].values()) / 1e6
        rows.append(
            f"| `{card['name']}` | {' × '.join(map(str, card['samples']))} | {card['data']} "
            f"| {training['steps']:,}, {training['minutes']:.0f} "
            f"| {card['metrics']['frechet_distance']} | {size:.1f} MB | {card['licence']} |"
        )
    return "\n".join(rows)

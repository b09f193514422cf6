"""A card written for people: a terminal, or a Hugging Face repository."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """How cards of models of one verb are shown.

    Attributes:
        use: String, an example of a call.
        tag: String, Hugging Face's name of the task.
        figures: Dict from a column of the table to the metric that it shows, with dots between
            tables.
    """

    use: str
    tag: str = "image-to-image"
    figures: dict | None = None


VERBS = {
    "generate": Verb(
        "generate(16)",
        "unconditional-image-generation",
        {"Fréchet distance": "frechet_distance"},
    ),
    "upscale": Verb(
        'upscale("photo.jpg")',
        figures={
            "Set5: PSNR in dB": "set5.psnr",
            "SSIM": "set5.ssim",
            "perceptual distance": "set5.perceptual",
        },
    ),
    "translate": Verb(
        'translate("picture.png")',
        figures={
            "mean absolute error of 255": "error",
            "perceptual distance": "perceptual",
            "Fréchet distance": "frechet_distance",
        },
    ),
    "inpaint": Verb(
        'inpaint("photo.jpg", "mask.png")',
        figures={
            "PSNR in the hole in dB": "psnr",
            "SSIM": "ssim",
            "perceptual distance": "perceptual",
        },
    ),
    "enhance": Verb(
        'enhance("scan.png")',
        figures={"PSNR in dB": "psnr", "SSIM": "ssim", "perceptual distance": "perceptual"},
    ),
    "segment": Verb(
        'segment("photo.jpg")',
        "image-segmentation",
        figures={"Dice": "dice", "AUC": "auc", "IoU": "iou"},
    ),
    "detect": Verb(
        'detect("picture.png")',
        "image-classification",
        figures={"AUC": "auc", "of an unseen generator": "unseen_auc", "accuracy": "accuracy"},
    ),
    "stylize": Verb(
        'stylize("photo.jpg")',
        figures={"worth in steps of L-BFGS": "lbfgs_steps", "of Adam": "adam_steps"},
    ),
}
# What generates, but no pictures.
TABLE = Verb(
    "generate(1000)",
    "other",
    figures={
        "column shapes": "column_shapes",
        "pair shapes": "pair_shapes",
        "F1": "f1",
        "F1 of real rows": "f1_of_real_rows",
        "closer to training": "closer_to_training",
        "attack AUC": "membership_auc",
    },
)
SEQUENCES = Verb(
    "generate(100)",
    "other",
    figures={
        "divergence of 3-mers": "divergence_of_3_mers",
        "of real halves": "divergence_of_3_mers_of_real_halves",
        "of 6-mers": "divergence_of_6_mers",
        "real halves": "divergence_of_6_mers_of_real_halves",
        "copies": "copies",
    },
)
MUSIC = Verb(
    "generate(4)",
    "other",
    figures={
        "pitch classes a bar": "used_pitch_classes",
        "of real": "used_pitch_classes_of_real",
        "scale consistency": "scale_consistency",
        "of real ones": "scale_consistency_of_real",
        "steps a note": "note_length",
        "of real notes": "note_length_of_real",
    },
)
SERIES = Verb(
    "generate(1000)",
    "other",
    figures={
        "discriminative score": "discriminative_score",
        "predictive score": "predictive_score",
        "of real series": "predictive_score_of_real_series",
    },
)
MOLECULES = Verb(
    "generate(100)",
    "other",
    figures={
        "valid": "validity",
        "of these different": "uniqueness",
        "of these new": "novelty",
        "distance of properties": "descriptor_distance",
        "of real halves": "descriptor_distance_of_real_halves",
    },
)
FIELDS = Verb(
    "generate(16)",
    "other",
    figures={
        "spectrum distance, dB": "spectrum_distance",
        "of real halves": "spectrum_distance_of_real_halves",
        "gradient distance": "gradient_distance",
        "real halves": "gradient_distance_of_real_halves",
    },
)
OTHERS = {"table": TABLE, "music": MUSIC, "series": SERIES, "sequences": SEQUENCES}
OTHERS |= {"smiles": MOLECULES, "fields": FIELDS}

# Hugging Face's names of licences, by how ours begin; of other terms it shows the text.
LICENCES = {"MIT": "mit", "CC0": "cc0-1.0", "CC BY 4.0": "cc-by-4.0", "CC BY-SA": "cc-by-sa-4.0"}
SOUND_TAG = "text-to-audio"


def _shown_as(card):
    """The name of the table that a card stands in, and how it is shown."""
    name = verb_of(card)
    for kind in (card.get("unit"), card.get("modality")):
        if kind in OTHERS:
            return f"{name} {kind}", OTHERS[kind]
    return name, VERBS.get(name, Verb(f"{name}(…)"))


def verb_of(card):
    """The verb of a card, of format 1 too."""
    return card.get("verb", "upscale" if "scale" in card else "generate")


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


def to_hugging_face(card, repo=None):
    """The card as the `README.md` of a Hugging Face repository, `user/name`."""
    verb, name = _shown_as(card)[1], card.get("name", "model")
    tag = SOUND_TAG if card.get("modality") in ("audio", "spectrograms") else verb.tag
    licence = card.get("licence", "unknown")
    known = [identifier for start, identifier in LICENCES.items() if licence.startswith(start)]
    front = {
        "library_name": "kerasgan",
        "license": known[0] if known else "other",
        **({} if known else {"license_name": "terms-of-the-data"}),
        "pipeline_tag": tag,
        "tags": ["keras", "gan", card["model"]],
    }
    if repo and not known:
        front["license_link"] = f"https://huggingface.co/{repo}#licence"
    metrics = [
        {"type": path.rpartition(".")[2], "name": head, "value": float(figure)}
        for head, path in (verb.figures or {}).items()
        if (figure := _figure(card.get("metrics", {}), path))
    ]
    if metrics:
        data = {"type": "other", "name": card.get("data", "unknown")}
        result = {"task": {"type": tag}, "dataset": data, "metrics": metrics}
        front["model-index"] = [{"name": name, "results": [result]}]
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

made = kerasgan.zoo.load("hf://{repo or f"USER/{name}"}").{verb.use}
```

## Licence

{licence}

## Card

```
{to_text(card)}
```
"""


def to_tables(cards):
    """Markdown tables of cards, a row each, as `README.md` shows them: one for each verb."""
    tables = {}
    for card in cards:
        name, verb = _shown_as(card)
        figures = verb.figures or {}
        training = card["training"]
        size = sum(file["bytes"] for file in card["files"].values()) / 1e6
        makes = " × ".join(str(side or "any") for side in card.get("samples", ()))
        if "columns" in card:
            makes = f"{sum(card['columns'].values())} columns"
        columns = {
            "entry": f"`{card['name']}`",
            f"{verb_of(card)}s": makes or f"{card['scale']} times",
            "trained on": card["data"],
            "steps, minutes": f"{training['steps']:,}, {training['minutes']:.0f}",
            **{head: _figure(card["metrics"], path) for head, path in figures.items()},
            "size": f"{size:.1f} MB",
            "licence": card["licence"],
        }
        rows = tables.setdefault(name, [_row(columns), _row("---" for _ in columns)])
        rows.append(_row(columns.values()))
    return ["\n".join(rows) for rows in tables.values()]


def _row(cells):
    return f"| {' | '.join(cells)} |"


def _figure(metrics, path):
    for key in path.split("."):
        metrics = metrics.get(key, {})
    return f"{metrics:.4g}" if metrics != {} else ""

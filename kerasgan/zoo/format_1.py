"""Entries of format 1, of kerasgan 0.1: a critic was no discriminator, labels no modality."""

RENAMED = {
    "critic": "discriminator",
    "critic_steps": "discriminator_steps",
}


def upgraded(config, card):
    """The configuration of a model as it would be written today."""
    given = {RENAMED.get(key, key): value for key, value in config["config"].items()}
    if "label_names" in given:
        names, many = given.pop("label_names"), given.pop("multi_label")
        known = card["labels"]
        kind = "Attributes" if many else "ClassLabels"
        given["labels"] = {
            "module": "kerasgan.modalities.labels",
            "class_name": kind,
            "config": {"dim": known if isinstance(known, int) else len(known), "names": names},
            "registered_name": f"kerasgan>{kind}",
        }
    return config | {"config": given}


def file_of(name, card):
    """The stem of a network's file."""
    is_critic = card["format"] == 1 and "critic.npz" in card["files"]
    return "critic" if is_critic and name == "discriminator" else name

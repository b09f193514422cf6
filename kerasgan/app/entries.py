"""The models that the page offers, each loaded when it is first asked for, and once."""

import inspect
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from kerasgan import models, zoo
from kerasgan.zoo.card import verb_of

SOUNDS = ("audio", "spectrograms", "music")


@dataclass(frozen=True)
class Entry:
    """A model by its card.

    Attributes:
        source: Where it is, as `kerasgan.zoo.load` takes it.
        card: Dict.
    """

    source: str
    card: dict

    @property
    def tab(self):
        """The verb that it is offered under; what generates no pictures has others."""
        verb, modality = verb_of(self.card), self.card.get("modality")
        if verb != "generate":
            return verb
        return "listen" if modality in SOUNDS else "table" if modality == "table" else verb

    @property
    def asks(self):
        """Names of what can be asked of it beside its input."""
        verb = verb_of(self.card)
        method = getattr(getattr(models, self.card["model"], None), verb, None)
        asks = set(inspect.signature(method).parameters) if method else set()
        if "labels" not in self.card.get("modalities", ()):
            asks.discard("labels")
        # Its class takes one, for those below it that have both networks.
        if verb == "upscale" and "pixel_generator.npz" not in self.card["files"]:
            asks.discard("strength")
        return asks

    @property
    def is_music(self):
        """Whether it makes notes, which a browser does not play."""
        return self.card.get("modality") == "music"

    @property
    def about(self):
        """What the page says of it, Markdown."""
        told = [self.card.get("summary", "")]
        for key in ("limits", "licence"):
            if key in self.card:
                told.append(f"*{key.capitalize()}:* {self.card[key]}")
        return "\n\n".join(told)


class Entries:
    """What the page offers: the zoo, and more.

    Args:
        sources: What to offer beside the zoo, as `kerasgan.zoo.load` takes it.

    Raises:
        ValueError: If one is no entry, or two have the same name.
    """

    def __init__(self, sources=()):
        self._known, self._models, self._lock = {}, {}, threading.Lock()
        for source in dict.fromkeys([*zoo.list(), *sources]):
            # The last part alone: where a folder lies is nobody's business.
            name = Path(os.path.abspath(source.split("?")[0])).name
            if name in self._known:
                raise ValueError(
                    f"Two models are called {name}: {self._known[name].source} and {source}. "
                    "Rename a folder."
                )
            self._known[name] = Entry(source, zoo.info(source))

    def __getitem__(self, name):
        return self._known[name]

    def names(self, tab):
        """Names of the entries of a tab."""
        return [name for name, entry in self._known.items() if entry.tab == tab]

    def model(self, name):
        """The model of this name."""
        with self._lock:
            if name not in self._models:
                self._models[name] = zoo.load(self._known[name].source)
            return self._models[name]

"""Conditional tabular GAN (CTGAN), Xu et al. 2019 (arXiv:1907.00503)."""

import keras
import numpy as np
from keras import ops

from kerasgan import losses
from kerasgan.arguments import check_whole
from kerasgan.datasets import TableDataset
from kerasgan.engine.model import AdversarialModel
from kerasgan.engine.registry import register
from kerasgan.engine.shapes import refuse_unbuilt, shapes
from kerasgan.modalities import Arrays, Table
from kerasgan.modalities.frames import is_frame
from kerasgan.models.making_rows import MakesRows
from kerasgan.penalties import GradientPenalty

# Of a table that is told: a discriminator of single rows, of which nothing is drawn.
PRIVATE = {
    "networks": {"pack": 1, "dropout": 0.0},
    "model": {"adversarial_loss": "minimax", "penalty_weight": 0.0},
}


@register
class TabularGAN(MakesRows, AdversarialModel):
    """New rows of a table, like those that it was trained on.

    Every row is made for a condition, one category of one column, and every batch of real rows
    is drawn by such conditions (`kerasgan.datasets.TableDataset`):

    ```
    m ← conditions, drawn by the logarithm of their frequency;  r ← real rows that meet them
    r̂ ← G(z, m), numbers by tanh, modes and categories by Gumbel-softmax
    L ← mean D(r̂, m) - mean D(r, m) + λ mean (‖∇ D‖ - 1)²;  w ← Adam(∇w L)
    θ ← Adam(∇θ [-mean D(r̂, m) + cross-entropy of what r̂ has where m asks for it])
    ```

    D judges ten rows at once (PacGAN). `wasserstein_distance` in the progress bar is its estimate
    of the distance; `condition_loss` falls as the generator does as it is told. New rows come
    from the averaged generator; a category is drawn by its probability.

    Synthetic rows are no guarantee of privacy: `kerasgan evaluate` measures how near they are to
    those of training. Of a `kerasgan.modalities.PublicTable` it can be trained with one, as is
    said there.

    Args:
        generator, discriminator: As `kerasgan.networks.ctgan` builds them.
        table: The `kerasgan.modalities.Table` of the rows.
        adversarial_loss: The game, as of `GAN`.
        penalty_weight: Float, λ; 0 for no penalty.
        temperature: Float, of Gumbel-softmax.
        discriminator_steps: Turns of the discriminator for one of the generator.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 2e-4, beta_1 0.5 and beta_2 0.9 for both.

    Raises:
        ValueError: If the networks do not fit the table; on a Wasserstein critic without a penalty,
            which nothing bounds.

    Example:

    ```python
    rows = kerasgan.datasets.load_table("adult.csv")
    networks = kerasgan.networks.ctgan(rows.table.row_dim, rows.table.condition_dim)
    model = kerasgan.models.TabularGAN(*networks, table=rows.table)
    model.fit(rows, epochs=300)
    frame = model.generate(1000, where={"income": ">50K"})
    ```
    """

    takes = ("table", "condition")
    makes = "table"
    serves = {"latents": None, "conditions": None}
    needs_data = False
    door = "load_table"
    builders = "ctgan"
    recipe = {"fit": {"epochs": 300}}

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        table: Table,
        adversarial_loss: str | losses.AdversarialLoss = "wasserstein",
        penalty_weight: float = 10.0,
        temperature: float = 0.2,
        discriminator_steps: int = 1,
        **kwargs,
    ):
        refuse_unbuilt(generator=generator, discriminator=discriminator)
        check_whole(1, discriminator_steps=discriminator_steps)
        taken, made = shapes(generator)
        if not isinstance(taken, list) or len(taken) != 2 or len(taken[0]) != 2:
            raise ValueError(
                f"generator must take [latents, conditions]. Received: input shape {taken}"
            )
        width = table.row_dim + table.condition_dim
        judged = shapes(discriminator)[0][-1]
        if (taken[1][-1], made[-1]) != (table.condition_dim, table.row_dim) or judged % width:
            raise ValueError(
                f"The table has rows of {table.row_dim} and conditions of {table.condition_dim}; "
                "the discriminator takes some of both at once. Received: a generator from "
                f"conditions of {taken[1][-1]} to rows of {made[-1]}, a discriminator of {judged}. "
                "kerasgan.networks.ctgan(table.row_dim, table.condition_dim) builds such ones."
            )
        game = losses.get(adversarial_loss)
        if not penalty_weight and isinstance(game, losses.Wasserstein):
            raise ValueError(
                "Without a penalty nothing bounds a Wasserstein critic. Give a penalty_weight "
                'above 0, or another adversarial_loss, "minimax" say.'
            )
        super().__init__(
            {"generator": generator, "discriminator": discriminator},
            {"table": table, "condition": Arrays()},
            {"table": (table.row_dim,), "condition": (table.condition_dim,)},
            **kwargs,
        )
        self.table = table
        self.penalty_weight = penalty_weight
        self.temperature = temperature
        self.discriminator_steps = discriminator_steps
        self.latent_dim, self.pack = taken[0][-1], judged // width
        self.repeats = {"discriminator": discriminator_steps}
        self.adversarial_loss = game
        self.penalties = [GradientPenalty(penalty_weight)] if penalty_weight else []
        self.track(*self.adversarial_loss.shown, "condition_loss")

    @classmethod
    def sizes(cls, sample_shapes):
        """What the data's shapes give the builder: dict of its arguments."""
        named = {"row_dim": "table", "condition_dim": "condition"}
        return {size: sample_shapes[name][0] for size, name in named.items()}

    @classmethod
    def recipe_of(cls, data):
        # What is told is for training with privacy.
        return cls.recipe | (PRIVATE if "public" in data else {})

    def default_optimizers(self):
        return {p: keras.optimizers.Adam(2e-4, beta_1=0.5, beta_2=0.9) for p in self.players}

    def fit(self, x=None, y=None, **kwargs):
        """Train, as every model does; on a DataFrame too, in batches of 500 unless told otherwise.

        Args and errors: as of `AdversarialModel.fit`, and as `Table.codes` refuses a frame.
        """
        if is_frame(x):
            size, seed = kwargs.pop("batch_size", None) or 500, self.seed or 0
            codes = self.table.codes(x, seed)
            x = TableDataset(codes, self.table, batch_size=size, seed=seed)
        if isinstance(x, TableDataset) and kwargs.get("privacy") is not None:
            # It draws the rows of each step itself.
            x, kwargs["batch_size"] = x.everything(), x.batch_size
        return super().fit(x, y, **kwargs)

    # In a step.

    def draw(self, batch):
        """The batch with latents and with the noise that draws categories, if it has none."""
        if "latents" in batch:
            return batch
        n = ops.shape(batch["table"])[0]
        latents = keras.random.normal((n, self.latent_dim), seed=self.seed_generator)
        even = keras.random.uniform(
            (n, self.table.row_dim), 1e-6, 1.0 - 1e-6, seed=self.seed_generator
        )
        return batch | {"latents": latents, "noise": -ops.log(-ops.log(even))}

    def fixed_draw(self, n, random):
        latents = random.standard_normal((n, self.latent_dim), "float32")
        noise = random.gumbel(size=(n, self.table.row_dim)).astype("float32")
        return {"latents": latents, "noise": noise}

    def discriminator_loss(self, batch, training=True):
        fake = batch["fake"] if "fake" in batch else self.no_gradient(self.made, batch, training)
        real, fake = (self.packed(rows, batch) for rows in (batch["table"], fake))
        real_logits, fake_logits = self.judge(real, training), self.judge(fake, training)
        self.log(**self.adversarial_loss.scores(real_logits, fake_logits))
        loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        if training:
            loss += sum(p(self.judge, real, fake, self.seed_generator) for p in self.penalties)
        return loss

    def generator_loss(self, batch, training=True):
        outputs = self.generator([batch["latents"], batch["condition"]], training=training)
        logits = self.judge(self.packed(self.activated(outputs, batch), batch), training)
        real_logits = None
        if self.adversarial_loss.pairs:
            real_logits = self.judge(self.packed(batch["table"], batch), training)
        told = self.condition_loss(outputs, batch)
        self.log(condition_loss=told)
        return self.adversarial_loss.generator(real_logits, logits) + told

    def made(self, batch, training=True):
        """The rows that the generator makes of a batch's latents and conditions."""
        outputs = self.generator([batch["latents"], batch["condition"]], training=training)
        return self.activated(outputs, batch)

    def activated(self, outputs, batch):
        """Rows of what the generator gives: tanh of numbers, Gumbel-softmax of one-hot vectors."""
        noisy = (outputs + batch["noise"]) / self.temperature
        parts, at = [], 0
        for start, stop in self.table.blocks:
            if start > at:
                parts.append(ops.tanh(outputs[:, at:start]))
            parts.append(ops.softmax(noisy[:, start:stop], axis=-1))
            at = stop
        if at < self.table.row_dim:
            parts.append(ops.tanh(outputs[:, at:]))
        return ops.concatenate(parts, axis=-1)

    def condition_loss(self, outputs, batch):
        """The cross-entropy of the category that a condition asks for."""
        if not self.table.chosen:
            return ops.zeros(())
        known = [ops.log_softmax(outputs[:, a:b], axis=-1) for a, b in self.table.chosen]
        asked = batch["condition"] * ops.concatenate(known, axis=-1)
        return -ops.mean(ops.sum(asked, axis=-1))

    def packed(self, rows, batch):
        """Rows beside their conditions, `pack` of them as one; the first again to fill the last."""
        rows = ops.concatenate([rows, batch["condition"]], axis=-1)
        n = ops.shape(rows)[0]
        packs = -(-n // self.pack)
        if not isinstance(n, int) or n % self.pack:
            rows = ops.take(rows, ops.arange(packs * self.pack) % n, axis=0)
        return ops.reshape(rows, (-1, self.pack * rows.shape[-1]))

    def judge(self, packs, training=True):
        return self.logits(self.discriminator, packs, training=training)

    def judged(self, batch):
        fake = self.no_gradient(self.made, batch)
        return {
            "samples": fake,
            "real_logits": self.judge(self.packed(batch["table"], batch)),
            "fake_logits": self.judge(self.packed(fake, batch)),
        }

    def serve(self, **inputs):
        # Probabilities of categories: which are drawn is the caller's choice.
        return self.activated(super().serve(**inputs), {"noise": 0.0})

    # What callbacks, reports and the zoo ask for.

    def preview(self, n=64, seed=0, batch=None):
        # A diagram of a few rows would show nothing.
        return self.table.preview(
            self._drawn(max(n, 1000), np.random.default_rng(seed), {}, 1000)[0]
        )

    def samples(self, n, seed=0, batch=None):
        return self.generate(n, seed=seed)

    def card_fields(self):
        kinds = [column.kind for column in self.table.columns]
        counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
        return {"columns": counts, "latent_dim": self.latent_dim}

    def reference_inputs(self, n):
        random = np.random.default_rng(0)
        latents = random.standard_normal((n, self.latent_dim), "float32")
        return {"latents": latents, "conditions": self.table.drawn_conditions(n, random)}

    def reference_samples(self, latents, conditions):
        """The rows of these latents before anything is drawn: places, and probabilities."""
        outputs = self._outputs(latents, conditions)
        noise = {"noise": ops.zeros(outputs.shape)}
        return ops.convert_to_numpy(self.activated(ops.convert_to_tensor(outputs), noise))

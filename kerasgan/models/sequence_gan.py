"""Sequence generative adversarial nets (SeqGAN), Yu et al. 2017 (arXiv:1609.05473)."""

import os

import keras
from keras import ops

from kerasgan.engine.registry import register
from kerasgan.losses.reward import AddedReward
from kerasgan.models.token_gan import TokenGAN


@register
class SequenceGAN(TokenGAN):
    """Texts learned by policy gradient: a token is rewarded by how real texts with it look.

    ```
    stage "likelihood":     G ← Adam(∇ -mean log G(x_t | x_{<t}))        on the data
    stage "discriminator":  D ← Adam(∇ -log D(x) - log(1 - D(y)))        y drawn from G
    stage "adversarial":    Q(t) ← mean of D over N texts that begin with y_1 … y_t and that G
                            draws to their ends (a roll-out); Q(T) ← D(y)
                            with a reward R: of (1 - w) D + w R in place of D, and of Q(t) its
                            mean over the batch is taken away
                            G ← Adam(∇ -mean_t Q(t) log G(y_t | y_{<t}))
                            five times  D ← Adam(∇ -log D(x) - log(1 - D(y)))
    ```

    A model is of one stage; `kerasgan train sequence_gan` trains all three, one after another. A
    step of the adversarial stage draws N texts for each place of each text. The authors train D
    three times on what was drawn once, here it is drawn anew every time.

    What texts are to be beside looking real, a `reward` says, as in ORGAN (Guimaraes et al. 2017,
    arXiv:1705.10843): a network that has learned how drug-like a molecule is, say. It is asked of
    every text of a roll-out, does not train, and is not stored with the model: only its path is.
    What the generator makes in the end is to be judged by another, for it learns to please this
    one. Beside that paper, a text counts by how much better than the batch's mean it is, which has
    less noise. ORGAN divides the reward of a text by how often it came up; here nothing does, so
    look at how many texts differ.

    Args:
        generator, discriminator: As `kerasgan.networks.sequence_gan` builds them.
        modality: `kerasgan.modalities.Sequences`, the vocabulary and the length.
        rollouts: N. Fewer take less time, and give noisier rewards; with 0 each token has the
            reward of its whole text, which takes least.
        reward: R: a Keras model from one-hot texts `(batch, length, tokens)` to `(batch, 1)` in
            [0, 1]; or the path of a `.keras` file of one, which is read when training begins.
        reward_weight: w, in [0, 1]: the share of R; ORGAN's λ is 1 - w.
        stage: What is trained: `"likelihood"`, `"discriminator"` or `"adversarial"`.
        adversarial_loss: The discriminator's, as in `GAN`; D is the sigmoid of its logits.
        discriminator_steps: Turns of the discriminator for one of the generator.
        augmentation, ema_decay, seed, name: As in `AdversarialModel`.

    Default optimizers: Adam with learning rate 1e-2 for the generator, 1e-4 for the discriminator,
    as in the authors' program.

    Raises:
        ValueError: If the networks are of other sequences than the modality, on another stage, on
            a number that is too small, a reward without a weight or of other sequences; and when
            training begins, on a weight without a reward, or a reward out of [0, 1].

    Example:

    ```python
    captions = kerasgan.datasets.load_sequences("captions.txt", unit="word")
    networks = kerasgan.networks.sequence_gan(captions.shapes["real"])
    for stage in ("likelihood", "discriminator", "adversarial"):
        model = kerasgan.models.SequenceGAN(*networks, modality=captions.modality, stage=stage)
        model.fit(captions, epochs=10)
    texts = model.generate(100, temperature=0.8)
    ```

    With a reward, the last stage is:

    ```python
    options = {"reward": "drug_likeness.keras", "reward_weight": 0.5}
    model = kerasgan.models.SequenceGAN(*networks, modality=captions.modality, **options)
    ```
    """

    recipe = {
        "stages": [
            {"model": {"stage": "likelihood"}},
            {"start": "previous", "model": {"stage": "discriminator"}},
            {"start": "previous"},
        ]
    }

    fixes = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        rollouts: int = 16,
        reward: str | os.PathLike | keras.Model | None = None,
        reward_weight: float = 0.0,
        **kwargs,
    ):
        if rollouts < 0:
            raise ValueError(f"rollouts must be at least 0. Received: {rollouts}")
        if not 0 <= reward_weight <= 1 or (reward is not None and not reward_weight):
            raise ValueError(
                "reward_weight must be in [0, 1], and above 0 for a reward to count. Received: "
                f"reward_weight={reward_weight}"
            )
        super().__init__(generator, discriminator, **kwargs)
        if self.modality.length < 2:
            raise ValueError("A roll-out needs texts of two tokens or more. Received: length=1")
        self.rollouts = rollouts
        self.reward_weight = reward_weight
        # Keras stores what networks it finds among the arguments.
        self._given.pop("reward", None)
        self.use_reward(reward)

    @property
    def reward(self):
        """The path of the reward; None of a Keras model, which is not stored."""
        return self.added_reward.path

    def use_reward(self, reward: str | os.PathLike | keras.Model):
        """Take another reward, where the one that it was trained with is not there."""
        shape = (self.modality.length, len(self.modality.tokens))
        self.added_reward = AddedReward(reward, shape)
        # A step that was compiled holds what the reward before was.
        self.train_function = self.test_function = None

    def check_batch(self, batch, where):
        super().check_batch(batch, where)
        if self.reward_weight:
            self.added_reward.check(self.one_hot(batch["real"][:64]))

    def default_optimizers(self):
        return {
            "generator": keras.optimizers.Adam(1e-2),
            "discriminator": keras.optimizers.Adam(1e-4),
        }

    def adversarial_generator_loss(self, batch, training=True):
        codes = self.drawn(batch["latents"])
        rewards = self.no_gradient(self.rewards, codes)
        self.log(reward=rewards)
        if self.reward_weight:
            self.log(added_reward=self.added_reward(self.one_hot(codes)))
            # The same gradient in the mean, of less noise, which undoes what was learned.
            rewards = rewards - ops.mean(rewards, axis=0)
        return -ops.mean(rewards * self.log_likelihood(codes, training))

    def rewards(self, codes, training=True):
        """Q of each token, in [0, 1], `(batch, length)`."""
        n, length = ops.shape(codes)[0], self.modality.length
        if not self.rollouts:
            return ops.broadcast_to(self._score(codes)[:, None], ops.shape(codes))
        # A text for each number of tokens from its beginning on that are known, 1 to T - 1.
        numbers = ops.arange(1, length, dtype="int32")[:, None, None]
        known = ops.where(ops.arange(length, dtype="int32") < numbers, codes, -1)
        known = ops.reshape(known, (-1, length))
        latents = keras.random.normal(
            (self.rollouts, (length - 1) * n, length), seed=self.seed_generator
        )
        # One after another: side by side they would need as much memory as there are.
        rewards = ops.map(lambda one: self._score(self.drawn(one, known)), latents)
        rewards = ops.reshape(ops.mean(rewards, axis=0), (length - 1, n))
        return ops.transpose(ops.concatenate([rewards, self._score(codes)[None]]))

    def _score(self, codes):
        texts = self.one_hot(codes)
        scores = ops.sigmoid(self.judge(texts, training=False)[:, 0])
        if not self.reward_weight:
            return scores
        return (1 - self.reward_weight) * scores + self.reward_weight * self.added_reward(texts)

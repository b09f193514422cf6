"""The rules: each looks at the curves of a log and gives a finding or None.

A rule judges by the median of the last epochs, so that one bad epoch is no illness, and one
good epoch no cure. `benchmarks/diagnosis.py` makes every illness on purpose, and healthy runs
beside them; thresholds that it is the source of lie between the two.
"""

import math

from kerasgan.diagnosis.finding import ENOUGH, Finding, epochs_of, last
from kerasgan.diagnosis.sounds import clipping, silence

COLLAPSED = 0.25
SEPARATED, SEPARATED_FROM_SLOW, SLOW = 0.99, 0.92, 0.03
STILL, TOLD_APART = 0.005, 0.75
SWINGING, SWINGS, RESTLESS, DRIVEN_ROUND = 0.12, 8, 0.25, 0.7
MEMORISED = 0.65
TOO_FAST = 0.015
OVERFITTING_TARGET, STRONGEST_AUGMENTATION = 0.6, 0.8
LOSS_OF_NOTHING_LEFT = 0.02
OUTSIDE = 0.01
NARROW, WIDE = 1.01, 2.01
MEASURED = "benchmarks/diagnosis.py, between its ill runs and its healthy ones."


def no_finding(epochs):
    """The sentence for a run of so many epochs in which nothing was found."""
    more = f" Most are looked for from {ENOUGH} on." if epochs < ENOUGH else ""
    return f"No finding in {epochs} epoch{'' if epochs == 1 else 's'}.{more}"


def findings(curves):
    """All findings, as `diagnose` gives them.

    Args:
        curves: Dict from a column of the log to its curve, a dict from an epoch, counted from
            1, to a float, or NaN.
    """
    return [finding for rule in RULES if (finding := rule(curves))]


def learning_rate_too_high(curves):
    rate = "Lower the learning rates: compile(discriminator_optimizer=keras.optimizers.Adam("
    rate += "2e-4, beta_1=0.5), generator_optimizer=…), as Radford et al. 2015 (arXiv:1511.06434)."
    for name, curve in curves.items():
        lost = [epoch for epoch, value in curve.items() if not math.isfinite(value)]
        if name.endswith("_loss") and lost:
            return Finding(
                "learning rate too high",
                f"{name} is no finite number in epoch {lost[0]}.",
                "Every loss is finite.",
                "arithmetic: what follows from NaN or infinity is NaN.",
                f"{rate} NumericsGuard(roll_back=True) does so while the run goes on.",
            )
    rolled = sum(v for v in curves.get("rollbacks", {}).values() if v > 0)
    if rolled:
        return Finding(
            "learning rate too high",
            f"NumericsGuard rolled back {rolled:g} times.",
            "No rollback: every loss and weight stays finite.",
            "arithmetic: what follows from NaN or infinity is NaN.",
            rate,
        )
    for name, curve in curves.items():
        if name.endswith("_step"):
            # Not of the first epoch, in which small weights may grow to twice their norm.
            later = [(value, epoch) for epoch, value in curve.items() if epoch > 1]
            value, epoch = max(later, default=(0.0, 0))
            if value > TOO_FAST:
                player = name.removesuffix("_step")
                return Finding(
                    "learning rate too high",
                    f"In epoch {epoch} the weights of the {player} moved by {value:.1%} of their "
                    "norm a step.",
                    f"{TOO_FAST:.1%} of the norm a step, after the first epoch.",
                    f"{MEASURED} By rule of thumb a step is 0.1%.",
                    f"compile({player}_optimizer=keras.optimizers.Adam(learning_rate, …)) with a "
                    "tenth of the rate.",
                )
    return None


def discriminator_has_won(curves):
    apart, moved = last(curves, "real_over_fake"), last(curves, "sample_change")
    slow = moved is not None and moved < SLOW
    if apart is not None and apart >= (SEPARATED_FROM_SLOW if slow else SEPARATED):
        return Finding(
            "the discriminator has won",
            f"It ranks the real sample above the generated one in {apart:.1%} of pairs "
            f"({epochs_of(curves, 'real_over_fake')}).",
            f"{SEPARATED:.0%} of pairs, or {SEPARATED_FROM_SLOW:.0%} where samples move by less "
            f"than {SLOW:.0%} an epoch; 50% if it could not tell them apart.",
            f"{MEASURED} That the generator then gets no useful gradient: Arjovsky and Bottou "
            "2017, arXiv:1701.04862.",
            "Hold its gradient down with penalties=[kerasgan.penalties.R1(10.0)] on a "
            "discriminator built with discriminator_normalization=None; if its learning rate is "
            "above the generator's, lower it: compile(discriminator_optimizer=…).",
        )
    loss = last(curves, "discriminator_loss")
    if apart is None and loss is not None and 0.0 <= loss < LOSS_OF_NOTHING_LEFT:
        return Finding(
            "the discriminator has won",
            f"Its loss is {loss:.3g} ({epochs_of(curves, 'discriminator_loss')}).",
            f"{LOSS_OF_NOTHING_LEFT}; at the equilibrium the minimax loss is 1.386, hinge 2, "
            "least squares 0.25, the relativistic one 0.693.",
            "Goodfellow et al. 2014, arXiv:1406.2661: the loss at the equilibrium.",
            "Hold its gradient down with penalties=[kerasgan.penalties.R1(10.0)] on a "
            "discriminator built with discriminator_normalization=None. The callback Diagnosis "
            "would tell more.",
        )
    return None


def generator_has_stalled(curves):
    moved, apart = last(curves, "sample_change"), last(curves, "real_over_fake")
    if moved is None or moved >= STILL or apart is None or apart < TOLD_APART:
        return None
    return Finding(
        "the generator has stalled",
        f"Samples of the same latents move by {moved:.2%} of the distance between real samples "
        f"an epoch, and the discriminator tells {apart:.0%} of pairs apart "
        f"({epochs_of(curves, 'sample_change')}).",
        f"{STILL:.1%} an epoch, with {TOLD_APART:.0%} of pairs told apart or more.",
        MEASURED,
        "Raise the generator's learning rate: compile(generator_optimizer=keras.optimizers.Adam("
        "2e-4, beta_1=0.5)). If the loss is losses.Minimax(saturating=True), leave saturating "
        "out.",
    )


def mode_collapse(curves):
    diversity = last(curves, "diversity")
    if diversity is None or diversity >= COLLAPSED:
        return None
    return Finding(
        "mode collapse",
        f"Generated samples have {diversity:.1%} of the diversity of real ones "
        f"({epochs_of(curves, 'diversity')}).",
        f"{COLLAPSED:.0%} of their Vendi score (Friedman and Dieng 2022, arXiv:2210.02410).",
        MEASURED,
        "kerasgan.models.R3GAN in place of the model, on networks built with "
        "discriminator_normalization=None: its loss has no minimum with modes left out (Huang "
        "et al. 2024, arXiv:2501.05441). If fit does not see every kind of the data, "
        "sorted data for one, shuffle them before.",
    )


def oscillation(curves):
    advice = (
        "A penalty, without which the game need not converge (Mescheder et al. 2018, "
        "arXiv:1801.04406): penalties=[kerasgan.penalties.R1(10.0)], for a Wasserstein loss the "
        "model WGANGP; and beta_1 of 0 or 0.5 in both optimizers."
    )
    moved = last(curves, "sample_change")
    if moved is not None and moved >= DRIVEN_ROUND:
        return Finding(
            "oscillation",
            f"Samples of the same latents are others after every epoch: they move by {moved:.0%} "
            f"of the distance between real samples ({epochs_of(curves, 'sample_change')}).",
            f"{DRIVEN_ROUND:.0%} of that distance an epoch.",
            MEASURED,
            advice,
        )
    curve = curves.get("diversity", {})
    judged = sorted(curve)[-SWINGS:]
    values = [curve[epoch] for epoch in judged]
    settled = moved is None or moved < RESTLESS
    if settled or len(curve) < ENOUGH or not all(value > 0.0 for value in values):
        return None
    logs = [math.log(value) for value in values]
    way = sum(abs(b - a) for a, b in zip(logs, logs[1:]))
    # What a rise, or a rise and a fall, needs is no oscillation.
    swing = (way - (max(logs) - min(logs))) / (SWINGS - 1)
    if swing < SWINGING:
        return None
    return Finding(
        "oscillation",
        f"The diversity of generated samples swings between {min(values):.0%} and "
        f"{max(values):.0%} of that of real ones, {swing:.0%} to and fro an epoch (epochs "
        f"{judged[0]} to {judged[-1]}), and samples of the same latents move by {moved:.0%} of "
        "the distance between real samples.",
        f"{SWINGING:.0%} an epoch, of the logarithm, beyond what one rise or fall needs, while "
        f"samples move by {RESTLESS:.0%} or more.",
        MEASURED,
        advice,
    )


def overfitting(curves):
    ranked = last(curves, "real_over_held_out")
    advice = (
        "augmentation=kerasgan.augment.DifferentiableAugmentation() (Zhao et al. 2020, "
        "arXiv:2006.10738), or more pictures."
    )
    if ranked is not None and ranked >= MEMORISED:
        against = last(curves, "held_out_over_fake")
        return Finding(
            "overfitting",
            f"The discriminator ranks training samples above held-out ones in {ranked:.0%} of "
            f"pairs, and held-out above generated ones in {against:.0%} "
            f"({epochs_of(curves, 'real_over_held_out')}).",
            f"{MEMORISED:.0%} of pairs; 50% if it has memorised nothing.",
            MEASURED,
            advice,
        )
    sign, chance = last(curves, "overfitting"), last(curves, "augment_probability")
    if sign is None or chance is None:
        return None
    if sign > OVERFITTING_TARGET and chance >= STRONGEST_AUGMENTATION - 1e-3:
        return Finding(
            "overfitting",
            f"The mean sign of the logits of real images is {sign:.2f} although augmentation has "
            f"its highest probability, {chance:.2f} ({epochs_of(curves, 'overfitting')}).",
            f"A sign of {OVERFITTING_TARGET} at a probability of {STRONGEST_AUGMENTATION}.",
            "Karras et al. 2020, arXiv:2006.06676: target of r_t, and where augmentations leak.",
            "More pictures, or a discriminator of less width: augmentation alone is used up.",
        )
    return None


def images_outside_the_range(curves):
    span, outside = last(curves, "real_range", 1), last(curves, "fake_outside")
    if span is not None and not NARROW < span < WIDE:
        return Finding(
            "images outside the range",
            f"Real images span {span:.3g} from their lowest to their highest value.",
            f"More than {NARROW - 0.01:g}, as images in [0, 1] do not, and at most 2.",
            "kerasgan.models: images are uint8 in [0, 255] or floats in [-1, 1].",
            "Give fit uint8 images as they are, or floats / 127.5 - 1.",
        )
    if outside is not None and outside > OUTSIDE:
        return Finding(
            "images outside the range",
            f"{outside:.1%} of the generated values are out of [-1, 1] "
            f"({epochs_of(curves, 'fake_outside')}).",
            f"{OUTSIDE:.0%} of the values out of [-1, 1].",
            "kerasgan.models: images are floats in [-1, 1]; generate clips what is outside.",
            'End the generator in keras.layers.Activation("tanh", dtype="float32"), as the '
            "builders of kerasgan.networks do.",
        )
    return None


RULES = (
    images_outside_the_range,
    learning_rate_too_high,
    discriminator_has_won,
    generator_has_stalled,
    mode_collapse,
    oscillation,
    overfitting,
    silence,
    clipping,
)

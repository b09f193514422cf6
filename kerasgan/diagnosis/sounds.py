"""The rules of sounds alone. A single sound, repeated, is a mode collapse like any other."""

from kerasgan.diagnosis.finding import Finding, epochs_of, last

SILENT, CLIPPED = 0.5, 0.02


def silence(curves):
    silent = last(curves, "fake_silent")
    if silent is None or silent < SILENT:
        return None
    return Finding(
        "silence",
        f"{silent:.0%} of the generated sounds are silent ({epochs_of(curves, 'fake_silent')}).",
        f"{SILENT:.0%} whose peak is 40 dB or more below the median peak of real ones.",
        "by rule of thumb: -40 dB is what load_sounds cuts off as silence.",
        "If real sounds are faint, load_sounds(…, normalize=True); else lower the "
        "discriminator's learning rate: compile(discriminator_optimizer=…).",
    )


def clipping(curves):
    clipped, real = last(curves, "fake_clipped"), last(curves, "real_clipped")
    if clipped is None or clipped < CLIPPED + 2.0 * (real or 0.0):
        return None
    return Finding(
        "clipping",
        f"{clipped:.1%} of the generated values are at full scale, of the real ones {real:.1%} "
        f"({epochs_of(curves, 'fake_clipped')}).",
        f"{CLIPPED:.0%} of the values, and twice the share of the real ones.",
        "by rule of thumb: a wave that is cut off crackles.",
        "Lower the generator's learning rate: compile(generator_optimizer=keras.optimizers.Adam("
        "1e-4, beta_1=0.5, beta_2=0.9)), as Donahue et al. 2018 (arXiv:1802.04208).",
    )

"""How good samples are: images, pairs, sets, tables, sounds, music, series, sequences, fields."""

from kerasgan.metrics.audit import audited_epsilon
from kerasgan.metrics.default_network import default_features
from kerasgan.metrics.features import FeatureNetwork
from kerasgan.metrics.fields import (
    gradient_distance,
    map_errors,
    radial_spectrum,
    spectrum_distance,
)
from kerasgan.metrics.frechet import FrechetInceptionDistance
from kerasgan.metrics.inception import inception_network
from kerasgan.metrics.inception_score import InceptionScore
from kerasgan.metrics.ising import (
    correlation_length,
    ising_energy,
    magnetisation,
    susceptibility,
)
from kerasgan.metrics.kernel import KernelInceptionDistance
from kerasgan.metrics.learned_perceptual import LearnedPerceptualImagePatchSimilarity
from kerasgan.metrics.molecules import (
    canonical,
    descriptor_distance,
    descriptors,
    molecule_figures,
)
from kerasgan.metrics.music import (
    aligned,
    empty_bars,
    note_length,
    polyphony,
    scale_consistency,
    used_pitch_classes,
)
from kerasgan.metrics.neighbours import (
    DensityCoverage,
    NearestTrainingImageDistance,
    PrecisionRecall,
)
from kerasgan.metrics.paired import (
    MultiScaleStructuralSimilarity,
    PeakSignalToNoiseRatio,
    StructuralSimilarity,
    multi_scale_structural_similarity,
    peak_signal_to_noise_ratio,
    structural_similarity,
)
from kerasgan.metrics.result import MetricResult
from kerasgan.metrics.sequences import (
    distribution_distance,
    gc_content,
    kmer_counts,
    kmer_divergence,
    motif_positions,
    nearest_hamming,
)
from kerasgan.metrics.series import SeriesQuality
from kerasgan.metrics.sounds import as_floats, sound_features, spread
from kerasgan.metrics.tables import TableQuality
from kerasgan.metrics.texts import bleu, self_bleu

__all__ = [
    "DensityCoverage",
    "FeatureNetwork",
    "FrechetInceptionDistance",
    "InceptionScore",
    "KernelInceptionDistance",
    "LearnedPerceptualImagePatchSimilarity",
    "MetricResult",
    "MultiScaleStructuralSimilarity",
    "NearestTrainingImageDistance",
    "PeakSignalToNoiseRatio",
    "PrecisionRecall",
    "SeriesQuality",
    "StructuralSimilarity",
    "TableQuality",
    "aligned",
    "audited_epsilon",
    "as_floats",
    "bleu",
    "canonical",
    "correlation_length",
    "default_features",
    "descriptor_distance",
    "descriptors",
    "empty_bars",
    "distribution_distance",
    "gc_content",
    "gradient_distance",
    "inception_network",
    "ising_energy",
    "kmer_counts",
    "kmer_divergence",
    "magnetisation",
    "map_errors",
    "molecule_figures",
    "motif_positions",
    "multi_scale_structural_similarity",
    "nearest_hamming",
    "note_length",
    "peak_signal_to_noise_ratio",
    "polyphony",
    "radial_spectrum",
    "scale_consistency",
    "self_bleu",
    "sound_features",
    "spectrum_distance",
    "spread",
    "structural_similarity",
    "susceptibility",
    "used_pitch_classes",
]

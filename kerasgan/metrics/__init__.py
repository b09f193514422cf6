"""How good images are, pairs of real and generated ones and sets of them; and how good tables."""

from kerasgan.metrics.default_network import default_features
from kerasgan.metrics.features import FeatureNetwork
from kerasgan.metrics.frechet import FrechetInceptionDistance
from kerasgan.metrics.inception import inception_network
from kerasgan.metrics.inception_score import InceptionScore
from kerasgan.metrics.kernel import KernelInceptionDistance
from kerasgan.metrics.learned_perceptual import LearnedPerceptualImagePatchSimilarity
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
from kerasgan.metrics.sounds import as_floats, sound_features, spread
from kerasgan.metrics.tables import TableQuality

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
    "StructuralSimilarity",
    "TableQuality",
    "as_floats",
    "default_features",
    "inception_network",
    "multi_scale_structural_similarity",
    "peak_signal_to_noise_ratio",
    "sound_features",
    "spread",
    "structural_similarity",
]

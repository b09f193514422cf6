"""How near and how sharp does an entry enlarge, beside bicubic interpolation and the papers?

    python benchmarks/super_resolution.py pan_x4 --data SR_TEST_FOLDER \
        --features EFFICIENTNET.keras --layer block3_add

The folder holds one folder a set: set5, set14, bsd68. As the papers measure it: the small
images are the antialiased bicubic ones, PSNR and SSIM are of luminance, as many pixels of the
border as the scale are left out, and the mean is over images. The distance in a network's
features (`kerasgan.metrics.LearnedPerceptualImagePatchSimilarity`, without learned weights)
is of EfficientNet-Lite0 here; it is not the papers' LPIPS. `sharpness` is the mean absolute
Laplacian of luminance over that of the originals: 1 is as sharp as they are.
`checkerboard` is the energy at half of the sampling frequency over that of the originals.
With `--card` the figures go onto the entry's card too.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from PIL import Image
from results import record

import kerasgan
from kerasgan.datasets import modcrop, shrink
from kerasgan.metrics import peak_signal_to_noise_ratio, structural_similarity
from kerasgan.modalities import write_image
from kerasgan.zoo.evaluation import add_to_card

# Scale 4, PSNR and SSIM. SRResNet and SRGAN: Ledig et al. 2017 (arXiv:1609.04802), Table 2,
# whose SSIM is not computed as here: bicubic's is 0.8211 and 0.7486 there. PAN: Zhao et al.
# 2020 (arXiv:2010.01073). None of them measured BSD68.
PUBLISHED = {
    ("set5", "bicubic"): (28.43, 0.8211),
    ("set5", "srresnet_x4"): (32.05, 0.9019),
    ("set5", "srgan_x4"): (29.40, 0.8472),
    ("set5", "pan_x4"): (32.13, 0.8948),
    ("set14", "bicubic"): (25.99, 0.7486),
    ("set14", "srresnet_x4"): (28.49, 0.8184),
    ("set14", "srgan_x4"): (26.02, 0.7397),
    ("set14", "pan_x4"): (28.61, 0.7822),
}


def luminance(image):
    return np.asarray(Image.fromarray(image).convert("YCbCr"))[..., 0].astype("float64")


def laplacian(y):
    inner = y[1:-1, 1:-1]
    return np.abs(4 * inner - y[:-2, 1:-1] - y[2:, 1:-1] - y[1:-1, :-2] - y[1:-1, 2:]).mean()


def alternation(y):
    """The mean absolute part of luminance that changes sign from pixel to pixel."""
    y = y[: len(y) // 2 * 2, : y.shape[1] // 2 * 2]
    return np.abs(y[::2, ::2] - y[1::2, ::2] - y[::2, 1::2] + y[1::2, 1::2]).mean()


def enlarge(model, small, scale):
    if model is None:
        size = (small.shape[1] * scale, small.shape[0] * scale)
        return np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))
    return model.reference_samples(small[None])[0]


def measure(model, files, scale, perceptual):
    rows, pictures = [], []
    for path in files:
        with Image.open(path) as picture:
            grey = picture.mode == "L"
            real = modcrop(np.asarray(picture.convert("RGB")), scale)
        small = np.asarray(shrink(real, scale))
        made = enlarge(model, small, scale)
        # The papers compare a grey image as it is.
        pair = [image[..., :1] if grey else image for image in (real, made)]
        options = {"luminance": not grey, "border": scale}
        perceptual.reset_state()
        perceptual.update_state(real[None], made[None])
        rows.append(
            {
                "psnr": float(peak_signal_to_noise_ratio(*pair, **options)[0]),
                "ssim": float(structural_similarity(*pair, **options)[0]),
                "perceptual": float(perceptual.result()),
                "sharpness": laplacian(luminance(made)) / laplacian(luminance(real)),
                "checkerboard": alternation(luminance(made)) / alternation(luminance(real)),
            }
        )
        pictures.append((path.stem, made))
    means = {key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]}
    return means, pictures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="an entry or a run folder")
    parser.add_argument("--data", required=True, help="the folder of set5, set14, …")
    parser.add_argument("--features", required=True, help="a .keras network")
    parser.add_argument("--layer", nargs="+", default=["block3_project_bn"])
    parser.add_argument("--pictures", help="folder for what was made")
    parser.add_argument("--card", action="store_true", help="write the entry's card too")
    options = parser.parse_args()
    model = kerasgan.zoo.load(options.name)
    entry = Path(options.name).name
    features = keras.saving.load_model(options.features, compile=False)
    perceptual = kerasgan.metrics.LearnedPerceptualImagePatchSimilarity(features, options.layer)
    figures = {}
    for folder in sorted(Path(options.data).iterdir()):
        files = sorted(folder.glob("*.png"))
        if not files:
            continue
        found = {}
        for name, enlarger in (("bicubic", None), (entry, model)):
            found[name], pictures = measure(enlarger, files, model.scale, perceptual)
            published = PUBLISHED.get((folder.name, name), ("", ""))
            row = {"entry": name, "set": folder.name, "scale": model.scale, **found[name]}
            row |= {"published_psnr": published[0], "published_ssim": published[1]}
            record("super_resolution", [row], by=("entry", "set"))
        bicubic = {f"bicubic_{key}": value for key, value in found["bicubic"].items()}
        figures[folder.name] = found[entry] | bicubic
        if published[0]:
            figures[folder.name] |= {"published_psnr": published[0], "published_ssim": published[1]}
        for name, made in pictures if options.pictures else ():
            write_image(Path(options.pictures) / folder.name / f"{name}.png", made)
    if options.card:
        measured = {
            "network": f"{features.name}, {' '.join(options.layer)}, without learned weights",
            **figures,
        }
        add_to_card(options.name, measured, "benchmarks/super_resolution.py")


if __name__ == "__main__":
    main()

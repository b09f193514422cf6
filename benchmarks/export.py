"""How long does an exported model take beside its own verb, on the CPU, and how small can it be?

    pip install nncf && KERAS_BACKEND=tensorflow python benchmarks/export.py dcgan_celeba

Milliseconds of one call of `generate`, of Keras's `predict_on_batch` of the same network, of ONNX
Runtime and of OpenVINO, for the same latents; of the exported file in float32, and of what the
runtimes' own tools make of it: float16, weights of 8 bits, everything of 8 bits. Rivals take turns;
ratios are of the same round: of `generate` over the other. Beside the time stand the size of the
file, how many levels of 255 its pictures are off at most, and the share that is off by 2 at most.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import nncf
import numpy as np
import onnx
import onnxruntime
import openvino
from onnxruntime.quantization import quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16
from results import record, spread

import kerasgan

CALIBRATION = 300


def written(model, folder):
    """Dict from a runtime and a precision to the file for it."""
    files = {
        "ONNX Runtime": folder / "model.onnx",
        "OpenVINO": folder / "model.xml",
        "ONNX Runtime, float16": folder / "half.onnx",
        "ONNX Runtime, 8-bit weights": folder / "weights.onnx",
        "OpenVINO, 8-bit weights": folder / "weights.xml",
        "OpenVINO, 8 bits": folder / "small.xml",
    }
    model.export(files["ONNX Runtime"])
    model.export(files["OpenVINO"])
    half = convert_float_to_float16(onnx.load(files["ONNX Runtime"]), keep_io_types=True)
    onnx.save(half, files["ONNX Runtime, float16"])
    quantize_dynamic(files["ONNX Runtime"], files["ONNX Runtime, 8-bit weights"])
    known = model.reference_inputs(CALIBRATION)
    rows = [{name: x[i : i + 1] for name, x in known.items()} for i in range(CALIBRATION)]
    for name, smaller in (
        ("OpenVINO, 8-bit weights", nncf.compress_weights),
        ("OpenVINO, 8 bits", lambda network: nncf.quantize(network, nncf.Dataset(rows))),
    ):
        network = openvino.Core().read_model(files["OpenVINO"])
        openvino.save_model(smaller(network), files[name])
    return files


def megabytes(file):
    beside = file.with_suffix(".bin")
    size = file.stat().st_size + (beside.stat().st_size if file.suffix == ".xml" else 0)
    return round(size / 1e6, 2)


def loaded(file, threads):
    """A function from inputs by name to samples."""
    if file.suffix == ".onnx":
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(file, options)
        return lambda inputs: session.run(["samples"], inputs)[0]
    config = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
    compiled = openvino.compile_model(file, "CPU", config)
    return lambda inputs: compiled(inputs)["samples"]


def rivals(model, inputs, runtimes):
    """Dict from a name to a function that makes the samples."""
    given = list(inputs.values())
    given = given if len(given) > 1 else given[0]
    return {
        "generate": lambda: model.generate(**inputs, verbose=False),
        "predict_on_batch": lambda: model.network.predict_on_batch(given),
        **{name: lambda run=run: run(inputs) for name, run in runtimes.items()},
    }


def clock(run):
    start = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="dcgan_celeba", help="an entry that generates")
    parser.add_argument("-n", type=int, nargs="+", default=[1, 64], help="samples a call")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    model, rows = kerasgan.zoo.load(options.name), []
    threads = int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory() as folder:
        files = written(model, Path(folder))
        runtimes = {name: loaded(file, threads) for name, file in files.items()}
        for n in options.n:
            runs = rivals(model, model.reference_inputs(n), runtimes)
            own = runs["generate"]().astype("float32")
            off = {name: np.abs(own - runs[name]()) for name in runtimes}
            assert off["ONNX Runtime"].max() <= 1 and off["OpenVINO"].max() <= 1
            runs["predict_on_batch"]()
            rounds = [
                {name: clock(run) for name, run in runs.items()} for _ in range(options.rounds)
            ]
            for name in runs:
                times = [times[name] for times in rounds]
                row = {
                    "entry": options.name,
                    "samples": n,
                    "runtime": name,
                    "milliseconds_median": round(statistics.median(times), 2),
                    "milliseconds_min": round(min(times), 2),
                    "milliseconds_max": round(max(times), 2),
                    **spread([times["generate"] / times[name] for times in rounds]),
                    "rounds": options.rounds,
                    "megabytes": "",
                    "levels_off_at_most": "",
                    "share_within_2_levels": "",
                }
                if name in off:
                    row["megabytes"] = megabytes(files[name])
                    row["levels_off_at_most"] = int(off[name].max())
                    row["share_within_2_levels"] = round(float((off[name] <= 2).mean()), 5)
                rows.append(row)
    record("export", rows, by=("entry",))


if __name__ == "__main__":
    main()

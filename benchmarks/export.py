"""How long does an exported model take beside its own verb, on the CPU?

    KERAS_BACKEND=tensorflow python benchmarks/export.py dcgan_celeba

Milliseconds of one call of `generate`, of Keras's `predict_on_batch` of the same network, of ONNX
Runtime and of OpenVINO, in float32, for the same latents. Rivals take turns; ratios are of the
same round: of `generate` over the other.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
import openvino
from results import record, spread

import kerasgan


def runtimes(model, folder):
    """What ONNX Runtime and OpenVINO have loaded of the exported model."""
    threads = int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0)))
    for file in ("model.onnx", "model.xml"):
        model.export(folder / file)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(folder / "model.onnx", options)
    config = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
    compiled = openvino.compile_model(folder / "model.xml", "CPU", config)
    return session, compiled


def rivals(model, inputs, session, compiled):
    """Dict from a name to a function that makes the samples."""
    given = list(inputs.values())
    given = given if len(given) > 1 else given[0]
    return {
        "generate": lambda: model.generate(**inputs, verbose=False),
        "predict_on_batch": lambda: model.network.predict_on_batch(given),
        "ONNX Runtime": lambda: session.run(["samples"], inputs)[0],
        "OpenVINO": lambda: compiled(inputs)["samples"],
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
    with tempfile.TemporaryDirectory() as folder:
        loaded = runtimes(model, Path(folder))
        for n in options.n:
            runs = rivals(model, model.reference_inputs(n), *loaded)
            made = [np.asarray(runs[name]()) for name in ("generate", "ONNX Runtime", "OpenVINO")]
            assert all(np.abs(made[0].astype("float32") - other).max() <= 1 for other in made[1:])
            runs["predict_on_batch"]()
            rounds = [
                {name: clock(run) for name, run in runs.items()} for _ in range(options.rounds)
            ]
            for name in runs:
                times = [times[name] for times in rounds]
                rows.append(
                    {
                        "entry": options.name,
                        "samples": n,
                        "runtime": name,
                        "milliseconds_median": round(statistics.median(times), 2),
                        "milliseconds_min": round(min(times), 2),
                        "milliseconds_max": round(max(times), 2),
                        **spread([times["generate"] / times[name] for times in rounds]),
                        "rounds": options.rounds,
                    }
                )
    record("export", rows)


if __name__ == "__main__":
    main()

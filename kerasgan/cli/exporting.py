"""`kerasgan export`."""

from pathlib import Path

from kerasgan.cli.verbs import WHERE


def add(add):
    """The subcommand, by a function that adds one."""
    export = add(
        "export",
        _export,
        "Write a trained model for a program without kerasgan: ONNX Runtime, OpenVINO, LiteRT or "
        "TensorFlow.",
        epilog="Example: kerasgan export dcgan_celeba -o faces.onnx",
    )
    export.add_argument("name", help=WHERE)
    export.add_argument(
        "-o",
        "--out",
        help="an .onnx, .xml or .tflite file, or the folder of a SavedModel (default: NAME.onnx)",
    )
    export.add_argument(
        "--format",
        help="tf_saved_model, onnx, openvino or litert (default: what OUT ends in)",
    )
    export.add_argument("--force", action="store_true", help="replace what is there")


def _export(options):
    from kerasgan import zoo

    out = options.out or f"{Path(options.name.split('://')[-1]).name}.onnx"
    model = zoo.load(options.name)
    model.export(out, options.format, force=options.force)
    print(f"Wrote {out}")

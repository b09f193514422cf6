"""The choice of a backend, in Pythons that have none, or only the one that a test gives them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHOOSE = f"""
import os, runpy, sys
choose = runpy.run_path({str(ROOT / "kerasgan/_choose_backend.py")!r})["choose_backend"]
"""
REPORT = "choose(); choose(); print(os.environ.get('KERAS_BACKEND'))"


@pytest.fixture
def python(tmp_path):
    """Run code in a Python that has these packages only; returns its output and errors."""

    def run(code, installed=(), **variables):
        for name in installed:
            (tmp_path / "packages" / name).mkdir(parents=True)
            (tmp_path / "packages" / name / "__init__.py").touch()
        done = subprocess.run(
            # Without -S the packages of this environment would be there too.
            [sys.executable, "-S", "-c", CHOOSE + code],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "KERAS_HOME": str(tmp_path),
                "PYTHONPATH": str(tmp_path / "packages"),
                **variables,
            },
            capture_output=True,
            text=True,
        )
        return done.stdout.strip(), done.stderr

    return run


def name_in_file(folder, text):
    (folder / "keras.json").write_text(text)


def test_without_a_backend_the_extras_are_named(python):
    _, errors = python(REPORT)
    assert "ImportError" in errors and 'pip install "kerasgan[jax]"' in errors
    assert "kerasgan[tensorflow]" in errors and "kerasgan[torch]" in errors


def test_the_variable_may_name_only_what_is_installed(python):
    _, errors = python(REPORT, ["jax", "torch"], KERAS_BACKEND="tensorflow")
    assert "ImportError: KERAS_BACKEND names the backend 'tensorflow'" in errors
    assert 'pip install "kerasgan[tensorflow]"' in errors and "jax, torch" in errors


def test_the_file_may_name_only_what_is_installed(python, tmp_path):
    name_in_file(tmp_path, '{"backend": "jax"}')
    _, errors = python(REPORT, ["torch"])
    assert f"ImportError: {tmp_path / 'keras.json'} names the backend 'jax'" in errors
    assert 'pip install "kerasgan[jax]"' in errors


@pytest.mark.parametrize("text", [None, '{"backend": "tensorflow"}', "{}", "[]", "no json"])
@pytest.mark.parametrize("installed", [["torch"], ["jax", "torch"]])
def test_keras_own_default_gives_way_to_what_is_installed(python, tmp_path, text, installed):
    if text:
        name_in_file(tmp_path, text)
    chosen, errors = python(REPORT, installed)
    assert chosen == installed[0]
    assert errors.count(f"using {chosen}") == len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "installed", "variable"),
    [
        (None, ["tensorflow", "jax"], None),
        ('{"backend": "torch"}', ["tensorflow", "torch"], None),
        ('{"backend": "torch"}', ["torch"], None),
        (None, ["jax", "torch"], "torch"),
        ('{"backend": "tensorflow"}', ["jax"], "jax"),
        ('{"backend": "jax"}', ["torch"], "torch"),
    ],
)
def test_a_choice_that_works_is_left_alone_in_silence(python, tmp_path, text, installed, variable):
    if text:
        name_in_file(tmp_path, text)
    variables = {"KERAS_BACKEND": variable} if variable else {}
    assert python(REPORT, installed, **variables) == (str(variable), "")


def test_once_keras_is_imported_nothing_is_chosen(python):
    assert python(f"import keras; {REPORT}", ["keras", "torch"]) == ("None", "")


def test_importing_kerasgan_where_nothing_is_installed(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    done = subprocess.run(
        [tmp_path / "bare" / "bin" / "python", "-c", "import kerasgan"],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert 'pip install "kerasgan[jax]"' in done.stderr


def test_importing_kerasgan_imports_no_keras(tmp_path):
    code = (
        "import json, sys, kerasgan, kerasgan.zoo, kerasgan.cli; print(json.dumps([*sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stdout)
    assert "kerasgan.zoo.store" in loaded
    assert not {"keras", "numpy", "tensorflow", "jax", "torch"} & {*loaded}

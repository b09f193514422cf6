"""Which part may import which, read from the source: the table is the design."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "kerasgan").rglob("*.py"))
}

# A part is a sub-package or a file of the top level. Every part may import itself.
ALLOWED = {
    "kerasgan": {"_choose_backend"},
    "__main__": {"cli"},
    "_choose_backend": set(),
    "files": set(),
    "greys": set(),
    "arguments": set(),
    "pages": {"files"},
    "levels": set(),
    "engine": {"arguments", "files"},
    "marks": {"kerasgan"},
    "modalities": {"engine.registry", "files", "levels", "marks"},
    "losses": {"engine.registry", "engine.backend", "layers"},
    "layers": {"engine.registry", "engine.backend"},
    "augment": {"engine.registry"},
    "penalties": {"engine.backend", "engine.registry"},
    "networks": {"layers", "losses", "arguments"},
    "datasets": {"greys", "modalities"},
    "photos": {"arguments", "files", "greys", "levels", "marks"},
    "metrics": {"_choose_backend", "files", "modalities"},
    "models": {
        *("engine", "networks", "layers", "losses", "penalties", "augment", "modalities"),
        *("datasets", "photos", "metrics", "arguments"),
    },
    "style": {"engine.backend", "losses", "photos", "arguments", "levels"},
    "latents": {
        *("engine", "layers", "losses", "datasets", "arguments", "files", "levels"),
        *("marks", "pages"),
    },
    "diagnosis": {"files", "pages"},
    "privacy": {"arguments", "datasets", "engine", "modalities", "models"},
    "callbacks": {
        *("metrics", "files", "marks", "modalities", "diagnosis"),
        *("engine.backend", "engine.data", "engine.shapes"),
    },
    "recipes": {
        *("kerasgan", "engine", "models", "networks", "losses", "penalties", "augment"),
        *("modalities", "datasets", "callbacks", "files", "privacy"),
    },
    "zoo": {
        *("kerasgan", "_choose_backend", "engine", "models", "networks", "augment", "modalities"),
        *("datasets", "metrics", "recipes", "files", "arguments", "marks"),
    },
    "app": {"zoo", "marks", "modalities", "models", "photos"},
    "cli": {"_choose_backend", "kerasgan", "zoo", "recipes", "files", "modalities", "photos"}
    | {"app", "datasets", "diagnosis", "latents", "marks", "models"},
}
BACKENDS = ("tensorflow", "jax", "torch", "keras.src")


def imports(path):
    """Every dotted name a file imports; `from a import b` gives `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(path):
    """The modules of kerasgan that a file imports."""
    for name in imports(path):
        if name.split(".")[0] == "kerasgan":
            while name not in FILES:
                name = name.rpartition(".")[0]
            yield name


def part(module):
    return (module.split(".") + ["kerasgan"])[1]


def within(name, group):
    return name == group or name.startswith(f"{group}.")


@pytest.mark.parametrize("module", FILES)
def test_a_part_imports_only_what_the_table_allows(module):
    own = part(module)
    for imported in ours(FILES[module]):
        name = imported.removeprefix("kerasgan.")
        assert part(imported) == own or any(within(name, a) for a in ALLOWED[own]), (
            f"{module} imports {imported}"
        )


@pytest.mark.parametrize("module", FILES)
def test_only_the_engine_knows_a_backend(module):
    known = {n for n in imports(FILES[module]) if any(within(n, b) for b in BACKENDS)}
    own = {"kerasgan.engine.beyond_keras": "keras.src"}
    own |= {f"kerasgan.engine.on_{name}": name for name in ("tensorflow", "jax", "torch")}
    own |= {f"kerasgan.engine.on_torch_{name}": "torch" for name in ("layers", "devices")}
    own["kerasgan.engine.on_tensorflow_devices"] = "tensorflow"
    if module not in own:
        assert not known
    else:
        # JAX's needs the current scope besides, as its first lines say.
        known = {n for n in known if not (module.endswith("on_jax") and within(n, "keras.src"))}
        assert known and all(within(n, own[module]) for n in known)


def test_models_import_no_model_but_a_base_class():
    for module, path in FILES.items():
        if within(module, "kerasgan.models") and module != "kerasgan.models":
            siblings = {n for n in ours(path) if within(n, "kerasgan.models")}
            classes = [n for n in ast.walk(ast.parse(path.read_text())) if type(n) is ast.ClassDef]
            bases = {b.id for c in classes for b in c.bases if isinstance(b, ast.Name)}
            names = {n.rpartition(".")[2] for n in imports(path) if within(n, "kerasgan.models")}
            assert not siblings or names <= bases, f"{module} imports {siblings}"


def test_no_cycles():
    # By name: that a module's package runs first, and imports it, is left aside.
    graph = {module: set(ours(path)) - {module} for module, path in FILES.items()}
    done = set()

    def visit(module, above):
        assert module not in above, " -> ".join([*above, module])
        if module not in done:
            for imported in graph[module]:
                visit(imported, [*above, module])
            done.add(module)

    for module in graph:
        visit(module, [])


@pytest.mark.parametrize("folder", ["kerasgan", "tests", "benchmarks"])
def test_no_file_is_longer_than_500_lines(folder):
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    lengths = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in files}
    assert {name: n for name, n in lengths.items() if n > 500} == {}

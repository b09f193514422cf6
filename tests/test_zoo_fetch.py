"""Entries that lie elsewhere, from a server on this machine."""

import contextlib
import http.server
import io
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from pathlib import Path

import pytest
from tiny import mlp_gan

from kerasgan import zoo
from kerasgan.zoo import integrity, store

NEEDS = {"hf": "huggingface_hub", "kaggle": "kagglehub"}
INSTALL = {"hf": r'pip install "kerasgan\[hub\]"', "kaggle": "pip install kagglehub"}


class Server(http.server.ThreadingHTTPServer):
    """Serves `content` by path; sends `limit` bytes of it, then closes or waits."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.requests = {}, 0
        self.limit, self.waits, self.tells_length = None, False, True
        self.stopping = threading.Event()

    def address(self, name):
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.requests += 1
        content = server.content.get(self.path[1:])
        self.send_response(200 if content else 404)
        if server.tells_length:
            self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write((content or b"")[: server.limit])
        self.wfile.flush()
        if server.waits:
            server.stopping.wait(60)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.stopping.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return zoo.save(mlp_gan(), tmp_path_factory.mktemp("zoo") / "entry", {"summary": "A test."})


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "kerasgan"


def packed(folder, kind):
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as file:
            for path in folder.iterdir():
                file.write(path, f"a/b/{path.name}")
    else:
        with tarfile.open(fileobj=buffer, mode=f"w:{kind.removeprefix('tar').strip('.')}") as file:
            # An .npz, which is a zip, comes last.
            for path in sorted(folder.iterdir(), key=lambda p: p.suffix == ".npz"):
                file.add(path, path.name)
    return buffer.getvalue()


def is_empty(cache):
    return not cache.exists() or not any(cache.iterdir())


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_an_archive_is_fetched_once(server, saved, cache, kind):
    address = server.address(f"entry.{kind}?download=1")
    server.content[f"entry.{kind}?download=1"] = packed(saved, kind)
    folder = store.from_archive(address)
    assert folder.parent == cache and [*cache.iterdir()] == [folder]
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {
        p.name: p.read_bytes() for p in saved.iterdir()
    }
    assert zoo.load(folder).generate(2, seed=0).shape == (2, 8, 8, 1)
    server.shutdown()
    assert store.from_archive(address) == folder and server.requests == 1


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize(
    ("tells_length", "error", "message"),
    [
        (True, ConnectionError, "broke off after 1,000 of"),
        (False, ValueError, "cannot be unpacked"),
    ],
)
def test_a_download_that_breaks_off_poisons_nothing(
    server, saved, cache, kind, tells_length, error, message
):
    server.content["entry"] = packed(saved, kind)
    server.limit, server.tells_length = 1000, tells_length
    with pytest.raises(error, match=message):
        store.from_archive(server.address("entry"))
    assert is_empty(cache)
    server.limit = None
    integrity.check(store.from_archive(server.address("entry")))


def test_a_download_that_is_killed_poisons_nothing(server, saved, cache):
    server.content["entry"] = packed(saved, "tar.gz")
    server.limit, server.waits = 1000, True
    code = f"""if True:
        from kerasgan.zoo import integrity, store
        store.from_archive({server.address("entry")!r})
    """
    root = Path(__file__).parents[1]
    with subprocess.Popen([sys.executable, "-c", code], cwd=root) as process:
        deadline = time.monotonic() + 60
        while not (server.requests and any(cache.glob(".*/archive"))):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
    server.limit, server.waits = None, False
    integrity.check(store.from_archive(server.address("entry")))


def damaged(folder):
    path = folder / "generator.npz"
    path.write_bytes(path.read_bytes()[:-1])


def without_card(folder):
    (folder / "card.toml").unlink()


def of_another_library(folder):
    integrity.write_card(folder, integrity.read_card(folder) | {"library": "other"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (damaged, "generator.npz has .* truncated"),
        (without_card, "holds no entry: there is no card.toml"),
        (of_another_library, "card.toml belongs to the library 'other'"),
    ],
)
def test_what_is_no_whole_entry_is_refused_and_not_kept(
    server, saved, cache, tmp_path, change, message
):
    folder = Path(shutil.copytree(saved, tmp_path / "copy"))
    change(folder)
    server.content["entry"] = packed(folder, "zip")
    for _ in range(2):
        with pytest.raises(ValueError, match=message):
            store.from_archive(server.address("entry"))
        assert is_empty(cache)
    assert server.requests == 2


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b no gzip"])
def test_what_is_no_archive_is_refused(server, cache, content):
    server.content["entry"] = content or b" "
    with pytest.raises(ValueError, match="cannot be unpacked as a zip or tar archive"):
        store.from_archive(server.address("entry"))
    assert is_empty(cache)


def test_an_archive_cannot_write_outside_the_cache(server, saved, cache, tmp_path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        file.add(saved / "card.toml", "../../../escaped")
    server.content["entry"] = buffer.getvalue()
    with pytest.raises(ValueError, match="holds no entry"):
        store.from_archive(server.address("entry"))
    assert is_empty(cache) and not [*tmp_path.rglob("escaped")]


def test_what_a_server_does_not_have(server, cache):
    with pytest.raises(ConnectionError, match="404.* Without a network, pass the path"):
        store.from_archive(server.address("entry"))
    assert is_empty(cache)


@contextlib.contextmanager
def within(seconds):
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


def test_an_address_that_nobody_has():
    with (
        within(20),
        pytest.raises(ConnectionError, match="kerasgan.invalid.* Without a network, pass"),
    ):
        zoo.load("https://kerasgan.invalid/entry.zip")


@pytest.mark.parametrize("address", ["file:///etc", "http://127.0.0.1/e.zip", "s3://a/b", "://a"])
def test_other_addresses_are_refused(address):
    with pytest.raises(ValueError, match="must start with hf://, kaggle:// or https://"):
        zoo.load(address)


def test_revisions_and_tokens_are_of_the_hub(saved):
    with pytest.raises(ValueError, match="revision and token are of hf:// addresses"):
        zoo.load(saved, revision="main")


ADDRESSES = {"hf": "hf://user/repo", "kaggle": "kaggle://user/model/keras/small"}


@pytest.mark.parametrize("scheme", NEEDS)
def test_without_its_package_an_address_names_it(scheme, monkeypatch):
    monkeypatch.setitem(sys.modules, NEEDS[scheme], None)
    with pytest.raises(ImportError, match=INSTALL[scheme]):
        zoo.load(ADDRESSES[scheme])


@pytest.mark.parametrize("scheme", NEEDS)
def test_without_a_network_an_address_fails_at_once(scheme, monkeypatch, tmp_path):
    # Both packages read these once, as they are imported.
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    pytest.importorskip(NEEDS[scheme])
    with within(30), pytest.raises(ConnectionError, match=r"Without a network, pass the path"):
        zoo.load(ADDRESSES[scheme])


def test_what_hugging_face_has_fetched_before_needs_no_network(saved, cache, monkeypatch):
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub = cache.parent / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(hub))
    # As that library lays it out: files are links to a store beside them.
    repo, commit = hub / "models--user--repo", "0" * 40
    shutil.copytree(saved, repo / "blobs")
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(commit)
    (repo / "snapshots" / commit).mkdir(parents=True)
    for path in saved.iterdir():
        (repo / "snapshots" / commit / path.name).symlink_to(f"../../blobs/{path.name}")
    for _ in range(2):
        folder = store.find("hf://user/repo")
        integrity.check(folder)
        assert folder.parent == cache and [*cache.iterdir()] == [folder]

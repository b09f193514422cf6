"""Entries on the Hugging Face Hub: its part is played by a server on this machine."""

import base64
import hashlib
import http.server
import importlib
import json
import re
import threading

import numpy as np
import pytest
from tiny import mlp_gan

from kerasgan import zoo
from kerasgan.cli import main

constants = pytest.importorskip("huggingface_hub.constants")

pytestmark = pytest.mark.without_backend
TOKEN = "hf_of_me"


class Hub(http.server.ThreadingHTTPServer):
    """Keeps `files`, the bytes by name of one repository, a commit by its revision."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.visibility = {}, None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/api/validate-yaml":
            self.answer({"errors": [], "warnings": []})
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer({"error": "Invalid username or password."}, 401)
        elif self.path == "/api/repos/create":
            self.server.visibility = json.loads(sent).get("visibility")
            self.answer({"url": f"{self.server.url}/me/a"})
        elif self.path == "/api/models/me/a/preupload/main":
            names = [file["path"] for file in json.loads(sent)["files"]]
            modes = [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]
            self.answer({"files": modes})
        elif self.path == "/api/models/me/a/commit/main":
            operations = [json.loads(line) for line in sent.splitlines()]
            files = [o["value"] for o in operations if o["key"] == "file"]
            added = {file["path"]: base64.b64decode(file["content"]) for file in files}
            self.server.files["2" * 40] = self.server.files["main"] = added
            self.answer({"commitUrl": f"{self.server.url}/me/a/commit/2", "commitOid": "2" * 40})

    def do_GET(self):
        part = re.fullmatch(r"/api/models/me/a/(?:revision|tree)/(\w+)(\?.*)?", self.path)
        file = re.fullmatch(r"/me/a/resolve/(\w+)/([\w.]+)", self.path)
        revision = (part or file) and (part or file)[1]
        files = self.server.files.get(revision)
        if not (part or file) or not self.server.files:
            self.answer({}, 404, {"X-Error-Code": "RepoNotFound"})
        elif files is None:
            self.answer({}, 404, {"X-Error-Code": "RevisionNotFound"})
        elif part and "/tree/" in self.path:
            self.answer(
                [
                    {"type": "file", "path": name, "size": len(content), "oid": "0" * 40}
                    for name, content in files.items()
                ]
            )
        elif part:
            names = [{"rfilename": name} for name in files]
            sha = revision if len(revision) == 40 else "2" * 40
            self.answer({"id": "me/a", "sha": sha, "siblings": names})
        else:
            content = files[file[2]]
            headers = {"ETag": f'"{hashlib.sha1(content).hexdigest()}"'}
            self.answer(content, headers=headers | {"X-Repo-Commit": "2" * 40})

    do_HEAD = do_GET

    def answer(self, content, status=200, headers=()):
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for key, value in {"Content-Length": str(len(content)), **dict(headers)}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture
def hub(tmp_path, monkeypatch):
    hub = Hub()
    threading.Thread(target=hub.serve_forever, args=(0.02,), daemon=True).start()
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    # Another test may have asked through a proxy, which its session keeps.
    importlib.import_module("huggingface_hub").close_session()
    yield hub
    hub.shutdown()
    hub.server_close()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    card = {"name": "a", "summary": "A test.", "licence": "For research only"}
    return zoo.save(mlp_gan(), tmp_path_factory.mktemp("zoo") / "entry", card)


def test_what_is_pushed_is_what_is_loaded(hub, saved):
    (saved / "notes.txt").write_text("on no card")
    assert zoo.push(saved, "hf://me/a", token=TOKEN, private=True) == f"{hub.url}/me/a"
    assert hub.visibility == "private"
    listed = {path.name: path.read_bytes() for path in saved.iterdir() if path.suffix != ".txt"}
    page = hub.files["main"].pop("README.md").decode()
    assert hub.files["main"] == listed
    assert 'license: "other"' in page and "For research only" in page
    assert 'kerasgan.zoo.load("hf://me/a")' in page
    here = zoo.load(saved).generate(2, seed=0)
    for revision in (None, "2" * 40):
        found = zoo.load("hf://me/a", revision=revision, token=TOKEN)
        np.testing.assert_array_equal(found.generate(2, seed=0), here)


def test_a_model_is_pushed_as_it_is(hub):
    zoo.push(mlp_gan(), "hf://me/a", token=TOKEN)
    assert {"card.toml", "README.md", "generator.npz"} <= hub.files["main"].keys()


def test_what_is_pulled_is_checked(hub, saved):
    zoo.push(saved, "hf://me/a", token=TOKEN)
    hub.files["main"]["generator.npz"] += b"more"
    with pytest.raises(ValueError, match="generator.npz has .* bytes"):
        zoo.load("hf://me/a")


def test_what_the_hub_refuses_is_said_in_a_line(hub, saved, capsys, monkeypatch):
    with pytest.raises(ConnectionError, match="no such repository; or it is private"):
        zoo.load("hf://me/a")
    for token in (None, "hf_of_another"):
        with pytest.raises(ConnectionError, match="could not be pushed .* give a token that may"):
            zoo.push(saved, "hf://me/a", token=token)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert main(["push", str(saved), "hf://me/a"]) == 0
    assert capsys.readouterr().out == f"Pushed to {hub.url}/me/a\n"
    with pytest.raises(ConnectionError, match="no such revision"):
        zoo.load("hf://me/a", revision="other")


@pytest.mark.parametrize("address", ["me/a", "hf://a", "hf://me/a/b", "https://me/a", "hf:///a"])
def test_other_addresses_are_refused(saved, address):
    with pytest.raises(ValueError, match="An entry is pushed to hf://user/repo"):
        zoo.push(saved, address)


def test_without_a_network_a_push_fails_at_once(hub, saved, monkeypatch):
    hub.server_close()
    with pytest.raises(ConnectionError, match="Without a network, copy its folder"):
        zoo.push(saved, "hf://me/a", token=TOKEN)

"""That a file was made by a model, written into it and read from it."""

import base64
import datetime
import io
import json
import re
import struct
import tarfile
import wave

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image
from tiny import SHAPE, mlp_gan, train

from kerasgan import __version__, networks, zoo
from kerasgan.callbacks import SampleGrid
from kerasgan.cli import main
from kerasgan.latents import write_explorer
from kerasgan.marks import Mark, Signer, marking, read_marks
from kerasgan.marks.watermark import FALSE_POSITIVES, p_value, watermarked
from kerasgan.marks.xmp import IPTC, RDF, fields
from kerasgan.modalities import Audio, Images, Music, write_image
from kerasgan.models import MuseGAN
from kerasgan.photos import read_photo, translate_files, write_photo

CREATED, EDITED = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"
PHOTOGRAPHED = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
    f'<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{IPTC}" xmlns:dc="http://purl.org/dc/'
    'elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6" '
    'dc:source="Müller">'
    "<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
    "</Iptc4xmpExt:DigitalSourceType></rdf:Description></rdf:RDF></x:xmpmeta>"
).encode()
SUFFIXES = (".png", ".jpg", ".webp", ".tif")

pytestmark = pytest.mark.without_backend


def noise(*shape, dtype="uint8"):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, shape, dtype)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_pictures_and_photographs_say_what_made_them(tmp_path, suffix):
    image, path = noise(9, 12, 3), tmp_path / f"a{suffix}"
    for write in (write_image, lambda p, x: write_photo(p, [x], 9, 12, dpi=(72, 72))):
        with marking(Mark("some_entry")):
            write(path, image)
        found = read_marks(path)
        assert found.metadata == {
            "source_type": CREATED,
            "system": "kerasgan some_entry",
            "version": __version__,
        }
        assert not found.problems
        write(path, image)
        assert read_marks(path).metadata == {}


def test_a_mark_changes_no_pixel(tmp_path):
    image = noise(9, 12, 3)
    with marking(Mark("some_entry")):
        write_image(tmp_path / "a.png", image)
        write_photo(tmp_path / "b.png", [image], 9, 12)
    for name in ("a.png", "b.png"):
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / name)), image)


def test_sounds_say_what_made_them_and_play_as_before(tmp_path):
    samples, path = noise(2, 7, 1, dtype="uint8").astype("int16"), tmp_path / "a.wav"
    for name in ("odd", "even_"):
        with marking(Mark(name)):
            Audio(8000).write(samples, path)
        assert read_marks(path).metadata["system"] == f"kerasgan {name}"
        with wave.open(str(path)) as sound:
            assert sound.readframes(100) == samples.astype("<i2").tobytes()
        data = path.read_bytes()
        assert struct.unpack("<I", data[4:8])[0] == len(data) - 8 and len(data) % 2 == 0
    Audio(8000).write(samples, path)
    assert read_marks(path).metadata == {}


def test_music_says_what_made_it_and_plays_as_before(tmp_path, monkeypatch, capsys):
    mido = pytest.importorskip("mido")
    rolls, path = np.zeros((1, 1, 8, 12, 2), "uint8"), tmp_path / "a.mid"
    rolls[:, :, 3:5, 4, 1] = 1  # not at the first step: what follows the text is a time
    with marking(Mark("Präludium x", "generate")):
        Music(48, 2).write(rolls, path)
    said = {"source_type": CREATED, "system": "kerasgan Präludium x", "version": __version__}
    found = read_marks(path)
    assert found.metadata == said and not found.problems and found.watermark is None
    marked = mido.MidiFile(path)
    Music(48, 2).write(rolls, path)
    assert read_marks(path).metadata == {}
    for one, other in zip(marked.tracks, mido.MidiFile(path).tracks):
        assert [m for m in one if m.type != "text"] == list(other)
    path.write_bytes(b"RIFF")
    (problem,) = read_marks(path).problems
    assert "it is no MIDI file" in problem
    # A certificate signs no such file, and it is said before anything is made.
    networks_of_music = networks.musegan((1, 4, 12, 1), latent_dim=2, width=2, monophonic=True)
    zoo.save(MuseGAN(*networks_of_music, modality=Music(48, 2)), tmp_path / "song")
    monkeypatch.chdir(tmp_path)
    words = ["--certificate", "chain.pem", "--key", "key.pem"]
    assert main(["generate", "song", "-n", "1", "-o", "b.mid", *words]) == 2
    assert "--certificate is for pictures and sounds. Received: a .mid" in capsys.readouterr().err
    assert main(["generate", "song", "-n", "1", "-o", "b.mid"]) == 0
    assert main(["inspect", "b.mid"]) == 0
    assert "created by a trained model, by kerasgan song" in capsys.readouterr().out


def test_what_is_written_on_the_way_is_marked_too(tmp_path):
    model = mlp_gan(shape=(8, 8, 1))
    grids = SampleGrid(tmp_path / "grids", n=4, animation=True)
    train(model, noise(8, 8, 8, 1), epochs=1, callbacks=[grids])
    zoo.save(model, tmp_path / "entry", card={"name": "mine"})
    for name in ("grids/epoch_0001.png", "grids/animation.webp", "entry/sample.png"):
        found = read_marks(tmp_path / name).metadata
        assert found["source_type"] == CREATED
        assert found["system"] == f"kerasgan {'mine' if 'sample' in name else 'GAN'}"
    page = write_explorer(model, tmp_path / "a.html", n=2, number_of_directions=0, name="mine")
    strips = re.findall(r"data:image/webp;base64,([A-Za-z0-9+/=]+)", page.read_text("utf-8"))
    for strip in strips:
        with Image.open(io.BytesIO(base64.b64decode(strip))) as picture:
            assert fields(picture.info["xmp"])["system"] == "kerasgan mine"
    assert strips
    # A mark that is in place stays.
    with marking(Mark("another")):
        zoo.save(model, tmp_path / "entry")
    assert read_marks(tmp_path / "entry" / "sample.png").metadata["system"] == "kerasgan another"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_a_photograph_says_stays_beside_the_mark(tmp_path, suffix):
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    Image.fromarray(noise(9, 12, 3)).save(tmp_path / "photo.jpg", xmp=PHOTOGRAPHED, exif=exif)
    out = tmp_path / f"out{suffix}"
    with marking(Mark("some_entry", "enhance")):
        translate_files(tmp_path / "photo.jpg", out, lambda x: 255 - x, verbose=False)
    assert read_marks(out).metadata["source_type"] == EDITED
    with Image.open(out) as image:
        assert image.getexif()[0x010F] == "Camera"
        packet = image.info["xmp"].decode()
    assert 'dc:source="Müller"' in packet and "digitalCapture" not in packet
    # The pixels are upright.
    assert "Orientation" not in packet
    # Again, by another model: one word of it, the latest.
    with marking(Mark("another", "upscale")):
        translate_files(out, tmp_path / "again.png", lambda x: x, verbose=False)
    packet = read_photo(tmp_path / "again.png").xmp
    assert fields(packet)["system"] == "kerasgan another" and b"some_entry" not in packet
    # Without a mark all of it stays.
    translate_files(tmp_path / "photo.jpg", tmp_path / "b.png", lambda x: x, verbose=False)
    assert fields(read_photo(tmp_path / "b.png").xmp) == {"source_type": "digitalCapture"}


def test_what_a_model_created_remains_so_when_it_is_edited(tmp_path):
    with marking(Mark("faces")):
        write_image(tmp_path / "face.png", noise(8, 8, 3))
    with marking(Mark("large", "upscale")):
        translate_files(tmp_path / "face.png", tmp_path / "b.png", lambda x: x, verbose=False)
    assert read_marks(tmp_path / "b.png").metadata["source_type"] == CREATED


def test_xmp_too_large_for_a_jpeg_gives_way_to_the_mark(tmp_path):
    large = PHOTOGRAPHED.replace(b"M\xc3\xbcller", b"x" * 70_000)
    with (
        marking(Mark("some_entry", "upscale")),
        pytest.warns(UserWarning, match="XMP .* too large for .jpg"),
    ):
        write_photo(tmp_path / "a.jpg", [noise(9, 12, 3)], 9, 12, xmp=large)
    assert read_marks(tmp_path / "a.jpg").metadata["source_type"] == EDITED


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    "xmp",
    [b"\xff\xfe\x00", b"<x", b"<x/>", BOMB, b"<?xml encoding='x'?><x/>", b"<a>" * 5000, b"\xef\xbb"]
    + [PHOTOGRAPHED[:300], PHOTOGRAPHED.replace(b"rdf:about", b"foo:about")],
)
def test_broken_xmp_is_named_and_left_out(tmp_path, xmp):
    Image.fromarray(noise(9, 12, 3)).save(tmp_path / "a.jpg", xmp=xmp)
    found = read_marks(tmp_path / "a.jpg")
    assert found.metadata == {} and "XMP cannot be read" in found.problems[0]
    with (
        marking(Mark("some_entry", "upscale")),
        pytest.warns(UserWarning, match="XMP cannot be read"),
    ):
        photo = read_photo(tmp_path / "a.jpg")
        size = photo.colours.shape[:2]
        write_photo(tmp_path / "b.png", [photo.colours], *size, **photo.details(*size))
    assert read_marks(tmp_path / "b.png").metadata["source_type"] == EDITED


def test_a_broken_file_is_a_problem_and_no_traceback(tmp_path, capsys):
    with marking(Mark("some_entry")):
        Audio(8000).write(noise(1, 100, 1).astype("int16"), tmp_path / "a.wav")
        for suffix in SUFFIXES:
            write_image(tmp_path / f"a{suffix}", noise(40, 40, 3))
    whole = {path: path.read_bytes() for path in tmp_path.iterdir()}
    random = np.random.default_rng(0)
    for path, data in whole.items():
        for _ in range(20):
            broken = np.frombuffer(data, "uint8").copy()
            broken[random.integers(0, len(data), 5)] = random.integers(0, 256, 5)
            path.write_bytes(broken[: random.integers(0, len(data) + 1)].tobytes())
            assert isinstance(str(read_marks(path)), str)
    (tmp_path / "a.png").write_bytes(b"no picture")
    assert main(["inspect", str(tmp_path / "a.png")]) == 0
    assert "problem    The file cannot be read: it is no picture." in capsys.readouterr().out


def test_the_command_marks_and_reads(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    zoo.save(mlp_gan(shape=(*SHAPE[:2], 3)), "shelf/pictures")
    assert main(["generate", "shelf/pictures", "-n", "2", "-o", "a.png"]) == 0
    assert main(["generate", "shelf/pictures", "-n", "2", "-o", "b.png", "--no-mark"]) == 0
    assert main(["generate", "shelf/pictures", "-n", "2", "-o", "each", "--format", "jpg"]) == 0
    capsys.readouterr()
    assert main(["inspect", "a.png"]) == 0
    expected = f"  metadata   created by a trained model, by kerasgan pictures {__version__}"
    file, metadata, watermark, manifest = capsys.readouterr().out.splitlines()
    assert (file, metadata) == ("a.png", expected) and "none found" in watermark
    assert manifest.startswith("  C2PA       no")
    assert main(["inspect", "b.png"]) == 0
    assert "nothing said" in capsys.readouterr().out
    assert main(["inspect", "--marks", "each", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [file["metadata"]["system"] for file in found] == ["kerasgan pictures"] * 2
    assert main(["inspect", "--marks", "nowhere"]) == 2
    assert main(["inspect", "--marks", "shelf/pictures"]) == 0
    assert main(["inspect", "each"]) == 0


def test_arrays_are_written_as_they_are(tmp_path):
    with marking(Mark("some_entry")):
        Images().write(noise(1, 8, 8, 3), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as file:
        assert file.files == ["images"]


def faces(n=12, side=64):
    """Pictures of smooth shapes and some texture, as natural ones have."""
    random = np.random.default_rng(0)
    for _ in range(n):
        coarse, fine = (random.normal(128, d, (k, k, 3)) for k, d in ((6, 60), (side, 6)))
        picture = Image.fromarray(np.clip(coarse, 0, 255).astype("uint8"))
        smooth = np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC))
        yield np.clip(smooth + fine - 128, 0, 255).astype("uint8")


def saved(image, suffix=".png", **options):
    file = io.BytesIO()
    image.save(file, {".png": "PNG", ".jpg": "JPEG"}[suffix], **options)
    return Image.open(file)


ATTACKS = {
    "none": lambda image: image,
    "JPEG 75": lambda image: saved(image, ".jpg", quality=75),
    "half": lambda image: image.resize((32, 32), Image.Resampling.BICUBIC),
    "half and back": lambda image: ATTACKS["half"](image).resize((64, 64)),
    "crop": lambda image: image.crop((9, 4, 60, 55)),
    "screenshot": lambda image: saved(image.resize((96, 96)), ".jpg", quality=90),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_watermark_outlasts(attack):
    pictures = list(faces())
    with marking(Mark("some_entry", watermark=True)):
        marked = [watermarked(picture) for picture in pictures]
    found = [p_value(ATTACKS[attack](Image.fromarray(x))) < FALSE_POSITIVES for x in marked]
    assert sum(found) >= 11
    assert not any(p_value(Image.fromarray(x)) < FALSE_POSITIVES for x in pictures)
    difference = np.stack(marked).astype(float) - np.stack(pictures)
    assert 10 * np.log10(255**2 / np.mean(difference**2)) > 32


@pytest.mark.parametrize("shape", [(64, 64, 1), (200, 70, 3), (70, 200, 4), (97, 65, 2)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_photographs_are_watermarked_band_by_band_and_keep_their_opacity(tmp_path, shape, dtype):
    (picture,) = faces(1, 200)
    values = picture[: shape[0], : shape[1], :1].repeat(shape[2], -1).astype(dtype)
    values *= np.iinfo(dtype).max // 255
    height, width, channels = shape
    with marking(Mark("some_entry", "upscale", watermark=True)):
        for name, bands in (("a.png", [values]), ("b.png", np.array_split(values, 5))):
            write_photo(tmp_path / name, bands, height, width)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    found = read_marks(tmp_path / "a.png")
    assert found.is_watermarked and "kerasgan's" in str(found)
    written = read_photo(tmp_path / "a.png")
    assert written.colours.dtype == dtype
    if channels in (2, 4):
        np.testing.assert_array_equal(written.alpha, values[..., -1])


def test_small_and_odd_pictures_are_watermarked_and_read():
    for shape in ((1, 1, 3), (5, 300, 1), (28, 28, 1), (33, 31, 3), (95, 96, 3)):
        with marking(Mark("some_entry", watermark=True)):
            assert watermarked(noise(*shape)).shape == shape
    for mode in ("1", "P", "L", "LA", "RGBA", "CMYK", "I;16", "I", "F", "LAB"):
        assert 0 < p_value(Image.new(mode, (40, 50))) <= 1


def test_no_photograph_of_faces_is_called_watermarked(shared_data):
    with tarfile.open(shared_data / "celeba" / "celeba_10k_89x109.tar") as archive:
        members = [m for m in archive if m.name.endswith(".jpg")][:100]
        pictures = [Image.open(archive.extractfile(member)) for member in members]
        assert min(map(p_value, pictures)) > FALSE_POSITIVES


def test_the_command_watermarks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    zoo.save(mlp_gan(shape=(*SHAPE[:2], 3)), "pictures")
    words = ["generate", "pictures", "-n", "400", "--seed", "0", "--watermark", "-o", "a.png"]
    assert main(words) == 0
    assert read_marks("a.png").is_watermarked
    assert main([*words, "--no-mark"]) == 2
    assert "--no-mark alone" in capsys.readouterr().err
    assert main([*words[:-1], "a.npz"]) == 2
    assert "--watermark is for pictures. Received: a .npz file" in capsys.readouterr().err


# Signing


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    """A chain of certificates made here, and its key."""
    pytest.importorskip("c2pa")
    folder = tmp_path_factory.mktemp("signer")
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [
        x509.Name([x509.NameAttribute(oid, value) for oid, value in said])
        for said in (
            [(NameOID.ORGANIZATION_NAME, "Tests"), (NameOID.COMMON_NAME, "Somebody")],
            [(NameOID.ORGANIZATION_NAME, "Tests"), (NameOID.COMMON_NAME, "Authority")],
        )
    ]
    now = datetime.datetime.now(datetime.UTC)
    chain = b""
    for key, name, is_authority in zip(keys, names, (False, True)):
        usage = dict.fromkeys(
            (
                *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
                *("crl_sign", "encipher_only", "decipher_only"),
            ),
            False,
        )
        usage = x509.KeyUsage(
            digital_signature=not is_authority, key_cert_sign=is_authority, **usage
        )
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[1].public_key())
        builder = (
            x509.CertificateBuilder(names[1], name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(identifier, critical=False)
        )
        if not is_authority:
            purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(purpose, critical=False)
        chain += builder.sign(keys[1], hashes.SHA256()).public_bytes(Encoding.PEM)
    (folder / "chain.pem").write_bytes(chain)
    for name, key in zip(("key.pem", "other.pem"), keys):
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / name).write_bytes(private)
    return folder


def test_a_signed_file_says_who_signed_it_and_that_it_was_changed(tmp_path, signer):
    image = noise(40, 40, 3)
    mark = Mark("some_entry", signer=Signer(signer / "chain.pem", signer / "key.pem"))
    with marking(mark):
        for suffix in SUFFIXES:
            write_image(tmp_path / f"a{suffix}", image)
        write_photo(tmp_path / "b.png", [image], 40, 40)
        Audio(8000).write(noise(1, 100, 1).astype("int16"), tmp_path / "a.wav")
    for path in sorted(tmp_path.iterdir()):
        found = read_marks(path)
        assert found.manifest == {
            "state": "Valid",
            "signed_by": "Somebody",
            "generator": f"kerasgan {__version__}",
            "source_type": CREATED,
        }
        assert found.metadata and not found.problems
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "b.png")), image)
    data = bytearray((tmp_path / "a.jpg").read_bytes())
    data[-30] ^= 1
    (tmp_path / "a.jpg").write_bytes(data)
    found = read_marks(tmp_path / "a.jpg")
    assert found.manifest["state"] == "Invalid" and "changed since it was signed" in str(found)


def test_broken_manifests_are_problems(tmp_path, signer):
    path = tmp_path / "a.png"
    with marking(Mark("some_entry", signer=Signer(signer / "chain.pem", signer / "key.pem"))):
        write_image(path, noise(8, 8, 3))
    data, random = path.read_bytes(), np.random.default_rng(0)
    for _ in range(20):
        broken = np.frombuffer(data, "uint8").copy()
        broken[random.integers(0, len(data), 20)] = random.integers(0, 256, 20)
        path.write_bytes(broken.tobytes())
        found = read_marks(path)
        assert found.problems or found.manifest is None or found.manifest["state"] == "Invalid"


@pytest.mark.parametrize(
    "certificate, key, message",
    [
        ("chain.pem", "other.pem", "other.pem is not the key of the first certificate in"),
        ("key.pem", "key.pem", "key.pem is no PEM certificate"),
        ("chain.pem", "chain.pem", "chain.pem is no PEM private key without a password"),
    ],
)
def test_what_cannot_sign_is_refused_before_anything_is_made(signer, certificate, key, message):
    with pytest.raises(ValueError, match=message):
        Signer(signer / certificate, signer / key)


def test_the_command_signs(tmp_path, monkeypatch, capsys, signer):
    monkeypatch.chdir(tmp_path)
    zoo.save(mlp_gan(shape=(*SHAPE[:2], 3)), "pictures")
    words = ["generate", "pictures", "-n", "1", "--certificate", str(signer / "chain.pem")]
    assert main(words) == 2
    assert "--certificate and --key together" in capsys.readouterr().err
    assert main([*words, "--key", str(signer / "key.pem"), "-o", "a.png"]) == 0
    assert read_marks("a.png").manifest["signed_by"] == "Somebody"
    assert main([*words, "--key", "nowhere.pem", "-o", "b.png"]) == 2

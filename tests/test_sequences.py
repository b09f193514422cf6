"""Sequences of tokens: the vocabulary, what is refused by name, and from a file to a file."""

import keras
import numpy as np
import pytest

from kerasgan import datasets, models, networks, zoo
from kerasgan.cli import main
from kerasgan.modalities import Sequences

DNA = Sequences(["A", "C", "G", "T"], 4)
TEXTS = ["ACGT", "TTTT", "GCAA"]


def array(x):
    return keras.ops.convert_to_numpy(x)


def test_networks_see_one_hot_vectors_of_codes_and_as_they_are():
    codes = DNA.encode(TEXTS)
    one_hot = np.eye(4, dtype="float32")[codes]
    for given in (codes, codes.astype("uint8"), one_hot):
        DNA.check(given, shape=(4, 4))
        np.testing.assert_array_equal(array(DNA.to_network(given)), one_hot)
        assert int(array(DNA.wrong(given))) == 0
    assert DNA.decode(codes).tolist() == DNA.to_user(one_hot * 0.7 + 0.1).tolist() == TEXTS
    assert int(array(DNA.wrong(np.array([[0, 4, -1, 3]])))) == 2


@pytest.mark.without_backend
def test_shorter_texts_and_words_come_back_as_they_were():
    for unit, texts in (("character", ["CCO", "C=O", "N"]), ("word", ["a cat sat", "a dog"])):
        loaded = datasets.load_sequences(texts, unit=unit, shuffle=False)
        modality = loaded.modalities["modality"]
        assert modality.length == 3 and modality.tokens[-1] == ""
        assert modality.decode(loaded[0]).tolist() == texts


@pytest.mark.without_backend
@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["ACGT", "ACNT"], "text 2 has 'N' at place 3, which is not in the vocabulary: A, C, G, T"),
        (["ACgT"], "Did you mean 'G'"),
        (["ACGT", ""], "text 2 is empty"),
        (["ACG"], "text 1 has 3 characters. Expected 4"),
        (["ACGTA"], "text 1 has 5 characters. Expected 4"),
    ],
)
def test_a_text_that_does_not_fit_is_named_with_its_place(texts, said):
    with pytest.raises(ValueError, match=said):
        DNA.encode(texts)


@pytest.mark.without_backend
@pytest.mark.parametrize(
    ("batch", "said"),
    [
        (np.array(TEXTS), "Encode them first"),
        (np.array([[0, 1, 2, 4]]), "1 that are no token"),
        (np.array([[0, 1, 2]]), r"shape \(1, 3\)"),
        (np.array([[0.0, 1.0, 2.0, 3.0]]), "codes that are floats"),
        (np.full((1, 4, 4), 0.5), "4 that are no token"),
        (np.zeros((1, 4, 3)), r"shape \(1, 4, 3\)"),
        ([[0, 1, 2, 3]], "list"),
    ],
)
def test_a_batch_of_something_else_is_refused(batch, said):
    with pytest.raises(ValueError, match=said):
        DNA.check(batch, shape=(4, 4))


@pytest.mark.without_backend
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tokens": ["A"], "length": 4}, "two or more"),
        ({"tokens": ["A", "A"], "length": 4}, "two or more"),
        ({"tokens": ["A", "CG"], "length": 4}, "one character. Received: 'CG'"),
        ({"tokens": ["A", "C"], "length": 0}, "at least 1"),
        ({"tokens": ["A", "C"], "length": 4, "unit": "letter"}, "unit must be"),
    ],
)
def test_a_vocabulary_that_is_none_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        Sequences(**options)


@pytest.mark.without_backend
def test_every_kind_of_source_gives_the_same(tmp_path):
    (tmp_path / "a.txt").write_text("ACGT\nTTTT\nGCAA\n")
    (tmp_path / "a.fa").write_text(">one\nAC\nGT\n\n>two x\nTTTT\n>three\nGCAA")
    np.save(tmp_path / "a.npy", np.array(TEXTS))
    np.savez(tmp_path / "a.npz", texts=np.array(TEXTS), n=3)
    sources = [TEXTS, np.array(TEXTS), *(tmp_path / f"a.{x}" for x in ("txt", "fa", "npy", "npz"))]
    for source in [*sources, f"{tmp_path}/a.npz:texts"]:
        loaded = datasets.load_sequences(source, shuffle=False)
        np.testing.assert_array_equal(loaded[0], DNA.encode(TEXTS))
        assert loaded.modalities["modality"].get_config() == DNA.get_config()
    cut = datasets.load_sequences(TEXTS, length=2, tokens="TGCA", shuffle=False)
    assert cut.modality.tokens == list("TGCA") and cut.shapes == {"real": (2, 4)}
    assert cut.modality.decode(cut[0]).tolist() == ["AC", "TT", "GC"]


@pytest.mark.without_backend
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", "ACGT\n\nACGT\n", "a.txt: sequence 2 is empty"),
        ("a.txt", "ACGT\nACNT\n", "a.txt: sequence 2 has 'N' at place 3"),
        ("a.txt", "", "a.txt holds no sequence"),
        ("a.fasta", ">one\nACGT\n>two\n>three\nACGT\n", "a.fasta: sequence 2 is empty"),
        ("a.fasta", "ACGT\n", "is no FASTA file: it begins with 'ACGT'"),
        ("a.tsv", "ACGT\n", "must end in one of"),
        ("a.npz", "ACGT\n", "is not a NumPy file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_what_is_wrong(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=said):
        datasets.load_sequences(tmp_path / name, tokens="ACGT")


@pytest.mark.without_backend
def test_what_is_no_source_of_sequences_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing.fasta"):
        datasets.load_sequences("missing.fasta")
    np.savez(tmp_path / "a.npz", a=np.array(TEXTS), b=np.array(TEXTS))
    with pytest.raises(ValueError, match="name one of several.*a <U4"):
        datasets.load_sequences(tmp_path / "a.npz")
    with pytest.raises(ValueError, match="int64 as number 1"):
        datasets.load_sequences(np.arange(3))


@pytest.mark.without_backend
def test_tokens_are_shown_in_colours_and_many_as_text():
    picture = DNA.preview(np.array(TEXTS))
    assert picture.shape == (18, 24, 3)
    tiles = picture[1::6, 1::6].reshape(-1, 3)
    codes = DNA.encode(TEXTS).ravel()
    # Each code has one colour, and no two share it.
    assert len({(code, *tile) for code, tile in zip(codes, tiles.tolist())}) == 4
    assert len({*map(tuple, tiles.tolist())}) == 4
    green, orange = tiles[codes == 0][0], tiles[codes == 2][0]
    assert green.argmax() == 1 and orange.argmax() == 0
    letters = Sequences(list("abcdefghijkl"), 3)
    shown = letters.preview(np.array(["abc", "lkj"]))
    assert np.ptp(shown) > 0 and not np.array_equal(shown[4:16], shown[16:28])


@pytest.mark.without_backend
def test_what_is_written_is_read_again(tmp_path):
    for suffix in DNA.suffixes:
        DNA.write(np.array(TEXTS), tmp_path / f"made{suffix}")
        loaded = datasets.load_sequences(tmp_path / f"made{suffix}", shuffle=False)
        assert loaded.modality.decode(loaded[0]).tolist() == TEXTS


@pytest.mark.without_backend
def test_networks_are_those_of_the_paper_and_of_the_vocabulary():
    generator, critic = networks.sequence((32, 30), latent_dim=128, width=512)
    block = 2 * (5 * 512 * 512 + 512)
    assert generator.count_params() == 129 * 32 * 512 + 5 * block + 513 * 30
    assert critic.count_params() == 31 * 512 + 5 * block + 32 * 512 + 1
    made = array(networks.sequence((4, 4), 2, 4, 1)[0](np.ones((2, 2), "float32")))
    np.testing.assert_allclose(made.sum(axis=-1), 1.0, atol=1e-5)
    with pytest.raises(ValueError, match=r"sequences of 4 out of 4.*makes \(5, 4\)"):
        models.SequenceWGANGP(*networks.sequence((5, 4), 2, 4, 1), modality=DNA)


@pytest.mark.without_backend
def test_a_motif_at_one_place_is_learned():
    random = np.random.default_rng(0)
    texts = ["".join(random.choice(list("ACGT"), 8)) for _ in range(256)]
    texts = [text[:2] + "TATA" + text[6:] for text in texts]
    loaded = datasets.load_sequences(texts, batch_size=32)
    pair = networks.sequence((8, 4), latent_dim=8, width=16, blocks=1)
    options = {"discriminator_steps": 2, "ema_decay": 0.9, "seed": 0}
    model = models.SequenceWGANGP(*pair, modality=loaded.modality, **options)
    rates = {f"{player}_optimizer": keras.optimizers.Adam(2e-3, 0.5) for player in model.players}
    model.compile(**rates)
    before = np.mean([text[2:6] == "TATA" for text in model.generate(200, seed=0)])
    model.fit(loaded, epochs=10, verbose=0)
    made = model.generate(200, seed=0)
    assert np.mean([text[2:6] == "TATA" for text in made]) > 0.8 > 0.3 > before
    assert len({*made}) > 50


@pytest.mark.without_backend
def test_the_command_goes_from_a_file_to_a_file_and_names_other_tokens(tmp_path, capsys):
    data, run, out = tmp_path / "in.fasta", tmp_path / "run", tmp_path / "made.fasta"
    random = np.random.default_rng(0)
    rows = np.array(["".join(random.choice(list("ACGT"), 8)) for _ in range(16)])
    Sequences(list("ACGT"), 8).write(rows, data)
    words = ["train", "sequence_wgan_gp", "--data", data, "--out", run, "--epochs", 1]
    words += ["--batch-size", 4, "networks.width=4", "networks.blocks=1", "fit.held_out=4"]
    assert main([str(word) for word in words]) == 0
    card = zoo.info(run)
    assert card["modality"] == "sequences" and card["samples"] == [8, 4]
    assert (run / "grids" / "epoch_0001.png").exists()
    words = ["generate", run, "-n", 5, "--seed", 0, "-o", out]
    assert main([str(word) for word in words]) == 0
    made = datasets.load_sequences(out, tokens="ACGT", shuffle=False)
    assert made.modality.decode(made[0]).tolist() == zoo.load(run).generate(5, seed=0).tolist()

    (tmp_path / "other.txt").write_text("ACGTACGT\nACGTNCGT\n")
    capsys.readouterr()
    words = ["evaluate", run, "--data", tmp_path / "other.txt", "-n", 8]
    assert main([str(word) for word in words]) == 2
    assert "sequence 2 has 'N' at place 5" in capsys.readouterr().err
    assert main([str(word) for word in [*words[:3], data, "--neighbours", "x.png"]]) == 2
    assert "judged without neighbours" in capsys.readouterr().err

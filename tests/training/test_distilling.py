"""A static model made of a tiny transformer: what model2vec makes, opened by our own static encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.tiny_bert import set_pooling, write_json, write_tiny_bert
from vecsearch import Document, Index, InvalidOption, ModelDamaged, ModelUnsupported, load_encoder
from vecsearch.training import distill
from vecsearch.training.distilling import frequent_words


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a tiny model."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write_tiny_bert(tmp_path / "tiny")
    return tmp_path / "tiny"


@pytest.fixture
def index(tmp_path: Path) -> Index:
    made = Index.create(tmp_path / "index", model=CountingEncoder(), chunk_tokens=8)
    made.add(
        [
            Document("1", "Treehouse treehouse treehouse, a red treehouse. " * 5),
            Document("2", "A red lemon in 1984"),
            Document("3", "the lemon is red"),
        ]
    )
    return made


def test_words_are_counted_by_documents_and_not_by_occurrences(index: Index) -> None:
    assert frequent_words(index, 10) == ["red", "lemon"]
    assert frequent_words(index, 1) == ["red"]


def test_an_index_without_a_word_that_two_documents_have_is_refused(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "empty", model=CountingEncoder())
    with pytest.raises(InvalidOption, match="has no word that two documents contain"):
        frequent_words(index, 10)
    index.add(["one thing", "another matter"])
    with pytest.raises(InvalidOption, match="has no word that two"):
        frequent_words(index, 10)


@pytest.mark.peer
@pytest.mark.slow
class TestDistilled:
    """With torch and model2vec."""

    @pytest.fixture(autouse=True)
    def installed(self) -> None:
        pytest.importorskip("skeletoken", reason="the extra distill: pip install 'vecsearch[distill]'")
        pytest.importorskip("torch", reason="the extra distill: pip install 'vecsearch[distill]'")

    def test_the_folder_opens_as_a_static_model_with_the_vectors_that_model2vec_gives(
        self, tiny: Path, tmp_path: Path
    ) -> None:
        from model2vec import StaticModel

        report = distill(str(tiny), tmp_path / "out", dim=16)
        encoder = load_encoder(report.model)
        texts = ["red house", "a green tree by the river", "lemon"]
        found = encoder.encode(texts, "document")  # type: ignore[arg-type]
        np.testing.assert_allclose(found, StaticModel.from_pretrained(report.model).encode(texts), atol=2e-3)
        assert type(encoder).__name__ == "StaticEncoder"
        assert (report.dim, encoder.dim, report.words) == (16, 16, 0)
        assert report.tokens == 57
        assert report.bytes == sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file())

    def test_words_of_an_index_become_tokens(self, tiny: Path, tmp_path: Path, index: Index) -> None:
        report = distill(str(tiny), tmp_path / "out", dim=16, vocabulary=index)
        plain = load_encoder(distill(str(tiny), tmp_path / "plain", dim=16).model)
        added = load_encoder(report.model)
        assert report.words == 2
        assert len(plain.token_spans(["lemon"])[0]) > 1
        assert len(added.token_spans(["lemon"])[0]) == 1

    def test_no_file_names_a_path_of_this_machine(self, tiny: Path, tmp_path: Path) -> None:
        distill(str(tiny), tmp_path / "out", dim=16)
        for path in (tmp_path / "out").rglob("*"):
            assert str(tmp_path).encode() not in path.read_bytes(), path.name
        assert "base_model: tiny\n" in (tmp_path / "out" / "README.md").read_text()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "tiny"]

    def test_a_tokens_vector_is_pooled_as_the_teacher_pools(self, tiny: Path, tmp_path: Path) -> None:
        mean = load_encoder(distill(str(tiny), tmp_path / "mean", dim=16).model)
        set_pooling(tiny, "cls_token")
        first = load_encoder(distill(str(tiny), tmp_path / "first", dim=16).model)
        vectors = [each.encode(["red"], "query") for each in (mean, first)]  # type: ignore[arg-type]
        assert np.abs(vectors[0] - vectors[1]).max() > 0.01

    def test_more_dimensions_than_the_teacher_has_are_not_made_up(self, tiny: Path, tmp_path: Path) -> None:
        assert distill(str(tiny), tmp_path / "out", dim=512).dim == 32

    def test_a_folder_that_is_there_and_numbers_out_of_range_are_refused(self, tiny: Path, tmp_path: Path) -> None:
        with pytest.raises(InvalidOption, match=r"already exists"):
            distill(str(tiny), tiny)
        for name in ("dim", "words"):
            with pytest.raises(InvalidOption, match=f"{name} is 0, expected a whole number of at least 1"):
                distill(str(tiny), tmp_path / "out", **{name: 0})

    def test_a_static_model_and_one_of_other_modules_are_refused(self, tiny: Path, tmp_path: Path) -> None:
        static = distill(str(tiny), tmp_path / "static", dim=8).model
        with pytest.raises(ModelUnsupported, match="is a static model already"):
            distill(static, tmp_path / "out")
        kind = "sentence_transformers.models.WordEmbeddings"
        write_json(tiny / "modules.json", [{"idx": 0, "name": "0", "path": "", "type": kind}])
        with pytest.raises(ModelUnsupported, match="begins with WordEmbeddings: only a transformer"):
            distill(str(tiny), tmp_path / "out")

    def test_code_pickles_and_damaged_weights_are_refused(self, tiny: Path, tmp_path: Path) -> None:
        weights = tiny / "model.safetensors"
        whole = weights.read_bytes()
        weights.write_bytes(whole[:50])
        with pytest.raises(ModelDamaged, match="cannot be read"):
            distill(str(tiny), tmp_path / "out")
        weights.rename(tiny / "pytorch_model.bin")
        with pytest.raises(ModelUnsupported, match="is a pickle"):
            distill(str(tiny), tmp_path / "out")
        write_json(tiny / "modules.json", [{"idx": 0, "name": "0", "path": "", "type": "their.own.Transformer"}])
        with pytest.raises(ModelUnsupported, match="code of the model's own"):
            distill(str(tiny), tmp_path / "out")
        assert not (tmp_path / "out").exists()

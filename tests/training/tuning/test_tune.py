"""Training itself, on a tiny model: what comes out, what is refused, and the same result after an interruption."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.writing import content_of
from vecsearch import IndexLocked, InvalidDocument, InvalidOption, ModelDamaged, ModelNotFound, load_encoder
from vecsearch.storage.lock import hold_lock
from vecsearch.training import TrainingPair, TuneOptions, TuneProgress, TuneReport, tune
from vecsearch.training.tuning.training import share_of_rate

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(  # looked for, not imported: the import would cost every run of the suite ten seconds
        not all(find_spec(module) for module in ("sentence_transformers", "pytrec_eval")),
        reason="the extra tune: pip install 'vecsearch[tune]'",
    ),
]

OPTIONS = TuneOptions(steps=12, batch=8, every=4, rate=5e-3, held_out=0.2)
RUN = """
import json, sys
from pathlib import Path
from vecsearch.training import TrainingPair, TuneOptions, tune
pairs, out, base, options = sys.argv[1:]
given = [TrainingPair(q, p) for q, p in json.loads(Path(pairs).read_text())]
tune(given, out, base=base, options=TuneOptions(**json.loads(options)), progress=lambda p: print(p.step, flush=True))
"""


class Watched:
    """A listener that keeps what it is told, and raises at a step."""

    def __init__(self, ends_at: int | None = None) -> None:
        self.told: list[TuneProgress] = []
        self.ends_at = ends_at

    def __call__(self, progress: TuneProgress) -> None:
        self.told.append(progress)
        if progress.step == self.ends_at:
            raise KeyboardInterrupt


def weights(folder: Path) -> str:
    """A digest of them: equal or not, and short enough to be shown."""
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def test_a_model_is_trained_and_its_folder_opens_in_every_runtime_with_equal_vectors(
    tiny: Path, tmp_path: Path, pairs: list[TrainingPair]
) -> None:
    watched = Watched()
    report = tune(pairs, tmp_path / "out", base=str(tiny), options=OPTIONS, progress=watched)
    assert weights(tmp_path / "out") != weights(tiny)
    texts = ["red house", "a green tree", "river"]
    base = load_encoder(str(tiny), runtime="onnxruntime")
    first, *others = [load_encoder(report.model, runtime=name) for name in ("onnxruntime", "sentence-transformers")]
    vectors = first.encode(texts, "query")  # type: ignore[arg-type]
    assert np.abs(vectors - base.encode(texts, "query")).max() > 0.01  # type: ignore[arg-type]
    for other in others:
        assert other.fingerprint == first.fingerprint
        np.testing.assert_allclose(other.encode(texts, "query"), vectors, atol=1e-5)  # type: ignore[arg-type]
    assert [each.step for each in watched.told] == list(range(13))
    assert {each.step for each in watched.told if each.score is not None} == {0, 4, 8, 12}
    scores = {each.step: each.score for each in watched.told}
    assert report.after == scores[report.best_step] == max(scores[4], scores[8], scores[12])
    assert report.before == scores[0]
    assert (report.pairs, report.held_out, report.steps, report.resumed) == (127, 32, 12, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "tiny"]


def test_a_model_learns_to_answer_queries_that_it_was_not_trained_with(
    tiny: Path, tmp_path: Path, pairs: list[TrainingPair]
) -> None:
    watched = Watched()
    options = TuneOptions(steps=60, epochs=20, every=60, rate=5e-3, held_out=0.2)
    report = tune(pairs, tmp_path / "out", base=str(tiny), options=options, progress=watched)
    assert report.before < 0.2
    assert report.after > 0.5
    assert report.verdict.startswith("It helps: ")
    losses = [each.loss for each in watched.told if each.loss is not None]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) / 2


def test_hard_negatives_are_trained_with(tiny: Path, tmp_path: Path, pairs: list[TrainingPair]) -> None:
    hard = [replace(pair, negatives=(other.passage,)) for pair, other in pairwise(pairs)]
    options = replace(OPTIONS, steps=2, every=2)
    report = tune(hard, tmp_path / "hard", base=str(tiny), options=options)
    tune(pairs[:-1], tmp_path / "plain", base=str(tiny), options=options)
    assert report.hard == report.pairs
    assert weights(tmp_path / "hard") != weights(tmp_path / "plain")


def test_the_card_says_what_it_was_made_of_and_names_no_path(
    tiny: Path, tmp_path: Path, pairs: list[TrainingPair]
) -> None:
    report = tune(pairs, tmp_path / "out", base=str(tiny), options=OPTIONS)
    card = (tmp_path / "out" / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: sentence-transformers\n")
    assert "base_model: tiny\n" in card
    assert "127 pairs" in card
    assert f"{report.before:.4f}" in card
    assert f"{report.after:.4f}" in card
    assert report.verdict in card
    assert str(tmp_path) not in "".join(
        path.read_text() for path in (tmp_path / "out").rglob("*") if path.suffix in (".md", ".json")
    )
    assert (tmp_path / "out" / "tokenizer.json").read_bytes() == (tiny / "tokenizer.json").read_bytes()


def test_prompts_of_the_base_are_trained_with_and_kept(tiny: Path, tmp_path: Path, pairs: list[TrainingPair]) -> None:
    settings = {"prompts": {"query": "red ", "document": "blue "}}
    (tiny / "config_sentence_transformers.json").write_text(json.dumps(settings))
    tune(pairs, tmp_path / "out", base=str(tiny), options=replace(OPTIONS, steps=1))
    made = load_encoder(str(tmp_path / "out"), runtime="onnxruntime")
    assert made.spec.prompts.query == "red "  # type: ignore[attr-defined]
    assert made.spec.prompts.document == "blue "  # type: ignore[attr-defined]


def test_training_ends_when_scores_do_not_get_better(tiny: Path, tmp_path: Path, pairs: list[TrainingPair]) -> None:
    options = TuneOptions(epochs=50, batch=8, every=1, patience=2, rate=1e-9, held_out=0.2)  # nothing changes
    report = tune(pairs, tmp_path / "out", base=str(tiny), options=options)
    assert report.stopped_early
    assert (report.steps, report.best_step) == (3, 1)
    assert report.after == report.before
    assert report.verdict.startswith("It does not help: nDCG@10 went from ")


@pytest.mark.parametrize("ends_at", [2, 4, 7, 12])
def test_a_run_that_was_interrupted_goes_on_to_the_same_model(
    tiny: Path, tmp_path: Path, pairs: list[TrainingPair], ends_at: int
) -> None:
    tune(pairs, tmp_path / "whole", base=str(tiny), options=OPTIONS)
    with pytest.raises(KeyboardInterrupt):
        tune(pairs, tmp_path / "out", base=str(tiny), options=OPTIONS, progress=Watched(ends_at))
    assert not (tmp_path / "out").exists()
    report = tune(pairs, tmp_path / "out", base=str(tiny), options=OPTIONS)
    assert report.resumed == (
        0 if ends_at <= 4 else 4 if ends_at <= 8 else 8
    )  # the score of a step, then its checkpoint
    assert weights(tmp_path / "out") == weights(tmp_path / "whole")
    assert not (tmp_path / "out.part").exists()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_a_run_that_was_killed_goes_on_to_the_same_model(tiny: Path, tmp_path: Path, pairs: list[TrainingPair]) -> None:
    options = {"steps": 12, "batch": 8, "every": 2, "rate": 5e-3, "held_out": 0.2}
    (tmp_path / "pairs.json").write_text(json.dumps([(pair.query, pair.passage) for pair in pairs]))

    def start(out: str) -> subprocess.Popen[str]:
        arguments = [str(tmp_path / "pairs.json"), str(tmp_path / out), str(tiny), json.dumps(options)]
        return subprocess.Popen([sys.executable, "-c", RUN, *arguments], stdout=subprocess.PIPE, text=True)

    def killed_at(step: int) -> None:
        process = start("out")
        assert process.stdout
        with process.stdout as said:
            seen = [int(line) for line in takewhile(lambda line: int(line) < step, said)]
            process.kill()
        assert process.wait() == -signal.SIGKILL, seen

    killed_at(3)
    killed_at(9)
    assert (tmp_path / "out.part" / "checkpoint.safetensors").is_file()
    for out in ("out", "whole"):
        process = start(out)
        steps = [int(line) for line in process.communicate()[0].splitlines()]
        assert process.returncode == 0
        assert steps[-1] == 12
        assert steps[0] == (0 if out == "whole" else 9), "step 8 was kept"
    assert weights(tmp_path / "out") == weights(tmp_path / "whole")


class TestAnUnfinishedRun:
    """What lies beside the output, and is not what it should be."""

    @pytest.fixture
    def unfinished(self, tiny: Path, tmp_path: Path, pairs: list[TrainingPair]) -> Path:
        with pytest.raises(KeyboardInterrupt):
            tune(pairs, tmp_path / "out", base=str(tiny), options=OPTIONS, progress=Watched(5))
        return tmp_path / "out.part"

    def again(self, tiny: Path, pairs: list[TrainingPair], **options: Any) -> TuneReport:
        return tune(pairs, tiny.parent / "out", base=str(tiny), options=replace(OPTIONS, **options))

    def test_of_other_options_or_pairs_is_refused_and_left_alone(
        self, unfinished: Path, tiny: Path, pairs: list[TrainingPair]
    ) -> None:
        before = content_of(unfinished)
        with pytest.raises(InvalidOption, match="holds 4 steps of a run with other pairs, options or another base"):
            self.again(tiny, pairs, seed=1)
        with pytest.raises(InvalidOption, match="other pairs"):
            self.again(tiny, pairs[1:])
        assert content_of(unfinished) == before

    def test_that_is_damaged_is_refused(self, unfinished: Path, tiny: Path, pairs: list[TrainingPair]) -> None:
        file = unfinished / "checkpoint.safetensors"
        file.write_bytes(file.read_bytes()[:-100])
        with pytest.raises(ModelDamaged, match=r"checkpoint.safetensors cannot be read .* start again"):
            self.again(tiny, pairs)

    def test_of_another_process_that_is_at_it_is_refused(
        self, unfinished: Path, tiny: Path, pairs: list[TrainingPair]
    ) -> None:
        with hold_lock(unfinished / "writer.lock", 0), pytest.raises(IndexLocked, match="another process trains in"):
            self.again(tiny, pairs)


def test_nothing_that_is_there_is_overwritten(tiny: Path, pairs: list[TrainingPair]) -> None:
    with pytest.raises(InvalidOption, match=r"tiny already exists"):
        tune(pairs, tiny, base=str(tiny))


def test_a_base_that_cannot_be_trained_is_refused(tmp_path: Path, pairs: list[TrainingPair]) -> None:
    with pytest.raises(ModelNotFound):
        tune(pairs, tmp_path / "out", base=str(tmp_path / "gone"))
    with pytest.raises(InvalidOption, match="runtime 'sentence-transformers' cannot run openai:"):
        tune(pairs, tmp_path / "out", base="openai:m@http://localhost:1/v1")
    assert not (tmp_path / "out.part").exists()


def test_pairs_that_make_no_batch_are_refused(tiny: Path, tmp_path: Path) -> None:
    pairs = [TrainingPair("q", f"p{n}") for n in range(9)] + [TrainingPair("r", "p9")] * 2
    with pytest.raises(InvalidDocument, match="pairs"):
        tune(pairs, tmp_path / "out", base=str(tiny))


def test_a_rate_that_breaks_the_model_is_said(tiny: Path, tmp_path: Path, pairs: list[TrainingPair]) -> None:
    file = tiny / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-4:] = np.float32(np.nan).tobytes()
    file.write_bytes(content)
    with pytest.raises(Exception, match=r"NaN|nan"):
        tune(pairs, tmp_path / "out", base=str(tiny), options=OPTIONS)


def test_the_rate_rises_over_a_tenth_of_the_steps_and_then_falls() -> None:
    shares = [share_of_rate(number, 40) for number in range(40)]
    assert shares[:4] == [0.25, 0.5, 0.75, 1.0]
    assert all(0 < later < earlier for earlier, later in pairwise(shares[3:]))
    assert share_of_rate(0, 1) == 1.0

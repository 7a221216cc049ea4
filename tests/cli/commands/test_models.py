"""`vecsearch models`: a table to choose from, everything about one model, and both as JSON."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from tests.helpers.commands import COMMAND, Command
from tests.helpers.tiny_bert import write_tiny_bert
from vecsearch.models import ModelInfo, list_models

HOUSE = Path(__file__).parents[3]
KEYS = [field.name for field in fields(ModelInfo)]


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub's cache that is empty, no key, no network."""
    for name in ("HUGGINGFACE_HUB_CACHE", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def cached(hub: Path, repository: str) -> Path:
    """A model in the hub's cache."""
    snapshot = hub / f"models--{repository.replace('/', '--')}" / "snapshots" / ("c" * 40)
    snapshot.parent.mkdir(parents=True)
    write_tiny_bert(snapshot)
    return snapshot


def test_the_table_has_a_line_for_each_model_within_100_columns(vecsearch_command: Command) -> None:
    done = vecsearch_command("models")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["model", "dim", "tokens", "size", "prompts", "licence", "runtime"]
    assert max(map(len, lines)) <= 100
    for model in list_models():
        [line] = [line for line in lines if line.split(" ")[0] == model.name.removeprefix("sentence-transformers/")]
        assert f" {model.dim} " in line
        assert model.runtime in line
    assert re.search(r"^intfloat/e5-small-v2 +384 +512 133 MB yes +MIT +\w", done.out, re.M)
    assert re.search(r"^BAAI/bge-m3 +1024 +8192 2\.3 GB no +MIT", done.out, re.M)
    assert re.search(r"^wordllama +256 +any +16 MB no", done.out, re.M)


def test_models_that_are_here_come_first_under_where_they_are(
    vecsearch_command: Command, hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached(hub, "intfloat/e5-small-v2")
    cached(hub, "someone/of-their-own")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    shown = vecsearch_command("models").out
    sections = {part.splitlines()[0]: part.splitlines()[1:] for part in shown.split("\n\n")[1:]}
    titles = list(sections)
    in_cache = [line.split()[0] for line in sections["in the hub's cache"]]
    assert in_cache == ["intfloat/e5-small-v2", "someone/of-their-own"]
    assert "not in our list" in sections["in the hub's cache"][1]
    assert len(sections["called over the network, with $OPENAI_API_KEY"]) == 2
    away = next(title for title in titles if title.startswith("not on this machine"))
    assert titles.index("in the hub's cache") < titles.index(away)
    assert not [line for line in sections[away] if line.startswith(("intfloat/e5-small-v2", "openai:"))]
    assert "sk-secret" not in shown


def test_only_those_that_are_here_are_listed_for_the_asking(vecsearch_command: Command, hub: Path) -> None:
    cached(hub, "intfloat/e5-small-v2")
    shown = vecsearch_command("models", "--here").out
    assert "intfloat/e5-small-v2" in shown
    assert "intfloat/e5-base-v2" not in shown
    assert "not on this machine" not in shown


def test_what_is_missing_is_said_with_its_command(vecsearch_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)  # as if it were not there
    shown = vecsearch_command("models").out
    assert re.search(r"^openai:text-embedding-3-small .* openai\*$", shown, re.M)
    assert "  pip install 'vecsearch[openai]'" in shown.split("* needs:")[1].splitlines()
    assert (
        "    missing  pip install 'vecsearch[openai]'\n"
        in vecsearch_command("models", "openai:text-embedding-3-small").out
    )


def test_the_list_as_json_has_every_field_of_a_model(vecsearch_command: Command, hub: Path) -> None:
    cached(hub, "intfloat/e5-small-v2")
    listed = vecsearch_command("models", "--json").json
    assert list(listed) == ["models"]
    assert all(list(model) == KEYS for model in listed["models"])
    e5 = next(model for model in listed["models"] if model["name"] == "intfloat/e5-small-v2")
    assert (e5["query"], e5["document"], e5["here"]) == ("query: ", "passage: ", "hub cache")
    assert (e5["kind"], e5["matryoshka"], e5["path"]) == ("transformer", [], None)
    nomic = next(model for model in listed["models"] if model["name"] == "nomic-ai/nomic-embed-text-v1.5")
    assert nomic["matryoshka"] == [512, 256, 128, 64]


def test_a_folder_is_described_by_its_files(vecsearch_command: Command, place: Path) -> None:
    write_tiny_bert(place / "tiny")
    done = vecsearch_command("models", "./tiny")
    assert (done.status, done.err) == (0, "")
    facts = dict(re.findall(r"^ *(\w+(?: \w+)?)  (.*)$", done.out, re.M))
    assert (facts["model"], facts["dimension"], facts["max tokens"]) == ("./tiny", "32", "24")
    assert (facts["pooling"], facts["normalize"], facts["here"]) == ("mean", "yes", "folder")
    described = vecsearch_command("models", "./tiny", "--json").json
    assert list(described) == KEYS
    assert described["fingerprint"] == facts["fingerprint"]
    assert described["path"] == facts["path"] == str(place / "tiny")


def test_a_known_model_is_described_with_prompts_and_what_it_is_good_for(vecsearch_command: Command) -> None:
    shown = vecsearch_command("models", "nomic-embed-text-v1.5").out
    assert "  nomic-ai/nomic-embed-text-v1.5\n" in shown
    assert "768, can be shortened to 512, 256, 128, 64\n" in shown
    assert "'search_query: '\n" in shown
    assert "'search_document: '\n" in shown
    assert "       size  547 MB\n parameters  137 million\n" in shown
    assert "       here  no\n" in shown
    qwen = vecsearch_command("models", "Qwen3-Embedding-0.6B").out
    assert r"query\nQuery:'" in qwen  # on one line


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no-such-model", "no model 'no-such-model': not a folder, not in the hub's cache, not known"),
        ("./empty", "config.json is missing"),
        ("empty", "for the one here write ./empty"),
    ],
)
def test_a_model_that_is_none_is_one_line_and_status_1(
    vecsearch_command: Command, place: Path, name: str, message: str
) -> None:
    (place / "empty").mkdir()
    done = vecsearch_command("models", name)
    assert (done.status, done.out) == (1, "")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_a_name_and_here_exclude_one_another(vecsearch_command: Command) -> None:
    done = vecsearch_command("models", "all-MiniLM-L6-v2", "--here")
    assert (done.status, done.out) == (2, "")
    assert "--here is for the list" in done.err


def test_listing_imports_no_runtime_and_no_index(environment: dict[str, str]) -> None:
    heavy = ("torch", "onnxruntime", "openvino", "openai", "sentence_transformers", "huggingface_hub", "faiss")
    code = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print('loaded:', *(set({heavy!r}) & sys.modules.keys())))\n"
        "sys.argv[1:] = ['models']\n"
        "from vecsearch.cli.main import main\nmain()\n"
    )
    done = subprocess.run([COMMAND[0], "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert (done.returncode, done.stdout.splitlines()[-1].strip()) == (0, "loaded:")


def test_the_commands_page_lists_the_keys_of_a_model() -> None:
    page = (HOUSE / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `models` \| (.*) \|$", page, re.M)
    assert [re.findall(r"`(\w+)`", row) for row in rows] == [["models"], KEYS]

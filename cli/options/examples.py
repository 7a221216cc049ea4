"""The examples that `vecsearch COMMAND --help` shows: three for each command. Loaded with that help alone."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, str, str]] = {
    "index": (
        "vecsearch index notes/ papers.jsonl",
        "vecsearch index notes/ --exclude 'drafts/' --dry-run",
        "vecsearch index docs/ -i docs.vecsearch --meta team=support",
    ),
    "search": (
        'vecsearch search "how do I reset it?"',
        "vecsearch search battery notes/ -g '!drafts/' --where 'year >= 2020'",
        "vim -q <(vecsearch search battery --vim)",
    ),
    "show": (
        "vecsearch show notes/device.md:8",
        "vecsearch show notes/device.md#0 -C 2",
        "vecsearch show notes/device.md --json",
    ),
    "open": ("vecsearch open 1", "EDITOR='code --wait' vecsearch open 2", "VISUAL=vim vecsearch open 3"),
    "ls": ("vecsearch ls", "vecsearch ls notes/drafts", "vecsearch ls --where \"team = 'support'\" --json"),
    "delete": (
        "vecsearch delete notes/old.md",
        "vecsearch delete --under notes/drafts --dry-run",
        'vecsearch delete --where "year < 2010" --yes',
    ),
    "roots": ("vecsearch roots", "vecsearch roots -i docs.vecsearch", "vecsearch roots --json"),
    "prune": ("vecsearch prune", "vecsearch prune -i docs.vecsearch", "vecsearch prune --json"),
    "info": ("vecsearch info", "vecsearch info -i docs.vecsearch", "vecsearch info --json"),
    "log": ("vecsearch log", "vecsearch log --keep 10", "vecsearch log --json"),
    "restore": ("vecsearch restore 3", "vecsearch restore before-merge", "vecsearch restore 3 -i docs.vecsearch"),
    "tag": ("vecsearch tag before-merge", "vecsearch tag good 3", "vecsearch tag good --delete"),
    "verify": ("vecsearch verify", "vecsearch verify --repair", "vecsearch verify -i docs.vecsearch --json"),
    "compact": ("vecsearch compact", "vecsearch compact --queries questions.txt", "vecsearch compact --wait 60"),
    "export": (
        "vecsearch export all.parquet",
        "vecsearch export -i docs.vecsearch docs.jsonl",
        "vecsearch export all.csv --yes",
    ),
    "import": (
        "vecsearch import all.parquet",
        "vecsearch import docs.parquet -i docs.vecsearch",
        "vecsearch import all.parquet --json",
    ),
    "eval": (
        "vecsearch eval scifact/",
        "vecsearch eval --pairs pairs.csv --mode hybrid --mode dense",
        "vecsearch eval --pairs pairs.csv --baseline before.json --differing 5",
    ),
    "bench": (
        "vecsearch bench",
        "vecsearch bench --sample 100 -k 20",
        "vecsearch bench --queries questions.txt --json",
    ),
    "dims": (
        "vecsearch dims",
        "vecsearch dims --dims 64,128,256 --pairs pairs.csv",
        "vecsearch dims --beir scifact/ -o curve.svg",
    ),
    "embed": (
        "vecsearch embed questions.txt --role query -o questions.npy",
        "vecsearch embed papers.jsonl -o papers.parquet --with-text",
        "echo hello | vecsearch embed",
    ),
    "inspect": (
        'vecsearch inspect "the river bank"',
        'vecsearch inspect "deposit money at the bank" "the river bank" --token bank',
        'vecsearch inspect "the river bank" --nearest 5 --json',
    ),
    "nearest": (
        "vecsearch nearest bank",
        "vecsearch nearest bank -n 20 --by texts",
        "vecsearch nearest bank -i .vecsearch",
    ),
    "analogy": (
        "vecsearch analogy king - man + woman",
        "vecsearch analogy paris - france + italy -n 3",
        "vecsearch analogy king - man + woman --by texts",
    ),
    "map": (
        "vecsearch map -o map.html",
        'vecsearch map --query "how do I reset it?"',
        "vecsearch map -o map.png --method umap",
    ),
    "cluster": (
        "vecsearch cluster",
        "vecsearch cluster -n 20 --write-to cluster",
        "vecsearch cluster --method hdbscan --json",
    ),
    "tune": (
        "vecsearch tune pairs.jsonl -o tuned",
        "vecsearch tune --from-index .vecsearch -o tuned --steps 100",
        "vecsearch tune scifact/ --split train --epochs 2",
    ),
    "distill": (
        "vecsearch distill -o static",
        "vecsearch distill --dim 128 --vocab-from .vecsearch",
        "vecsearch distill tuned/ -o tuned-static",
    ),
    "models": ("vecsearch models", "vecsearch models --here", "vecsearch models all-MiniLM-L6-v2"),
    "trust": (
        "vecsearch trust",
        "vecsearch trust http://localhost:8080/v1",
        "vecsearch trust --remove /shared/notes",
    ),
    "cache": (
        "vecsearch cache info",
        "vecsearch cache prune --max-size 1GB",
        "vecsearch cache clear --model wordllama",
    ),
    "cache info": ("vecsearch cache info", "vecsearch cache info --json", "VECSEARCH_CACHE=other vecsearch cache info"),
    "cache clear": (
        "vecsearch cache clear",
        "vecsearch cache clear --model all-MiniLM-L6-v2",
        "vecsearch cache clear --all",
    ),
    "cache prune": (
        "vecsearch cache prune",
        "vecsearch cache prune --older-than 30",
        "vecsearch cache prune --max-size 500MB",
    ),
    "config": (
        "vecsearch config",
        "vecsearch config -i notes.vecsearch",
        "vecsearch config --json",
    ),
    "completion": (
        'eval "$(vecsearch completion bash)"  # in ~/.bashrc',
        'eval "$(vecsearch completion zsh)"  # in ~/.zshrc',
        "vecsearch completion fish > ~/.config/fish/completions/vecsearch.fish",
    ),
    "help": ("vecsearch help", "vecsearch help search", "vecsearch help cache prune"),
}

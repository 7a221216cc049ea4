"""Options that are one of a few words: what the library takes and the command line offers. Light to import."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Literal, TypeAlias

from vecsearch.errors import InvalidOption

if TYPE_CHECKING:
    from typing_extensions import Self


class Choice(str, Enum):
    """One of a few words."""

    @classmethod
    def of(cls, word: Self | str, option: str | None = None) -> Self:
        """Return the member that `word` names; raises InvalidOption, which names the option, for another word."""
        try:
            return cls(word)
        except ValueError:
            known = ", ".join(member.value for member in cls)
            raise InvalidOption(f"{option or cls.__name__.lower()} is {word!r}; one of: {known}") from None


class Metric(Choice):
    """How two vectors are compared; higher is closer for both."""

    COSINE = "cosine"
    DOT = "dot"


class Mode(Choice):
    """How hits are found."""

    HYBRID = "hybrid"
    DENSE = "dense"
    LEXICAL = "lexical"


class Splitter(Choice):
    """Where a document is cut into chunks, and what the model reads of each."""

    STRUCTURE = "structure"  # at headings, paragraphs, sentences
    SENTENCES = "sentences"  # the same in small chunks, which the model reads with the text around them
    SEMANTIC = "semantic"  # also where the meaning changes from one sentence to the next


class Dedupe(Choice):
    """What to do with a document that nearly repeats an earlier one."""

    REPORT = "report"
    COLLAPSE = "collapse"


class Role(Choice):
    """Which side of a search a text is on; some models prompt the two differently."""

    QUERY = "query"
    DOCUMENT = "document"


class Runtime(Choice):
    """What turns texts into vectors; runtimes of one model make the same vectors, up to rounding."""

    ONNXRUNTIME = "onnxruntime"
    OPENVINO = "openvino"
    SENTENCE_TRANSFORMERS = "sentence-transformers"
    STATIC = "static"
    OPENAI = "openai"


class By(Choice):
    """What a word's vector is: its row of the model's embedding matrix, or the word encoded as a text."""

    ROWS = "rows"
    TEXTS = "texts"


class ClusterMethod(Choice):
    """How chunks are clustered: every chunk belongs to a cluster, or only those in dense regions."""

    KMEANS = "kmeans"
    HDBSCAN = "hdbscan"


class MapMethod(Choice):
    """How vectors are projected to two dimensions; t-SNE and UMAP keep neighbours together."""

    PCA = "pca"
    TSNE = "tsne"
    UMAP = "umap"


# The same words for type checkers, so that editors complete them.
MetricName: TypeAlias = Literal["cosine", "dot"]
ModeName: TypeAlias = Literal["hybrid", "dense", "lexical"]
SplitterName: TypeAlias = Literal["structure", "sentences", "semantic"]
DedupeName: TypeAlias = Literal["report", "collapse"]
RoleName: TypeAlias = Literal["query", "document"]
RuntimeName: TypeAlias = Literal["onnxruntime", "openvino", "sentence-transformers", "static", "openai"]
ByName: TypeAlias = Literal["rows", "texts"]
ClusterMethodName: TypeAlias = Literal["kmeans", "hdbscan"]
MapMethodName: TypeAlias = Literal["pca", "tsne", "umap"]

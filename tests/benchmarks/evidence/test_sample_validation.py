"""One command validates an old pair of files, and says what it was and is."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from audit.demo.corpus import write_corpus
from audit.demo.corpus_shape import CorpusShape
from benchmarks.evidence.sample_validation import markdown, validate


def test_it_tells_schema_counts_pointers_and_verdict_and_touches_only_copies(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path, CorpusShape(turns=60, conversations=10))
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()}

    found = validate(corpus.turns, corpus.timeline, "two files")
    text = "\n".join(markdown(found))

    assert found.passed
    assert "| column `runtime_key TEXT NOT NULL DEFAULT ''` | no | yes |" in text
    assert "| index `turns_by_conv_inference_updated` | no | yes |" in text
    counts = re.search(r"\| `runtime_key` \| (\d+) \| .* \| (\d+) \| (\d+) \| (\d+) \|", text)
    assert counts
    assert sum(map(int, counts.groups())) == 60
    assert re.search(r"Pointers of conversations: 10 rows, \d+ of them not empty; \d+ compared .* 0 disagree", text)
    assert "Verdict: **passed**" in text
    assert str(tmp_path) not in text
    assert {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()} == before

"""One conversation as the original chat service would have recorded it: turns, snapshots, blocks and its timeline."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from audit.demo import turn_truth
from audit.demo.corpus_shape import CorpusShape
from audit.demo.turn_truth import TurnTruth, canonical_json

FIRST_MS = 1_770_000_000_000

_SYSTEM = "You are a helpful warehouse assistant."
_QUESTIONS = (
    "How many bolts M8 are left?",
    "日本の在庫は何個",
    "Plan the week, please: <Monday> & <Tuesday> first.",
    'He said "reorder", so reorder.',
    "¿Cuánto cuesta el envío a Málaga? 🚚",
    "line one\n\tline two, indented\n",
    "كم قطعة في المخزن؟",
    "naïve cafe\u0301 versus naïve café",
)
_ANSWERS = (
    "SKU {sku}: qty {quantity}, reorder at 10.",
    "在庫は{quantity}個です、{sku}。",
    "Moved {quantity} of {sku} to aisle <7> & told the planner.",
    "Nothing to do for {sku}.",
)
_TOOL_CONFIG = {
    "geppetto.tool_config@v1": {
        "enabled": True,
        "execution_timeout": 60_000_000_000,
        "max_iterations": 5,
        "retry_config": {"backoff_factor": 2.5, "max_retries": 3},
    }
}

TurnRow = tuple[str, str, str, int, str, str, int]
BlockRow = tuple[str, str, str, str, str, str, str, int]
MembershipRow = tuple[str, str, str, str, int, int, str, str]
EntityRow = tuple[str, str, str, int, int, int, str]
ConversationRow = tuple[str, str, str, int, int, int, int, str, str]
BlockKey = tuple[str, str]


@dataclass(slots=True)
class TurnRecord:
    """One turn with the snapshots saved of it, in the column order of the tables, and what its metadata proves."""

    row: TurnRow
    truth: TurnTruth
    answer: str = ""
    blocks: list[BlockRow] = field(default_factory=list)
    memberships: list[MembershipRow] = field(default_factory=list)


@dataclass(slots=True)
class Dialogue:
    """One conversation: its turns in time order, its timeline entities and its record in the conversation index."""

    conv_id: str
    turns: list[TurnRecord]
    entities: list[EntityRow]
    record: ConversationRow


@dataclass(frozen=True, slots=True)
class _Step:
    """What is decided about a turn before anything is said in it."""

    session_id: str
    runtime: str
    starts_run: bool


def hash_block(kind: str, role: str, payload_json: str, metadata_json: str) -> str:
    """The content hash of a block (``sha256-canonical-json-v1``), from its canonical JSON texts."""
    text = f'{{"kind":"{kind}","role":"{role}","payload":{payload_json},"metadata":{metadata_json}}}'
    return hashlib.sha256(text.encode()).hexdigest()


def uuid4(rng: random.Random) -> str:
    """A random UUID of version 4, drawn from ``rng``."""
    digits = f"{rng.getrandbits(128):032x}"
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) % 4]}{digits[17:20]}-{digits[20:]}"
    )


def draw_dialogue(shape: CorpusShape, number: int, turns: int, start_ms: int) -> Dialogue:
    """Conversation ``number`` of a corpus; it depends on nothing but the arguments."""
    return _Writer(shape, random.Random(f"{shape.seed}/{number}"), number, start_ms).write(turns)


class _Writer:
    """Writes one conversation turn by turn and keeps what the next turn builds on: the context and the clock."""

    def __init__(self, shape: CorpusShape, rng: random.Random, number: int, start_ms: int) -> None:
        self.shape = shape
        self.rng = rng
        self.number = number
        self.conv_id = uuid4(rng)
        self.clock_ms = start_ms + rng.randrange(900_000)
        self.attributed = rng.random() >= shape.unattributed
        self.single_phase = rng.random() < shape.single_phase
        self.context: list[BlockKey] = []

    def write(self, turns: int) -> Dialogue:
        created_ms = self.clock_ms
        steps = list(self._plan(turns))
        records = [self._turn(step) for step in steps]
        entities = self._timeline(steps, records)
        seen = len(entities)
        runtime = steps[-1].runtime if self.attributed else ""
        status, error = self.rng.choice(
            (("active", ""), ("active", ""), ("active", ""), ("evicted", ""), ("active", "boom"))
        )
        record = (
            self.conv_id, steps[-1].session_id, runtime, created_ms, self.clock_ms, seen, int(seen > 0), status, error,
        )  # fmt: skip
        return Dialogue(self.conv_id, records, entities, record)

    def _plan(self, turns: int) -> Iterator[_Step]:
        """Session and runtime of every turn: A, A→B, A→B→A or A→B→C, and sometimes a second session."""
        rng = self.rng
        sessions = [uuid4(rng)]
        restart = turns
        if turns >= 4 and rng.random() < self.shape.second_session:
            sessions.append(uuid4(rng))
            restart = rng.randrange(1, turns)
        starts = {0: self._runtime("")}
        if turns >= 3 and len(self.shape.runtimes) > 1 and rng.random() < self.shape.switching:
            cuts = sorted(rng.sample(range(1, turns), min(turns - 1, rng.randint(1, 2))))
            starts[cuts[0]] = self._runtime(starts[0])
            if len(cuts) > 1:
                starts[cuts[1]] = starts[0] if rng.random() < 0.5 else self._runtime(starts[cuts[0]])
        runtime = ""
        for index in range(turns):
            runtime = starts.get(index, runtime)
            yield _Step(sessions[int(index >= restart)], runtime, index in starts)

    def _runtime(self, other_than: str) -> str:
        keys = [key for key in self.shape.runtimes if key != other_than]
        return self.rng.choices(keys, range(len(keys), 0, -1))[0]

    def _turn(self, step: _Step) -> TurnRecord:
        rng = self.rng
        self.clock_ms += rng.choice((0, 1, 4_000, 20_000, 90_000, 400_000))
        turn_id, created_ms = uuid4(rng), self.clock_ms
        metadata, truth = self._metadata(step)
        uses_tool = rng.random() < self.shape.tools
        data = canonical_json(_TOOL_CONFIG) if uses_tool else "{}"
        turn = TurnRecord((self.conv_id, step.session_id, turn_id, created_ms, metadata, data, 0), truth)
        self._say(turn, uses_tool)
        stamp = 0 if rng.random() < self.shape.unstamped else self.clock_ms
        turn.row = (*turn.row[:6], stamp)
        return turn

    def _metadata(self, step: _Step) -> tuple[str, TurnTruth]:
        """Metadata text of a turn and what it proves; the first turn of a run always proves its runtime."""
        rng = self.rng
        may_hide = not (step.starts_run and self.attributed)
        if may_hide and rng.random() < self.shape.malformed:
            return rng.choice(turn_truth.MALFORMED), TurnTruth("", "malformed", "", "malformed")
        if may_hide and rng.random() < self.shape.unknown / 6:
            return rng.choice(turn_truth.BLANK), TurnTruth("", "unknown", "", "unknown")
        members = {turn_truth.SESSION_KEY: step.session_id, turn_truth.TRACE_KEY: uuid4(rng)}
        runtime = inference = ""
        runtime_evidence = inference_evidence = "unknown"
        if self.attributed and not (may_hide and rng.random() < self.shape.unknown):
            runtime = step.runtime
            found, runtime_evidence = turn_truth.attributed(rng, runtime)
            members |= found
        else:
            members |= turn_truth.unattributed(rng)
        if rng.random() >= self.shape.without_inference:
            inference = uuid4(rng)
            found, inference_evidence = turn_truth.inferred(rng, inference)
            members |= found
        return canonical_json(members), TurnTruth(runtime, runtime_evidence, inference, inference_evidence)

    def _say(self, turn: TurnRecord, uses_tool: bool) -> None:
        """Fill a turn: the question, perhaps a tool call with its result, the answer; a snapshot after each."""
        rng = self.rng
        if not self.context:
            self._block(turn, "system", "system", {"text": _SYSTEM}, {"geppetto.middleware@v1": "systemprompt"})
        question = rng.choice(_QUESTIONS)
        sku, quantity = f"A-{rng.randrange(1000)}", rng.randrange(500)
        self._block(turn, "user", "user", {"text": question})
        self._snapshot(turn, "pre_inference", 2_000)
        if uses_tool:
            call = f"call_{rng.getrandbits(64):016x}"
            arguments = {"query": question, "limit": 10, "min_price": 0.5, "in_stock": True}
            self._block(
                turn, "tool_call", "", {"id": call, "name": "search_inventory", "args": arguments}, block_id=call
            )
            self._snapshot(turn, "post_inference", 300)
            result = canonical_json({"rows": [{"sku": sku, "qty": quantity}]})
            self._block(turn, "tool_use", "", {"id": call, "result": result, "error": ""})
            self._snapshot(turn, "post_tools", 2)
            self._snapshot(turn, "pre_inference", 2_500)
        turn.answer = rng.choice(_ANSWERS).format(sku=sku, quantity=quantity)
        filler = "." * max(0, self.shape.text_bytes - len(turn.answer.encode()))
        self._block(turn, "llm_text", "assistant", {"text": turn.answer + filler})
        self._snapshot(turn, "post_inference", 0)
        self._snapshot(turn, "final", 0, always=True)

    def _block(
        self,
        turn: TurnRecord,
        kind: str,
        role: str,
        payload: dict[str, object],
        metadata: dict[str, object] | None = None,
        block_id: str = "",
    ) -> None:
        """Append a block to the turn and to the context of the conversation."""
        payload_json, metadata_json = canonical_json(payload), canonical_json(metadata or {})
        key = block_id or uuid4(self.rng), hash_block(kind, role, payload_json, metadata_json)
        row = (*key, "sha256-canonical-json-v1", kind, role, payload_json, metadata_json, self.clock_ms)
        turn.blocks.append(row)
        self.context.append(key)

    def _snapshot(self, turn: TurnRecord, phase: str, then_ms: int, *, always: bool = False) -> None:
        """Save the context under a phase; a program that saves only final snapshots leaves the others out.

        ``then_ms`` is about how long the next thing takes.
        """
        if always or not self.single_phase:
            conv_id, session_id, turn_id = turn.row[:3]
            system, *rest = self.context
            kept = rest[-(self.shape.context_blocks + len(turn.blocks)) :]
            turn.memberships += [
                (conv_id, session_id, turn_id, phase, self.clock_ms, ordinal, *key)
                for ordinal, key in enumerate((system, *kept))
            ]
        if then_ms:
            self.clock_ms += self.rng.randint(then_ms // 2 + 1, then_ms * 2)

    def _timeline(self, steps: list[_Step], records: list[TurnRecord]) -> list[EntityRow]:
        """A message for every answer, and before it a ``profile_switch`` where the turn is the first of a new run."""
        entities: list[EntityRow] = []
        previous = steps[0].runtime
        for step, turn in zip(steps, records, strict=True):
            created_ms = turn.memberships[-1][4]
            if step.runtime != previous and self.attributed:
                switch = {"schemaVersion": 1, "from": previous, "to": step.runtime, "runtime_key": step.runtime}
                entities.append(self._entity("profile_switch", turn.row[3], len(entities) + 1, switch))
                previous = step.runtime
            props = {"content": turn.answer, "role": "assistant", "streaming": False}
            entities.append(self._entity("message", created_ms, len(entities) + 1, props))
        return entities

    def _entity(self, kind: str, created_ms: int, version: int, props: dict[str, object]) -> EntityRow:
        entity_id = f"{kind}-{version}"
        body = {
            "id": entity_id,
            "kind": kind,
            "createdAtMs": str(created_ms),
            "updatedAtMs": str(created_ms),
            "props": props,
        }
        return self.conv_id, entity_id, kind, created_ms, created_ms, version, canonical_json(body)

"""Runs the prompts of a conversation in a thread of their own, from the first snapshot to the record of the outcome."""

from __future__ import annotations

import logging

from store.chat.conversation import Conversation, Job
from store.chat.inference import InferenceResult, first_turn, run_inference
from store.chat.persisters import Capture, SaveCounter, SaveOutcome, TurnWriter
from store.chat.pointer import PointerWriter
from store.turns.records import Turn
from store.turns.turn_store import TurnStore

MAX_ERROR_CHARACTERS = 1_000

_log = logging.getLogger(__name__)


class PromptRunner:
    """What the prompts of all conversations need to run."""

    def __init__(self, turns: TurnStore, pointer: PointerWriter, counter: SaveCounter) -> None:
        self._turns = turns
        self._pointer = pointer
        self._counter = counter

    def run_all(self, conversation: Conversation, first: Job) -> None:
        """Run a prompt and then all that wait behind it. Nothing escapes: a conversation never stays busy."""
        next_job: Job | None = first
        while (job := next_job) is not None:
            try:
                next_job = _PromptRun(self, conversation, job).run()
            except Exception as error:  # noqa: BLE001  a defect must not leave the conversation busy for ever
                _log.exception("prompt %s of conversation %s broke off", job.prompt.turn_id, conversation.conv_id)
                next_job = conversation.finish(job, "error", error=f"{type(error).__name__}: {error}")

    def catch_up(self, conversation: Conversation) -> None:
        """Once for a conversation in memory: make up for what an earlier program did not come to write."""
        if not conversation.caught_up:
            self._pointer.catch_up(conversation.conv_id, self._turns)
            conversation.caught_up = True

    def writer(self, conversation: Conversation, capture: Capture) -> TurnWriter:
        """The writer of one inference's snapshots."""
        return TurnWriter(self._turns, capture, conversation.clock, self._counter)

    @property
    def pointer(self) -> PointerWriter:
        """What moves the pointers."""
        return self._pointer


class _PromptRun:
    """One prompt; the runtime is read from the conversation once, at the start."""

    def __init__(self, runner: PromptRunner, conversation: Conversation, job: Job) -> None:
        self._runner = runner
        self._conversation = conversation
        self._job = job
        self._is_stored = False
        self._pointer_problem = ""

    def run(self) -> Job | None:
        """Answer the prompt and return the job of the next one."""
        conversation, prompt = self._conversation, self._job.prompt
        self._runner.catch_up(conversation)
        error_before = conversation.view().last_error
        capture = Capture(
            conv_id=conversation.conv_id,
            session_id=conversation.session_id,
            turn_id=prompt.turn_id,
            inference_id=prompt.inference_id,
            runtime=conversation.begin(self._job),
        )
        result = run_inference(
            capture,
            first_turn(capture, self._job.history, prompt.text),
            self._runner.writer(conversation, capture),
            self._job.cancellation,
            lambda outcome: self._first_stored(capture, outcome),
        )
        return self._finish(result, error_before)

    def _first_stored(self, capture: Capture, outcome: SaveOutcome) -> None:
        self._is_stored = True
        self._pointer_problem = self._runner.pointer.turn_started(capture, outcome.created_at_ms)
        if not self._pointer_problem:
            self._conversation.pointer_moved(outcome.created_at_ms)

    def _finish(self, result: InferenceResult, error_before: str) -> Job | None:
        if self._pointer_problem:
            self._pointer_problem = self._runner.pointer.retry_missed(self._conversation.conv_id)
        error = "; ".join(filter(None, [result.error, _told_losses(result), self._told_pointer()]))
        error = error[:MAX_ERROR_CHARACTERS]
        if self._is_stored and error != error_before:
            self._runner.pointer.note(self._conversation.conv_id, last_error=error)
        last_is_lost = not result.saves[-1].stored
        return self._conversation.finish(
            self._job,
            "error" if last_is_lost else result.ending,
            error=error,
            unsaved_phases=result.unsaved_phases,
            history=_history(result),
        )

    def _told_pointer(self) -> str:
        problem = self._pointer_problem
        return f"the conversation's record could not be written: {problem}" if problem else ""


def _told_losses(result: InferenceResult) -> str:
    lost = [f"{outcome.phase}: {outcome.error}" for outcome in result.saves if not outcome.stored]
    return f"not saved: {', '.join(lost)}" if lost else ""


def _history(result: InferenceResult) -> Turn | None:
    """What the next turn continues: a failed turn leaves nothing behind in it."""
    return None if result.ending == "error" else result.turn

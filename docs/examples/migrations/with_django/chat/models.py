"""Conversations, their messages, what is attached to these, and what they said before they were edited."""

from __future__ import annotations

from django.db import models


class Conversation(models.Model):
    """``runtime`` is the one that answers now; each answer says in its details which one it came from."""

    title = models.TextField()
    runtime = models.CharField(max_length=64, blank=True, default="")


class Message(models.Model):
    """One message; ``runtime`` is the one that wrote it, and '' where its details name none."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE)
    position = models.IntegerField()
    role = models.CharField(max_length=32)
    body = models.TextField()
    details = models.JSONField()
    runtime = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        """One message a position."""

        constraints = [models.UniqueConstraint(fields=["conversation", "position"], name="one_message_a_position")]


class Attachment(models.Model):
    """A file that came with a message."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE)
    name = models.TextField()


class Edit(models.Model):
    """What a message said before; a trigger writes it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE)
    body = models.TextField()

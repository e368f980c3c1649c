from django.db import models


class Received(models.Model):
    """One call; its body's digest tells a repetition."""

    digest = models.CharField(max_length=64, unique=True)
    event = models.CharField(max_length=50)
    body = models.BinaryField()
    received_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.event} #{self.pk}"

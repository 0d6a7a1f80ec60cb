"""How many messages wait, for who watches over the whole."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from campaigns.models import Message
from organization.metrics import gauge


def messages_pending() -> Iterator[Metric]:
    waiting = Message.unscoped.filter(status=Message.Status.PENDING).count()
    yield gauge("messages_pending", "Messages that have not been handed over yet.", waiting)

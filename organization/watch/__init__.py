"""Is everything running? Scheduled work, workers, waiting jobs, services; alerts where something is not."""

from organization.watch.alerts import check
from organization.watch.standing import State, state

__all__ = ["State", "check", "state"]

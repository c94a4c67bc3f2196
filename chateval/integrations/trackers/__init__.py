"""Results of a run to where a team looks at them: model cards and experiment trackers, each behind one method."""

from collections.abc import Callable, Mapping
from typing import Protocol

from chateval.errors import ConfigError
from chateval.integrations.trackers.destination import Destination
from chateval.integrations.trackers.hub import HubTracker
from chateval.integrations.trackers.mlflow import MlflowTracker
from chateval.integrations.trackers.trackio import TrackioTracker
from chateval.integrations.trackers.wandb import WandbTracker
from chateval.records import Report, Run

__all__ = ["TRACKERS", "Destination", "Tracker", "open_tracker"]


class Tracker(Protocol):
    """Takes the results of a run to another place."""

    def share(self, run: Run, report: Report) -> str:
        """Share the results and return where they are now, for a reader.

        Raises:
            ConfigError: If what the destination says does not fit the run.
        """
        ...


TRACKERS: Mapping[str, Callable[[Destination], Tracker]] = {
    "hub": HubTracker,
    "trackio": TrackioTracker,
    "wandb": WandbTracker,
    "mlflow": MlflowTracker,
}


def open_tracker(name: str, destination: Destination) -> Tracker:
    """Return the tracker of a name.

    Raises:
        ConfigError: If there is none of that name, or it does not know an option.
    """
    if name not in TRACKERS:
        raise ConfigError(f"--to {name}: say one of {', '.join(TRACKERS)}")
    return TRACKERS[name](destination)

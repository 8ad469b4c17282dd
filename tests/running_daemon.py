"""The installed ``ariroute run`` as tests watch it: its process, its figures, and what it is told."""

from __future__ import annotations

import subprocess

import requests
from prometheus_client.parser import text_string_to_metric_families

from ariroute.lab.daemon import COMMAND, DaemonProcess, environment
from ariroute.lab.waiting import DEADLINE, until

__all__ = ["COMMAND", "DEADLINE", "RunningDaemon", "ariroute", "environment", "until"]


class RunningDaemon(DaemonProcess):
    """A daemon whose metrics are read, and which is reloaded by the command."""

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples of that name whose labels have these values."""
        with requests.Session() as session:
            session.trust_env = False
            text = session.get(f"http://{self.admin}/metrics", timeout=DEADLINE).text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return sum(
            sample.value for sample in samples if sample.name == name and labels.items() <= sample.labels.items()
        )

    @property
    def in_flight(self) -> int:
        """Calls being decided or handed over."""
        return int(self.metric("ariroute_calls_in_flight"))

    def reload(self) -> subprocess.CompletedProcess[str]:
        """``ariroute reload``."""
        return ariroute("reload", "--admin", self.admin)


def ariroute(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed command, run to its end."""
    return subprocess.run(
        [COMMAND, *arguments], env=environment(), capture_output=True, text=True, timeout=DEADLINE, check=False
    )

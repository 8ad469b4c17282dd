"""Following the records of a run as they grow."""

from __future__ import annotations

from pathlib import Path

from ariroute.lab.records import RecordFile, cel, queue_log
from scripts.demonstration.board import Board, parse_log_line


class Watch:
    """The records under the folder of a run, and the board of calls that comes of them."""

    def __init__(self, folder: Path) -> None:
        self.board = Board()
        self.queue_log = folder / "pbx/log/queue_log"
        self._cel = cel(folder / "pbx/log/cel-custom/Master.csv")
        self._queue_log = queue_log(self.queue_log)
        self._log = RecordFile(folder / "daemon.log", parse_log_line)

    def poll(self) -> None:
        """Take in what was written since."""
        self.board.take_cel(self._cel.new_rows())
        if self._queue_log.new_rows():
            self.board.take_queue_log(self._queue_log.rows())
        self.board.take_log(self._log.new_rows())

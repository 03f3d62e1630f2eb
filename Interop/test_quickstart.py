"""The quick start, stopped the way a person stops it."""
import os
import pathlib
import re
import subprocess
import unittest

from tradewind_interop.terminal import Terminal
from tradewind_interop.waiting import wait_until

ROOT = pathlib.Path(__file__).parent.parent
START_SECONDS = 1200
STOP_SECONDS = 300


class QuickstartTests(unittest.TestCase):
    def test_ctrl_c_leaves_no_guest_no_process_and_no_folder_behind(self):
        command = f"cd {ROOT} && deploy/quickstart; echo quickstart ended with $?; sleep 600"
        terminal = Terminal("quickstart", command, {"TRADEWIND": os.environ["TRADEWIND"]}, columns=240, lines=200)
        self.addCleanup(terminal.close)
        terminal.wait_for("Press Ctrl-C", START_SECONDS)
        self.assertIn("and deletes what it had of it", terminal.screen())  # the site that was killed is back
        folder = re.search(r"/var/tmp/tradewind\.\w{4}", terminal.screen()).group()
        self.assertNotEqual(self.processes(folder), "")

        terminal.press("C-c")

        terminal.wait_for("quickstart ended with 130", STOP_SECONDS)
        wait_until(lambda: self.processes(folder) == "", 60, "all processes are gone", lambda: self.processes(folder))
        self.assertFalse(os.path.exists(folder))

    @staticmethod
    def processes(folder):
        """The processes, guests among them, whose command line names the quick start's folder."""
        return subprocess.run(["pgrep", "-af", folder], capture_output=True, text=True).stdout


if __name__ == "__main__":
    unittest.main()

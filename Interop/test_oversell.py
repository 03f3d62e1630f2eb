"""A site never promises more than it has, whatever is killed or cut between real processes."""
import json
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).parent.parent
BENCHMARKS = pathlib.Path(os.environ.get("TRADEWIND", "tradewind")).resolve().parent / "Benchmarks"
SECONDS = 1200
# What `--brief` asks for; there are more if some trouble has not come by then.
ROUNDS = 4
PARTS = ("in one process: ", "with processes: ")
PROCESSES = PARTS[1]
TROUBLES = (
    "coordinators killed and started again",
    "sites killed and started again",
    "times all connections between servers were cut",
    "times everything between servers was late",
)


@unittest.skipUnless(BENCHMARKS.exists(), "`Benchmarks` is not built")
class OversellTests(unittest.TestCase):
    def test_more_is_never_promised_than_there_is_and_nothing_is_left(self):
        run = subprocess.run(
            [BENCHMARKS, "oversell", "--brief", "--json"], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(run.returncode, 0, run.stderr)
        rows = {row["name"]: row for report in json.loads(run.stdout) for row in report["measurements"]}

        goals = {name: row["value"] for name, row in rows.items() if "goal" in row}
        self.assertEqual(len(goals), 4, goals)
        self.assertEqual(set(goals.values()), {0}, goals)
        self.assertGreater(rows[PROCESSES + "placed"]["value"], 0)
        self.assertGreater(rows[PROCESSES + "looks at what the site has promised"]["value"], 0)
        self.expect_trouble(rows)

    def expect_trouble(self, rows):
        """What went well in quiet proves nothing."""
        values = {name: row["value"] for name, row in rows.items()}
        for trouble in TROUBLES:
            self.assertGreater(values[PROCESSES + trouble], 0, values)
        for part in PARTS:
            counts = [re.match(re.escape(part) + r"(\d+) rounds and (\d+) kills: ", name) for name in rows]
            [(rounds, kills)] = [(int(count[1]), int(count[2])) for count in counts if count]
            self.assertGreaterEqual(rounds, ROUNDS, part)
            self.assertGreater(kills, 0, part)


if __name__ == "__main__":
    unittest.main()

"""A site never promises more than it has, whatever is killed or cut between real processes."""
import json
import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).parent.parent
BENCHMARKS = pathlib.Path(os.environ.get("TRADEWIND", "tradewind")).resolve().parent / "Benchmarks"
SECONDS = 240
PROCESSES = "with processes: "


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


if __name__ == "__main__":
    unittest.main()

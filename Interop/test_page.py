"""What the README says about attaching is what the manual's page says, which the other tests use word for word."""
import unittest

from tradewind_interop import page


class PageTests(unittest.TestCase):
    def test_the_lines_of_the_readme_are_those_of_the_page(self):
        ways = ("--component", "--client")
        lines = [line for line in page.README.read_text().splitlines()
                 if line.startswith("tradewind init ") and any(way in line for way in ways)]
        self.assertEqual(lines, [page.snippet("sh", f"tradewind init {start}").rstrip("\n")
                                 for start in ("--domain", "--client")])


if __name__ == "__main__":
    unittest.main()

"""A folder and a set of running things for one test class, taken down in reverse."""
import pathlib
import shutil
import tempfile
import unittest

from .authority import Authority


class Workspace(unittest.TestCase):
    """Subclasses start what they need in `setUpClass` with `cls.begin(...)`."""

    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="tw-", dir="/var/tmp"))  # short: libvirt makes sockets here
        cls.root.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        cls.authority = Authority(cls.root / "authority")

    @classmethod
    def begin(cls, thing):
        """Remembers to stop `thing`, whichever way the tests end."""
        cls.addClassCleanup(thing.close if hasattr(thing, "close") else thing.stop)
        return thing

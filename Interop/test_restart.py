"""An agent that is killed never takes its machines along, and finds them again."""
import os
import time
import unittest

from tradewind_interop import guest
from tradewind_interop.tradewind import Tradewind
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

# In what time the death of a guest is noticed; a pause of this machine spoils one look, a fault of ours all of them.
NOTICE_SECONDS = 2
LOOKS = 3


class RestartTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        guest.prepare()
        cls.site = cls.begin(Tradewind(
            cls.root, "r.test", cls.authority, driver="libvirt", options=guest.site_options()))

    def machine(self):
        return next((m for m in self.site.perform("machine", "list") if m["specification"]["name"] == "tough"), None)

    def console(self):
        return str(self.site.perform("machine", "console", "tough", "lines=200"))

    def is_death_noticed(self):
        """Kills the guest; whether its site notices in time. It must notice in the end."""
        os.kill(guest.process_of(self.site, "tough"), 9)
        killed = time.monotonic()
        while time.monotonic() <= killed + NOTICE_SECONDS:
            if self.machine()["state"] == "failed":
                return True
        wait_until(lambda: self.machine()["state"] == "failed", 30, "its death is noticed", self.site.log)
        return False

    def test_a_guest_outlives_its_agent_and_its_death_is_noticed(self):
        self.site.perform("machine", "create", "tough", *guest.words("tough"))
        wait_until(lambda: guest.READY in self.console(), 240, "the guest boots", self.site.log)
        process = guest.process_of(self.site, "tough")
        before = self.machine()

        self.site.kill()
        os.kill(process, 0)
        self.site.start()

        wait_until(lambda: self.machine() and self.machine()["state"] == "running", 30, "it is adopted again",
                   self.site.log)
        self.assertEqual(self.machine()["id"], before["id"])
        self.assertEqual(guest.process_of(self.site, "tough"), process)

        looks = [self.is_death_noticed()]
        while not looks[-1] and len(looks) < LOOKS:
            self.site.perform("machine", "start", "tough")
            looks.append(self.is_death_noticed())
        self.assertTrue(looks[-1], self.site.log())
        self.site.perform("machine", "delete", "tough")
        wait_until(lambda: self.machine() is None, 20, "it is deleted", self.site.log)


if __name__ == "__main__":
    unittest.main()

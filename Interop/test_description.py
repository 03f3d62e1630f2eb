"""A real client library (slixmpp) asks everything of a running server what it is; doc/tradewind.doap must claim it all."""
import re
import unittest
from pathlib import Path
from xml.etree import ElementTree

from tradewind_interop.client import Client
from tradewind_interop.tradewind import Tradewind
from tradewind_interop.workspace import Workspace

DOMAIN = "described.test"
ROOMS = f"rooms.{DOMAIN}"
ROOM = f"lounge@{ROOMS}"
FEEDS = f"feeds.{DOMAIN}"
PASSWORD = "correct-horse"
DESCRIPTION = Path(__file__).resolve().parent.parent / "doc" / "tradewind.doap"

# Which specification announces itself by which name.
NAMES = {
    "http://jabber.org/protocol/caps": 115, "http://jabber.org/protocol/chatstates": 85,
    "http://jabber.org/protocol/commands": 50, "http://jabber.org/protocol/disco": 30,
    "http://jabber.org/protocol/muc": 45, "http://jabber.org/protocol/muc#self-ping-optimization": 410,
    "http://jabber.org/protocol/pubsub": 60, "http://jabber.org/protocol/rsm": 59, "jabber:iq:last": 12,
    "jabber:iq:private": 49, "jabber:iq:register": 77, "jabber:iq:version": 92, "jabber:x:conference": 249,
    "msgoffline": 160, "urn:xmpp:blocking": 191, "urn:xmpp:carbons:2": 280, "urn:xmpp:mam:2": 313,
    "urn:xmpp:occupant-id:0": 421, "urn:xmpp:ping": 199, "urn:xmpp:receipts": 184, "urn:xmpp:sid:0": 359,
    "urn:xmpp:time": 202, "vcard-temp": 54,
}
# What must be announced, and where.
EXPECTED = {
    DOMAIN: {12, 30, 49, 50, 54, 85, 92, 160, 184, 191, 199, 202, 249, 280, 359},
    f"admin@{DOMAIN}": {12, 30, 54, 60, 199, 313, 359},
    ROOMS: {30, 45, 199, 421},
    ROOM: {30, 45, 77, 199, 313, 359, 410, 421},
    FEEDS: {30, 60, 199},
}


def specification(name):
    """The number behind a name: as it is, without its fragment, or by how names of rooms begin."""
    if name in NAMES:
        return NAMES[name]
    if name.startswith("muc_"):
        return 45
    return NAMES.get(name.partition("#")[0])


class DescriptionTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.begin(Tradewind(
            cls.root, DOMAIN, cls.authority, "127.0.40.1", options=["--image-directory", str(cls.root)]))
        cls.server.perform("account", "create", "admin", f"password={PASSWORD}")
        cls.admin = cls.begin(Client(
            f"admin@{DOMAIN}", PASSWORD, "127.0.40.1", cls.server.client_port, cls.authority,
            plugins=("xep_0045",)))

        async def make(xmpp):
            await xmpp["xep_0045"].join_muc_wait(ROOM, "admin", timeout=20)
            await xmpp["xep_0045"].get_room_config(ROOM)
            answers = xmpp["xep_0004"].make_form(ftype="submit")
            answers.add_field(var="FORM_TYPE", value="http://jabber.org/protocol/muc#roomconfig")
            answers.add_field(var="muc#roomconfig_persistentroom", value="1")
            await xmpp["xep_0045"].set_room_config(ROOM, answers)

        cls.admin.call(make, 30)

    def ask(self, address):
        async def run(xmpp):
            return await xmpp["xep_0030"].get_info(jid=address, timeout=20)

        return set(self.admin.call(run)["disco_info"]["features"])

    @staticmethod
    def claimed():
        text = DESCRIPTION.read_text()
        ElementTree.fromstring(text)
        return {int(number) for number in re.findall(r"extensions/xep-(\d{4})\.html", text)}

    def test_everything_announced_is_claimed(self):
        claimed = self.claimed()
        for address in EXPECTED:
            for name in sorted(self.ask(address)):
                if name.startswith("urn:tradewind:"):
                    continue
                with self.subTest(address=address, feature=name):
                    number = specification(name)
                    self.assertIsNotNone(number, "announced, and known to nobody")
                    self.assertIn(number, claimed)

    def test_each_entity_announces_what_it_is_for(self):
        for address, numbers in EXPECTED.items():
            with self.subTest(address=address):
                announced = {specification(name) for name in self.ask(address)}
                self.assertLessEqual(numbers, announced)


if __name__ == "__main__":
    unittest.main()

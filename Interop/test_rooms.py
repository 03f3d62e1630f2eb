"""A real client library (slixmpp) in a room: two people talk, one is kicked, history, self-ping, a far site's user."""
import asyncio
import unittest

import slixmpp
from slixmpp.exceptions import IqError, XMPPError

from tradewind_interop.client import Client
from tradewind_interop.tradewind import Tradewind
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

HERE = "127.0.34.1"
THERE = "127.0.34.2"
PASSWORD = "correct-horse"


class Guest:
    """A client in one room: everything that the room says to it, in order."""

    def __init__(self, client, room, nickname):
        self.client = client
        self.room = room
        self.nickname = nickname
        self.heard = []
        self.presences = []

    def listen(self):
        def prepare(xmpp):
            for plugin in ("xep_0045", "xep_0249", "xep_0199", "xep_0421"):
                xmpp.register_plugin(plugin)
            xmpp.add_event_handler("groupchat_message", self._message)
            xmpp.add_event_handler("groupchat_presence", self._presence)
            xmpp.add_event_handler("groupchat_subject", self._message)

        async def run(xmpp):
            prepare(xmpp)

        self.client.call(run)

    def _message(self, message):
        if message["from"].bare == self.room:
            self.heard.append(message)

    def _presence(self, presence):
        if presence["from"].bare == self.room:
            self.presences.append(presence)

    def enter(self, **wishes):
        async def run(xmpp):
            return await xmpp["xep_0045"].join_muc_wait(self.room, self.nickname, timeout=20, **wishes)

        return self.client.call(run, 30)

    def say(self, body):
        async def run(xmpp):
            xmpp.send_message(mto=self.room, mbody=body, mtype="groupchat")

        self.client.call(run)

    def bodies(self):
        return [(message["from"].resource, message["body"]) for message in self.heard if message["body"]]

    def hear(self, nickname, body):
        wait_until(lambda: (nickname, body) in self.bodies(), 20, f"{self.nickname} hears '{body}'",
                   lambda: str(self.bodies()))

    def statuses(self, nickname):
        """The status codes of the last presence of `nickname`."""
        found = [presence for presence in self.presences if presence["from"].resource == nickname]
        return set(found[-1]["muc"]["status_codes"]) if found else set()


class RoomTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.paris = cls.begin(Tradewind(
            cls.root, "paris.test", cls.authority, HERE, server_port=5269,
            routes=["tokyo.test=127.0.34.2:5269", "rooms.tokyo.test=127.0.34.2:5269"]))
        cls.tokyo = cls.begin(Tradewind(
            cls.root, "tokyo.test", cls.authority, THERE, server_port=5269,
            routes=["paris.test=127.0.34.1:5269", "rooms.paris.test=127.0.34.1:5269"]))
        for process, names in ((cls.paris, ("alice", "bob")), (cls.tokyo, ("kenji",))):
            for name in names:
                process.perform("account", "create", name, f"password={PASSWORD}")

    def guest(self, name, room, nickname=None):
        process, address = (self.tokyo, THERE) if name == "kenji" else (self.paris, HERE)
        client = Client(f"{name}@{process.domain}", PASSWORD, address, process.client_port, self.authority)
        self.addCleanup(client.close)
        guest = Guest(client, f"{room}@rooms.paris.test", nickname or name)
        guest.listen()
        return guest

    def open(self, owner, **fields):
        """Enters a room that is not there yet and configures it."""
        owner.enter()

        async def run(xmpp):
            form = await xmpp["xep_0045"].get_room_config(owner.room)
            answers = xmpp["xep_0004"].make_form(ftype="submit")
            answers.add_field(var="FORM_TYPE", value="http://jabber.org/protocol/muc#roomconfig")
            for name, value in fields.items():
                assert f"muc#roomconfig_{name}" in form.get_fields(), name
                answers.add_field(var=f"muc#roomconfig_{name}", value=value)
            await xmpp["xep_0045"].set_room_config(owner.room, answers)

        owner.client.call(run)

    def test_two_people_talk_and_one_is_kicked(self):
        alice, bob = self.guest("alice", "talk"), self.guest("bob", "talk")
        self.open(alice)
        bob.enter()
        bob.say("hello")
        alice.hear("bob", "hello")
        bob.hear("bob", "hello")

        async def kick(xmpp):
            await xmpp["xep_0045"].set_role(alice.room, "bob", "none", reason="enough")

        alice.client.call(kick)
        wait_until(lambda: 307 in bob.statuses("bob"), 20, "bob is told that he was kicked",
                   lambda: str(bob.presences))
        wait_until(lambda: 307 in alice.statuses("bob"), 20, "alice sees bob go", lambda: str(alice.presences))

        async def ping(xmpp):
            await xmpp["xep_0199"].ping(f"{bob.room}/bob", timeout=20)

        with self.assertRaises(IqError) as refused:
            bob.client.call(ping)
        self.assertEqual(refused.exception.condition, "not-acceptable")

    def test_the_archive_of_a_room_is_for_those_who_may_enter_and_outlives_the_server(self):
        alice, bob = self.guest("alice", "kept"), self.guest("bob", "kept")
        self.open(alice, persistentroom="1", membersonly="1")
        alice.say("the servers are down")
        alice.hear("alice", "the servers are down")

        async def read(xmpp):
            xmpp.register_plugin("xep_0313")
            return [(str(message["mam_result"]["forwarded"]["stanza"]["from"]),
                     str(message["mam_result"]["forwarded"]["stanza"]["body"]))
                    async for message in xmpp["xep_0313"].iterate(jid=slixmpp.JID(alice.room), rsm={"max": 10})]

        said = [(f"{alice.room}/alice", "the servers are down")]
        self.assertEqual(alice.client.call(read), said)

        async def intrude(xmpp):
            xmpp.register_plugin("xep_0313")
            await xmpp["xep_0313"].retrieve(jid=slixmpp.JID(alice.room), timeout=20)

        with self.assertRaises(IqError) as refused:
            bob.client.call(intrude)
        self.assertEqual(refused.exception.condition, "forbidden")

        async def describe(xmpp):
            return (await xmpp["xep_0030"].get_info(jid=alice.room, timeout=20))["disco_info"]["features"]
        self.assertIn("urn:xmpp:mam:2", alice.client.call(describe))
        self.paris.stop()
        self.paris.start()
        again = self.guest("alice", "kept")
        again.enter()
        again.hear("alice", "the servers are down")
        self.assertEqual(again.client.call(read), said)

    def test_history_subject_and_self_ping(self):
        alice, bob = self.guest("alice", "past"), self.guest("bob", "past")
        self.open(alice)
        for number in range(5):
            alice.say(f"message {number}")
        alice.hear("alice", "message 4")

        async def subject(xmpp):
            xmpp.send_message(mto=alice.room, msubject="what was", mtype="groupchat")

        alice.client.call(subject)
        wait_until(lambda: any(message["subject"] == "what was" for message in alice.heard), 20,
                   "the subject is set", lambda: str(alice.heard))
        bob.enter(maxstanzas=2)
        wait_until(lambda: any(message["subject"] == "what was" for message in bob.heard), 20,
                   "bob hears the subject", lambda: str(bob.heard))
        self.assertEqual(bob.bodies(), [("alice", "message 3"), ("alice", "message 4")])
        self.assertTrue(all(str(message["delay"]["from"]) == bob.room for message in bob.heard))
        self.assertTrue(all(message["occupant-id"]["id"] for message in bob.heard))

        async def ping(xmpp):
            return await xmpp["xep_0199"].ping(f"{bob.room}/bob", timeout=20)

        bob.client.call(ping)

    def test_a_password_members_and_a_ban(self):
        alice, bob = self.guest("alice", "closed"), self.guest("bob", "closed")
        self.open(alice, passwordprotectedroom="1", roomsecret="open sesame")
        with self.assertRaises(XMPPError) as refused:
            bob.enter()
        self.assertEqual(refused.exception.condition, "not-authorized")
        bob.enter(password="open sesame")

        async def ban(xmpp):
            await xmpp["xep_0045"].set_affiliation(alice.room, "outcast", jid="bob@paris.test")

        alice.client.call(ban)
        wait_until(lambda: 301 in bob.statuses("bob"), 20, "bob is told that he is banned",
                   lambda: str(bob.presences))
        with self.assertRaises(XMPPError) as refused:
            bob.enter(password="open sesame")
        self.assertEqual(refused.exception.condition, "forbidden")

    def test_a_room_across_servers(self):
        alice, kenji = self.guest("alice", "federated"), self.guest("kenji", "federated")
        self.open(alice)
        kenji.enter()
        kenji.say("from afar")
        alice.hear("kenji", "from afar")
        alice.say("welcome")
        kenji.hear("alice", "welcome")

    def test_a_stranger_makes_no_room(self):
        kenji = self.guest("kenji", "forbidden")
        with self.assertRaises(XMPPError) as refused:
            kenji.enter()
        self.assertEqual(refused.exception.condition, "not-allowed")

    def test_a_persistent_room_survives_a_restart(self):
        alice = self.guest("alice", "kept")
        self.open(alice, persistentroom="1", roomname="What is kept")
        self.doCleanups()
        self.paris.stop()
        self.paris.start()
        bob = self.guest("bob", "kept")

        async def look(xmpp):
            return await xmpp["xep_0030"].get_info(bob.room, timeout=20)

        info = bob.client.call(look)["disco_info"]
        self.assertIn("muc_persistent", info["features"])
        self.assertEqual([identity[3] for identity in info["identities"]], ["What is kept"])
        bob.enter()


if __name__ == "__main__":
    unittest.main()

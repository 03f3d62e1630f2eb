"""A real client library (slixmpp) reads archives, publishes, subscribes and is told; and all of it outlives the server."""
import unittest
from xml.etree import ElementTree

import slixmpp
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import StanzaPath

from tradewind_interop.client import Client
from tradewind_interop.tradewind import Tradewind
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

DOMAIN = "archive.test"
FEEDS = f"feeds.{DOMAIN}"
EVENT = "http://jabber.org/protocol/pubsub#event"
BOOKMARKS = "urn:xmpp:bookmarks:1"
NICK = "http://jabber.org/protocol/nick"
PLUGINS = ("xep_0059", "xep_0060", "xep_0115", "xep_0163", "xep_0297", "xep_0313", "xep_0359")


def entry(text):
    element = ElementTree.Element("{urn:example:entry}entry")
    element.text = text
    return element


class Listener:
    """Keeps what publish-subscribe events tell: (from, node, item or `retract`, text)."""

    def __init__(self, interests=()):
        self.events = []
        self._interests = interests

    def prepare(self, xmpp):
        xmpp.register_handler(Callback("what feeds tell", StanzaPath("message/pubsub_event"), self._keep))

    def _keep(self, message):
        for items in message.xml.iterfind(f"{{{EVENT}}}event/{{{EVENT}}}items"):
            for child in items:
                kind = child.tag.removeprefix(f"{{{EVENT}}}")
                text = child[0].text if kind == "item" and len(child) else kind
                self.events.append((str(message["from"]), items.get("node"), child.get("id"), text))

    async def announce(self, xmpp):
        """Says in a presence what it wants to be told: the first one goes out before the library can."""
        for interest in self._interests:
            await xmpp["xep_0030"].add_feature(f"{interest}+notify", jid=xmpp.boundjid)
        await xmpp["xep_0115"].update_caps(broadcast=True)

    def hears(self, event):
        wait_until(lambda: event in self.events, 20, f"{event} is told", lambda: str(self.events))


class ArchiveAndFeedsTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.begin(Tradewind(cls.root, DOMAIN, cls.authority, "127.0.37.1"))
        for name in ("alice", "bob"):
            cls.server.perform("account", "create", name, "password=correct-horse")

    def log_in(self, name, listener=None):
        client = Client(f"{name}@{DOMAIN}", "correct-horse", "127.0.37.1", self.server.client_port, self.authority,
                        PLUGINS, listener.prepare if listener else None)
        self.addCleanup(client.close)
        if listener:
            client.call(listener.announce)
        return client

    def bodies(self, client, **query):
        async def run(xmpp):
            return [str(message["mam_result"]["forwarded"]["stanza"]["body"])
                    async for message in xmpp["xep_0313"].iterate(**query)]
        return client.call(run)

    def refused(self, client, make_coroutine):
        with self.assertRaises(IqError) as caught:
            client.call(make_coroutine)
        return caught.exception.condition

    def test_conversations_are_in_both_archives_and_outlive_the_server(self):
        alice, bob = self.log_in("alice"), self.log_in("bob")
        said = [f"line {number}" for number in range(25)]
        for line in said:
            alice.say(f"bob@{DOMAIN}", line)
        bob.hear(f"alice@{DOMAIN}", said[-1])
        for client, other in ((alice, "bob"), (bob, "alice")):
            query = {"with_jid": f"{other}@{DOMAIN}", "rsm": {"max": 7}}
            self.assertEqual(self.bodies(client, **query), said)
        self.server.stop()
        self.server.start()
        again = self.log_in("bob")
        self.assertEqual(self.bodies(again, with_jid=f"alice@{DOMAIN}", rsm={"max": 10}), said)

    def test_an_archive_is_its_owners(self):
        alice = self.log_in("alice")

        async def steal(xmpp):
            return await xmpp["xep_0313"].retrieve(jid=slixmpp.JID(f"bob@{DOMAIN}"), timeout=20)

        self.assertEqual(self.refused(alice, steal), "forbidden")

    def test_the_account_says_what_it_can(self):
        async def run(xmpp):
            return await xmpp["xep_0030"].get_info(jid=xmpp.boundjid.bare, timeout=20)
        info = self.log_in("alice").call(run)["disco_info"]
        for feature in ("urn:xmpp:mam:2", "urn:xmpp:mam:2#extended", "urn:xmpp:sid:0",
                        "http://jabber.org/protocol/pubsub#publish-options"):
            self.assertIn(feature, info["features"])
        self.assertIn(("pubsub", "pep"), [identity[:2] for identity in info["identities"]])

    def test_a_feed_is_made_followed_and_read(self):
        listener = Listener()
        alice, bob = self.log_in("alice"), self.log_in("bob", listener)

        async def make(xmpp):
            pubsub = xmpp["xep_0060"]
            await pubsub.create_node(FEEDS, "news", timeout=20)
            await pubsub.publish(FEEDS, "news", id="one", payload=entry("first"), timeout=20)

        async def follow(xmpp):
            await xmpp["xep_0060"].subscribe(FEEDS, "news", timeout=20)

        async def publish(xmpp):
            await xmpp["xep_0060"].publish(FEEDS, "news", id="two", payload=entry("second"), timeout=20)
            await xmpp["xep_0060"].retract(FEEDS, "news", "one", notify=True, timeout=20)

        async def read(xmpp):
            result = await xmpp["xep_0060"].get_items(FEEDS, "news", timeout=20)
            return [item["id"] for item in result["pubsub"]["items"]]

        async def intrude(xmpp):
            await xmpp["xep_0060"].publish(FEEDS, "news", payload=entry("spam"), timeout=20)

        alice.call(make)
        bob.call(follow)
        listener.hears((FEEDS, "news", "one", "first"))
        alice.call(publish)
        listener.hears((FEEDS, "news", "two", "second"))
        listener.hears((FEEDS, "news", "one", "retract"))
        self.assertEqual(bob.call(read), ["two"])
        self.assertEqual(self.refused(bob, intrude), "forbidden")

    def test_bookmarks_are_private_and_told_to_ones_own_clients(self):
        listener = Listener([BOOKMARKS])
        alice, bob = self.log_in("alice", listener), self.log_in("bob")

        async def bookmark(xmpp):
            options = xmpp["xep_0004"].make_form("submit")
            options.add_field("FORM_TYPE", "hidden",
                              value="http://jabber.org/protocol/pubsub#publish-options")
            for name, value in (("persist_items", "true"), ("max_items", "max"),
                                ("send_last_published_item", "never"), ("access_model", "whitelist")):
                options.add_field(f"pubsub#{name}", value=value)
            payload = ElementTree.Element(f"{{{BOOKMARKS}}}conference", {"name": "Ops", "autojoin": "true"})
            payload.text = "kept"
            await xmpp["xep_0060"].publish(xmpp.boundjid.bare, BOOKMARKS, id="ops@rooms.test", payload=payload,
                                           options=options, timeout=20)

        async def read(xmpp):
            result = await xmpp["xep_0060"].get_items(f"alice@{DOMAIN}", BOOKMARKS, timeout=20)
            return [item["id"] for item in result["pubsub"]["items"]]

        alice.call(bookmark)
        listener.hears((f"alice@{DOMAIN}", BOOKMARKS, "ops@rooms.test", "kept"))
        self.assertEqual(alice.call(read), ["ops@rooms.test"])
        self.assertIn(self.refused(bob, read), ("not-allowed", "service-unavailable"))


if __name__ == "__main__":
    unittest.main()

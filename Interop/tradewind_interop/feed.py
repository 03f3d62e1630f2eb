"""Following one of a site's feeds with a real client library (slixmpp), whatever it is about."""
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import StanzaPath

from .client import Client

EVENT = "{http://jabber.org/protocol/pubsub#event}"


class Feed:
    """A subclass of this and `Workspace` begins the site as `cls.site`, and says what is followed there."""

    node = None
    # The element that each item holds.
    payload = None

    @staticmethod
    def gist(element):
        """What a test compares of what an item holds."""
        raise NotImplementedError

    def log_in(self, name):
        """A client of the site, and what the feed tells it."""
        told = []

        def keep(message):
            for element in message.xml.iterfind(f"{EVENT}event/{EVENT}items/{EVENT}item/{self.payload}"):
                told.append(self.gist(element))

        def prepare(xmpp):
            xmpp.register_handler(Callback("what the feed tells", StanzaPath("message/pubsub_event"), keep))

        client = Client(f"{name}@{self.site.domain}", "correct-horse", self.site.address, self.site.client_port,
                        self.authority, ("xep_0060",), prepare)
        self.addCleanup(client.close)
        return client, told

    async def follow(self, xmpp):
        await xmpp["xep_0060"].subscribe(self.site.domain, self.node, bare=False, timeout=20)

    async def read(self, xmpp):
        """The items that are kept."""
        result = await xmpp["xep_0060"].get_items(self.site.domain, self.node, timeout=20)
        return list(result["pubsub"]["items"])

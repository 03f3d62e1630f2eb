"""What must work between a site and any real XMPP server, whichever it is."""
from .client import Client
from .tradewind import Tradewind


class ServerToServer:
    """The scenarios; a subclass of this and `Workspace` starts the other server as `cls.peer`."""

    @classmethod
    def begin_site(cls, ours, theirs, usages="serverAuth,clientAuth", server_port=5269, their_port="5269"):
        domain = cls.peer.domain
        cls.site = cls.begin(Tradewind(
            cls.root, "paris.test", cls.authority, ours, server_port=server_port,
            routes=[f"{domain}={theirs}:{their_port}"], settings=cls.settings, usages=usages))
        cls.site.perform("account", "create", "alice", "password=correct-horse")
        cls.site.perform("grant", "add", f"romeo@{domain}", "permissions=machine")
        cls.romeo = cls.begin(
            Client(f"romeo@{domain}", "secret", theirs, 5222, cls.authority))
        cls.alice = cls.begin(
            Client("alice@paris.test", "correct-horse", ours, cls.site.client_port, cls.authority))

    settings = ()

    def test_a_foreign_user_commands_the_site(self):
        self.assertIn("paris.test", self.romeo.ask("paris.test", "machine list"))

    def test_a_foreign_user_may_not_do_what_nobody_granted(self):
        self.assertNotIn("alice", self.romeo.ask("paris.test", "account list"))

    def test_users_of_both_servers_chat(self):
        self.alice.say(self.romeo.jid, "good morrow, cousin")
        self.romeo.hear("alice@paris.test", "good morrow, cousin")
        self.romeo.say("alice@paris.test", "is the day so young?")
        self.alice.hear(self.romeo.jid, "is the day so young?")

    def test_the_peer_answers_our_user(self):
        version = self.alice.call(lambda xmpp: xmpp["xep_0092"].get_version(self.peer.domain))
        self.assertEqual(version["software_version"]["name"], self.peer.software)
        self.assertGreaterEqual(self.alice.call(lambda xmpp: xmpp["xep_0199"].ping(self.peer.domain)), 0)

    def test_we_answer_the_peers_user(self):
        version = self.romeo.call(lambda xmpp: xmpp["xep_0092"].get_version("paris.test"))
        self.assertEqual(version["software_version"]["name"], "Tradewind")
        self.assertGreaterEqual(self.romeo.call(lambda xmpp: xmpp["xep_0199"].ping("paris.test")), 0)

    def test_a_foreign_user_finds_the_commands(self):
        items = self.romeo.call(lambda xmpp: xmpp["xep_0050"].get_commands("paris.test"))
        nodes = [node for _, node, _ in items["disco_items"]["items"]]
        self.assertIn("machine.list", " ".join(nodes))
        self.assertNotIn("account.create", " ".join(nodes))

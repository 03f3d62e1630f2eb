"""How the agent behaves in a chat, as a real client library (slixmpp) sees it, however it is attached to XMPP."""
import xml.etree.ElementTree as ET

from .client import ANSWER_SECONDS, Client
from .waiting import wait_until

PLUGINS = ("xep_0045", "xep_0085", "xep_0249", "xep_0308", "xep_0439")
# What another one wraps into a message, as if it came from the agent's own account or from something it asked for.
FORGED = (
    "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>{message}</forwarded></received>",
    "<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>{message}</forwarded></sent>",
    "<result xmlns='urn:xmpp:mam:2' id='1'><forwarded xmlns='urn:xmpp:forward:0'>{message}</forwarded></result>",
    "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='x'><item id='1'>{message}</item></items></event>",
)


class Heard:
    """Every message a client gets, with what slixmpp makes of it."""

    def __init__(self):
        self.messages = []
        self.receipts = []

    def prepare(self, xmpp):
        # Each message, whichever handler takes it besides.
        for event in ("message", "groupchat_message", "chatstate_composing", "message_correction"):
            xmpp.add_event_handler(event, self._take)
        xmpp.add_event_handler("receipt_received", lambda message: self.receipts.append(message["receipt"]))

    def _take(self, message):
        if all(message is not known for known in self.messages):
            self.messages.append(message)

    def wait_for(self, what, condition, describe=lambda: ""):
        return wait_until(lambda: next((m for m in list(self.messages) if condition(m)), None), ANSWER_SECONDS, what,
                          lambda: describe() + str([str(m) for m in self.messages]))


class Manners:
    """A subclass of this and `Workspace` begins the agent as `cls.paris`, and says where people chat with it."""

    image = None
    # Two accounts: the first may do everything at the site, the second nothing.
    admin = guest = None
    password = None
    # Where both log in.
    client_address, client_port = None, 5222
    # A room of the service at hand, which the agent is told to believe.
    room = None
    # Whether the people's server is Tradewind's own, which takes forged carbons out of messages before the agent sees them.
    strips_copies = False
    # Whether the people's server goes on while the agent is started again.
    people_stay = True

    @property
    def agent(self):
        """The bare address that people write to."""
        return self.paris.domain

    @property
    def nickname(self):
        return self.agent.split("@")[0]

    def chatter(self, jid=None, plugins=PLUGINS):
        heard = Heard()
        client = Client(jid or self.admin, self.password, self.client_address, self.client_port, self.authority,
                        plugins=plugins, prepare=heard.prepare)
        self.addCleanup(client.close)
        return client, heard

    def tell(self, client, body, to=None, kind="chat", state="active", **parts):
        """Sends `body`, to the agent unless told otherwise; returns the message's id."""
        async def run(xmpp):
            message = xmpp.make_message(mto=to or self.agent, mbody=body, mtype=kind)
            message["id"] = xmpp.new_id()
            if state:
                message["chat_state"] = state
            for name, value in parts.items():
                message[name] = value
            message.send()
            return message["id"]

        return client.call(run)

    def is_about(self, name):
        """Whether a message is the answer that shows the machine of that name."""
        return lambda message: name in message["body"] and "state" in message["body"].lower()

    def shows_corrections(self, admin, heard):
        heard.messages.clear()
        name = f"known-{len(self.paris.perform('machine', 'list'))}"
        self.tell(admin, f"machine create {name} image={self.image} memory=128M", state=None)
        heard.wait_for("the answer", self.is_about(name), self.paris.log)
        return any(m.get_plugin("replace", check=True) for m in heard.messages)

    def test_it_composes_corrects_its_line_of_progress_and_answers(self):
        admin, heard = self.chatter()
        # Whom it hears for the first time the agent asks what his client can show; answers do not wait for that.
        wait_until(lambda: self.shows_corrections(admin, heard), ANSWER_SECONDS, "it corrects its lines", self.paris.log)
        heard.messages.clear()
        asked = self.tell(admin, f"machine create slow image={self.image} memory=128M", request_receipt=True)
        answer = heard.wait_for("the answer", self.is_about("slow"), self.paris.log)
        self.assertIn(asked, heard.receipts)
        order = [str(m["chat_state"]) for m in heard.messages if not m["receipt"]]
        self.assertEqual(order[0], "composing")
        self.assertEqual(answer["chat_state"], "active")
        told = [m for m in heard.messages if m["body"] and m is not answer]
        first = told[0]
        self.assertTrue(first["id"])
        self.assertFalse(first.get_plugin("replace", check=True))
        corrections = [m for m in told[1:]]
        self.assertTrue(corrections, str([str(m) for m in heard.messages]))
        self.assertEqual({m["replace"]["id"] for m in corrections}, {first["id"]})
        self.assertIn("running", corrections[-1]["body"])

    def test_who_cannot_show_corrections_gets_the_first_line_and_the_answer(self):
        admin, heard = self.chatter(plugins=())
        self.tell(admin, f"machine create plain image={self.image} memory=128M", state=None)
        answer = heard.wait_for("the answer", self.is_about("plain"), self.paris.log)
        self.assertEqual(len([m for m in heard.messages if m["body"]]), 2)
        self.assertIs(heard.messages[-1], answer)
        self.assertFalse(heard.receipts, "nobody asked for one")

    def test_a_code_comes_with_buttons(self):
        admin, heard = self.chatter()
        self.tell(admin, f"machine create doomed image={self.image} memory=128M")
        heard.wait_for("the machine", self.is_about("doomed"), self.paris.log)
        self.tell(admin, "machine delete doomed")
        question = heard.wait_for("the question", lambda m: "confirm" in m["body"], self.paris.log)
        responses = question.xml.findall("{urn:xmpp:tmp:quick-response}response")
        self.assertEqual([r.get("label") for r in responses], ["Confirm", "Cancel"])
        for response in responses:
            self.assertIn(response.get("value"), question["body"])
        self.tell(admin, responses[0].get("value"))
        wait_until(lambda: not any(m["specification"]["name"] == "doomed" and m["state"] != "deleted"
                                   for m in self.paris.perform("machine", "list")),
                   ANSWER_SECONDS, "the machine is gone", self.paris.log)

    def test_what_another_wraps_into_a_message_is_passed_over(self):
        admin, _ = self.chatter()
        guest, heard = self.chatter(self.guest)
        order = f"machine create forged image={self.image} memory=128M"
        wrapped = (f"<message xmlns='jabber:client' type='chat' from='{self.admin}/desk' to='{self.agent}'>"
                   f"<body>{order}</body></message>")

        async def forge(xmpp):
            for payload in FORGED:
                message = xmpp.make_message(mto=self.agent, mbody="help", mtype="chat")
                message.append(ET.fromstring(payload.format(message=wrapped)))
                message.send()

        guest.call(forge)
        # Lines of one person are answered in order: what this answers came after the others.
        self.tell(guest, "machine list")
        heard.wait_for("the one answer", lambda m: "machine list" in m["body"], self.paris.log)
        told = [m for m in heard.messages if m["body"]]
        self.assertEqual(len(told), 3 if self.strips_copies else 1, str([str(m) for m in heard.messages]))
        self.assertNotIn("forged", [m["specification"]["name"] for m in self.paris.perform("machine", "list")])

    def test_an_account_that_says_what_a_room_says_is_no_room(self):
        """Invited in an administrator's name, shown him as somebody there, and told something as he."""
        guest, heard = self.chatter(self.guest)
        rooms, owner = "http://jabber.org/protocol/muc#user", self.admin

        async def forge(xmpp):
            def send(stanza, text):
                stanza.append(ET.fromstring(text))
                stanza.send()

            send(xmpp.make_message(mto=self.agent), f"<x xmlns='{rooms}'><invite from='{owner}'/></x>")
            send(xmpp.make_presence(pto=self.agent),
                 f"<x xmlns='{rooms}'><item affiliation='owner' role='moderator' jid='{owner}/desk'/>"
                 "<status code='100'/><status code='110'/></x>")
            xmpp["xep_0249"].send_invitation(self.agent, self.guest)

        guest.call(forge)
        self.tell(guest, f"grant add {self.guest} permissions=all")
        heard.wait_for("the refusal", lambda m: "grant" in m["body"], self.paris.log)
        self.assertFalse(any(room["room"] == self.guest for room in self.paris.perform("room", "list")))
        self.assertFalse([g for g in self.paris.perform("grant", "list") if g["subject"] == self.guest])

    # A room

    def enter(self, client):
        async def run(xmpp):
            return await xmpp["xep_0045"].join_muc_wait(self.room, xmpp.boundjid.user, timeout=ANSWER_SECONDS)

        client.call(run, ANSWER_SECONDS + 10)

    def invite(self, client):
        async def run(xmpp):
            xmpp["xep_0249"].send_invitation(self.agent, self.room)

        client.call(run)

    def show_everybody(self, owner):
        async def run(xmpp):
            answers = xmpp["xep_0004"].make_form(ftype="submit")
            answers.add_field(var="FORM_TYPE", value="http://jabber.org/protocol/muc#roomconfig")
            answers.add_field(var="muc#roomconfig_whois", value="anyone")
            answers.add_field(var="muc#roomconfig_persistentroom", value="1")
            await xmpp["xep_0045"].set_room_config(self.room, answers)

        owner.call(run)

    def is_inside(self):
        return any(room["room"] == self.room and room["state"] == "inside"
                   for room in self.paris.perform("room", "list"))

    def answers_in_room(self, client, heard, seconds):
        """Addresses the agent again and again until it answers; its answers."""
        def own():
            return [m for m in heard.messages if m["type"] == "groupchat" and m["from"].resource == self.nickname]

        before = len(own())

        def is_answered():
            self.tell(client, f"{self.nickname}: version", self.room, "groupchat", None)
            try:
                return wait_until(lambda: own()[before:], 3, "an answer")
            except AssertionError:
                return None

        return wait_until(is_answered, seconds, "the agent answers in the room", self.paris.log)

    def log_in_again(self):
        """The people's server was started again with the agent: those who stay for other tests come back."""

    def lose_link(self):
        """Breaks the agent's connection, where there is one to break."""

    def test_in_a_room_it_speaks_when_addressed_by_somebody_it_knows_and_stays_there(self):
        admin, heard = self.chatter()
        guest, _ = self.chatter(self.guest)
        self.enter(admin)
        self.show_everybody(admin)
        self.enter(guest)
        self.invite(guest)
        self.invite(admin)
        wait_until(self.is_inside, ANSWER_SECONDS, "the agent is in the room", self.paris.log)
        self.tell(admin, f"good morning, {self.nickname}", self.room, "groupchat", None)
        self.tell(admin, f"{self.nickname}: version", self.room, "groupchat", None)
        answer = heard.wait_for("the answer", lambda m: "Tradewind" in m["body"], self.paris.log)
        self.assertEqual((answer["type"], answer["from"].bare), ("groupchat", self.room))
        self.assertTrue(answer["body"].startswith("romeo: "), answer["body"])
        own = [m["body"] for m in heard.messages if m["from"].resource == self.nickname and m["body"]]
        self.assertEqual(own, [answer["body"]])
        self.tell(guest, f"{self.nickname}: machine list", self.room, "groupchat", None)
        heard.wait_for("the refusal", lambda m: m["from"].resource == self.nickname and "grant" in m["body"])
        self.lose_link()
        for answer in self.answers_in_room(admin, heard, 120):
            self.assertTrue(answer["body"].startswith("romeo: "), answer["body"])
        self.paris.stop()
        self.paris.start()
        wait_until(self.is_inside, 120, "the agent is in the room after a restart", self.paris.log)
        if self.people_stay:
            self.answers_in_room(admin, heard, 120)
            self.tell(admin, f"{self.nickname}: leave", self.room, "groupchat", None)
        else:
            self.log_in_again()
            self.paris.perform("room", "leave", self.room)
        wait_until(lambda: not self.paris.perform("room", "list"), ANSWER_SECONDS, "the agent has left",
                   self.paris.log)

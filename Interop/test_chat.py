"""How the agent behaves in a chat, as a real client library (slixmpp) sees it: directly and in a room."""
import unittest

from tradewind_interop.client import ANSWER_SECONDS, Client
from tradewind_interop.tradewind import Tradewind, join
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

HERE = "127.0.43.1"
THERE = "127.0.43.2"
PASSWORD = "correct-horse"
AGENT = "paris.test"
ROOM = "ops@rooms.paris.test"
PLUGINS = ("xep_0045", "xep_0085", "xep_0249", "xep_0308", "xep_0439")


class Heard:
    """Every message a client gets, with what slixmpp makes of it."""

    def __init__(self):
        self.messages = []

    def prepare(self, xmpp):
        # Each message, whichever handler takes it besides.
        for event in ("message", "groupchat_message", "chatstate_composing", "message_correction"):
            xmpp.add_event_handler(event, self._take)

    def _take(self, message):
        if all(message is not known for known in self.messages):
            self.messages.append(message)

    def wait_for(self, what, condition, describe=lambda: ""):
        return wait_until(lambda: next((m for m in list(self.messages) if condition(m)), None), ANSWER_SECONDS, what,
                          lambda: describe() + str([str(m) for m in self.messages]))


class ChatTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.image = cls.root / "image.qcow2"
        cls.image.write_bytes(b"the in-memory driver boots anything")
        images = ["--image-directory", str(cls.root)]
        cls.paris = cls.begin(Tradewind(
            cls.root, AGENT, cls.authority, HERE, server_port=5269, coordinator=True, options=images,
            routes=[f"tokyo.test={THERE}:5269"]))
        cls.tokyo = cls.begin(Tradewind(
            cls.root, "tokyo.test", cls.authority, THERE, server_port=5269, options=images,
            routes=[f"{AGENT}={HERE}:5269"]))
        join(cls.paris, cls.tokyo, "reservation,machine")
        for name in ("admin", "guest"):
            cls.paris.perform("account", "create", name, f"password={PASSWORD}")

    def client(self, name="admin", plugins=PLUGINS):
        heard = Heard()
        client = Client(f"{name}@{AGENT}", PASSWORD, HERE, self.paris.client_port, self.authority, plugins=plugins,
                        prepare=heard.prepare)
        self.addCleanup(client.close)
        return client, heard

    def say(self, client, body, to=AGENT, kind="chat", state="active"):
        async def run(xmpp):
            message = xmpp.make_message(mto=to, mbody=body, mtype=kind)
            if state:
                message["chat_state"] = state
            message.send()

        client.call(run)

    def test_it_composes_corrects_its_line_of_progress_and_answers(self):
        admin, heard = self.client()
        self.say(admin, f"machine create slow image={self.image} memory=128M")
        answer = heard.wait_for("the answer", lambda m: "slow" in m["body"] and "state" in m["body"].lower())
        order = [str(m["chat_state"]) for m in heard.messages]
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
        admin, heard = self.client(plugins=())
        self.say(admin, f"machine create plain image={self.image} memory=128M", state=None)
        answer = heard.wait_for("the answer", lambda m: "plain" in m["body"] and "state" in m["body"].lower())
        self.assertEqual(len([m for m in heard.messages if m["body"]]), 2)
        self.assertIs(heard.messages[-1], answer)

    def test_a_code_comes_with_buttons(self):
        admin, heard = self.client()
        self.say(admin, f"machine create doomed image={self.image} memory=128M")
        heard.wait_for("the machine", lambda m: "doomed" in m["body"] and "state" in m["body"].lower())
        self.say(admin, "machine delete doomed")
        question = heard.wait_for("the question", lambda m: "confirm" in m["body"])
        responses = question.xml.findall("{urn:xmpp:tmp:quick-response}response")
        self.assertEqual([r.get("label") for r in responses], ["Confirm", "Cancel"])
        for response in responses:
            self.assertIn(response.get("value"), question["body"])
        self.say(admin, responses[0].get("value"))
        wait_until(lambda: not any(m["specification"]["name"] == "doomed" and m["state"] != "deleted"
                                   for m in self.paris.perform("machine", "list")),
                   ANSWER_SECONDS, "the machine is gone", self.paris.log)

    def test_in_a_room_it_speaks_when_addressed_by_somebody_it_knows(self):
        admin, heard = self.client()
        guest, _ = self.client("guest")

        async def enter(xmpp):
            return await xmpp["xep_0045"].join_muc_wait(ROOM, xmpp.boundjid.user, timeout=20)

        async def show_everybody(xmpp):
            answers = xmpp["xep_0004"].make_form(ftype="submit")
            answers.add_field(var="FORM_TYPE", value="http://jabber.org/protocol/muc#roomconfig")
            answers.add_field(var="muc#roomconfig_whois", value="anyone")
            await xmpp["xep_0045"].set_room_config(ROOM, answers)

        async def invite(xmpp):
            xmpp["xep_0249"].send_invitation(AGENT, ROOM)

        admin.call(enter, 30)
        admin.call(show_everybody)
        guest.call(enter, 30)
        guest.call(invite)
        admin.call(invite)
        wait_until(lambda: any(room["room"] == ROOM and room["state"] == "inside"
                               for room in self.paris.perform("room", "list")),
                   ANSWER_SECONDS, "the agent is in the room", self.paris.log)
        self.say(admin, "good morning, paris.test", ROOM, "groupchat", None)
        self.say(admin, f"{AGENT}: version", ROOM, "groupchat", None)
        answer = heard.wait_for("the answer", lambda m: "Tradewind" in m["body"])
        self.assertEqual((answer["type"], answer["from"].bare), ("groupchat", ROOM))
        self.assertTrue(answer["body"].startswith("admin: "), answer["body"])
        own = [m["body"] for m in heard.messages if m["from"].resource == AGENT]
        self.assertEqual(own, [answer["body"]])
        self.say(guest, f"{AGENT}: machine list", ROOM, "groupchat", None)
        heard.wait_for("the refusal", lambda m: m["from"].resource == AGENT and "grant" in m["body"])
        self.say(admin, f"{AGENT}: leave", ROOM, "groupchat", None)
        wait_until(lambda: not self.paris.perform("room", "list"), ANSWER_SECONDS, "the agent has left",
                   self.paris.log)


if __name__ == "__main__":
    unittest.main()

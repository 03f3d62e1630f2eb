import Testing
import XML
import XMPP

@Suite("Stanzas on the wire")
struct StanzaCodecTests {
    private static let juliet = JID(preparedLocal: "juliet", domain: "rome.test", resource: "balcony")
    private static let romeo = JID(preparedLocal: "romeo", domain: "paris.test", resource: nil)

    private static func wire(
        _ name: String, _ namespace: String, _ attributes: KeyValuePairs<String, String?> = [:],
        _ children: [Element] = []
    ) -> Element {
        Element(name, namespace: namespace, attributes, children)
    }

    @Test(
        "A stanza comes back as it went, over every kind of stream",
        arguments: [Namespace.client, Namespace.server, Namespace.component],
        [
            Stanza.message(Message(to: romeo, from: juliet, id: "m1", body: "wherefore")),
            .message(Message(to: romeo, language: "it", kind: .normal, payloads: [])),
            .presence(Presence(to: nil)),
            .presence(Presence(to: romeo, kind: .subscribe)),
            .iq(
                IQ(to: romeo, from: juliet, id: "i1", body: .get(Ping().element))),
            .iq(IQ(to: romeo, id: "i2", body: .result(nil))),
            .iq(
                IQ(to: romeo, id: "i3", body: .error(StanzaError(.itemNotFound, text: "no such machine")))),
        ])
    func roundTrip(namespace: String, stanza: Stanza) throws {
        let element = stanza.element(in: namespace)
        #expect(element.namespace == namespace)
        #expect(try Stanza(parsing: element) == stanza)
    }

    @Test("Children in the content namespace are moved, forwarded stanzas are not")
    func namespaces() throws {
        let forwarded = Element(
            "forwarded", namespace: "urn:xmpp:forward:0", [:],
            [Element("message", namespace: Namespace.server, text: "x")])
        let arrived = Self.wire(
            "message", Namespace.server, ["type": "chat"],
            [Element("body", namespace: Namespace.server, text: "hi"), forwarded])
        guard case .message(let message) = try Stanza(parsing: arrived) else {
            Issue.record("not a message")
            return
        }
        #expect(message.body == "hi")
        #expect(message.payloads.last == forwarded)
        #expect(Stanza.message(message).element(in: Namespace.server) == arrived)
    }

    @Test(
        "RFC 6120 §4.8.3: What is in another content namespace than the stream's never becomes a stanza's own",
        arguments: [Namespace.client, Namespace.server, Namespace.component])
    func foreignContent(namespace: String) throws {
        let others = [Namespace.client, Namespace.server, Namespace.component].filter { $0 != namespace }
        let body = Element("body", namespace: namespace, text: "hi")
        let forged = others.flatMap { other in
            [
                Element("subject", namespace: other, text: "forged"),
                Element("body", namespace: other, text: "hidden"),
            ]
        }
        let forwarded = Element("forwarded", namespace: "urn:xmpp:forward:0", [:], forged)
        let wrapped = Element("thread", namespace: namespace, [:], forged)
        let stanza = try Stanza(
            parsing: Self.wire("message", namespace, [:], forged + [body, forwarded, wrapped]))
        guard case .message(let message) = stanza else {
            Issue.record("not a message")
            return
        }
        #expect(
            message.payloads == [
                Element("body", namespace: Namespace.client, text: "hi"), forwarded,
                Element("thread", namespace: Namespace.client),
            ])
        // Nor by what this process makes itself.
        let made = Stanza.message(
            Message(to: nil, payloads: [Element("subject", namespace: Namespace.server, text: "forged")]))
        #expect(made.element(in: Namespace.server).elements.isEmpty)
        #expect(made.element(in: Namespace.client).elements.isEmpty)
    }

    @Test(
        "A malformed request is answered with the error of RFC 6120",
        arguments: [
            (
                wire(
                    "iq", Namespace.client, ["type": "get", "from": "a.test"], [Ping().element]),
                .badRequest
            ),
            (wire("iq", Namespace.client, ["type": "get", "id": "1"]), .badRequest),
            (
                wire(
                    "iq", Namespace.client, ["type": "set", "id": "1"],
                    [Element("x", namespace: "y"), Element("x", namespace: "y")]), .badRequest
            ),
            (wire("iq", Namespace.client, ["type": "push", "id": "1"]), .badRequest),
            (wire("iq", Namespace.client, ["id": "1"]), .badRequest),
            (wire("presence", Namespace.client, ["type": "dnd"]), .badRequest),
            (wire("presence", Namespace.client, ["type": "available"]), .badRequest),
            (wire("message", Namespace.client, ["to": "a@@b"]), .jidMalformed),
            (
                wire(
                    "iq", Namespace.client, ["type": "get", "id": "1", "to": "@"],
                    [Element("x", namespace: "y")]),
                .jidMalformed
            ),
        ] as [(Element, StanzaError.Condition)])
    func malformed(element: Element, condition: StanzaError.Condition) throws {
        let failure = #expect(throws: StanzaParseFailure.self) { try Stanza(parsing: element) }
        guard case .malformed(let error, .some(let reply)) = failure else {
            Issue.record("no reply: \(String(describing: failure))")
            return
        }
        #expect(error.condition == condition)
        #expect(reply.isAnswer)
        #expect(reply.to?.description == element[attribute: "from"])
        #expect(reply.element()[attribute: "id"] == element[attribute: "id"])
        #expect(reply.element()[attribute: "type"] == "error")
        #expect(failure?.streamError == nil)
    }

    @Test(
        "A malformed answer is not answered",
        arguments: [
            wire("iq", Namespace.client, ["type": "result"]),
            wire("iq", Namespace.client, ["type": "error"]),
            wire("message", Namespace.client, ["type": "error", "to": "@"]),
            wire(
                "iq", Namespace.client, ["type": "result", "id": "1"],
                [Element("x", namespace: "y"), Element("x", namespace: "y")]),
        ])
    func malformedAnswer(element: Element) {
        let failure = #expect(throws: StanzaParseFailure.self) { try Stanza(parsing: element) }
        guard case .malformed(_, nil) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test("What is no stanza, or claims no sender, closes the stream")
    func fatal() {
        let features = Self.wire("features", Namespace.streams)
        let query = Self.wire("query", Namespace.client)
        let forged = Self.wire("message", Namespace.client, ["from": "a@@b"])
        #expect(throws: StanzaParseFailure.notAStanza) { try Stanza(parsing: features) }
        #expect(throws: StanzaParseFailure.notAStanza) { try Stanza(parsing: query) }
        #expect(throws: StanzaParseFailure.malformedSender) { try Stanza(parsing: forged) }
        #expect(StanzaParseFailure.notAStanza.streamError?.condition == .unsupportedStanzaType)
        #expect(StanzaParseFailure.malformedSender.streamError?.condition == .invalidFrom)
    }

    @Test("A message of unknown type is a normal one")
    func unknownMessageType() throws {
        let stanza = try Stanza(parsing: Self.wire("message", Namespace.client, ["type": "shout"]))
        #expect(stanza == .message(Message(to: nil, kind: .normal, payloads: [])))
    }

    @Test("Errors are never answered")
    func noErrorLoop() {
        let error = StanzaError(.serviceUnavailable)
        let message = Stanza.message(Message(to: Self.romeo, from: Self.juliet, id: "1", body: "x"))
        let reply = message.errorReply(error)
        #expect(reply?.to == Self.juliet)
        #expect(reply?.from == Self.romeo)
        #expect(reply?.id == "1")
        #expect(reply?.errorReply(error) == nil)
        #expect(Stanza.iq(IQ(to: nil, id: "1", body: .result(nil))).errorReply(error) == nil)
        let presence = Stanza.presence(Presence(to: Self.romeo, from: Self.juliet, kind: .subscribe))
        #expect(presence.errorReply(error)?.errorReply(error) == nil)
    }
}

@Suite("Stanza errors on the wire")
struct StanzaErrorCodecTests {
    @Test("Every condition comes back", arguments: StanzaError.Condition.allCases)
    func roundTrip(condition: StanzaError.Condition) {
        var error = StanzaError(
            condition, kind: .wait, text: "later", detail: Element("too-many", namespace: "urn:example"))
        #expect(StanzaError(parsing: error.element) == error)
        error = StanzaError(condition)
        #expect(StanzaError(parsing: error.element) == error)
    }

    @Test("The new address of gone and redirect is kept")
    func newAddress() {
        var error = StanzaError(.gone)
        error.newAddress = "xmpp:new@paris.test"
        #expect(StanzaError(parsing: error.element) == error)
    }

    @Test("An incomplete error is understood as far as it goes")
    func lenient() {
        let bare = Element("error", namespace: Namespace.client)
        #expect(StanzaError(parsing: bare) == StanzaError(.undefinedCondition))
        let odd = Element(
            "error", namespace: Namespace.client, ["type": "weird"],
            [
                Element("brand-new", namespace: Namespace.stanzaErrors),
                Element("conflict", namespace: "other"),
            ])
        #expect(StanzaError(parsing: odd).condition == .undefinedCondition)
        #expect(StanzaError(parsing: odd).detail?.name == "conflict")
    }
}

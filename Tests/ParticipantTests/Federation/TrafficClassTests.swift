import Federation
import Testing
import XML
import XMPP
import XMPPTransport

@testable import Participant

@Suite("How what we say waits on a slow link")
struct TrafficClassTests {
    private static let peer = JID(preparedLocal: nil, domain: "tokyo.test", resource: nil)
    private static let row = Element(
        RowEnvelope.elementName, namespace: RowEnvelope.namespace, ["origin": "paris.test"])

    @Test("Rows give way to everything else, those that are pushed to newer ones too, those asked for never")
    func rows() {
        let pushed = Message(to: Self.peer, kind: .headline, payloads: [Self.row])
        let answer = IQ(to: Self.peer, id: "r", body: .result(Self.row))
        #expect(TrafficClass.federation(.message(pushed)) == .row(name: "tokyo.test paris.test"))
        #expect(TrafficClass.federation(.iq(answer)) == .answer(to: Self.peer.description))
    }

    @Test("Everything else is a command, but for what asks about this very moment")
    func others() {
        let chat = Message(to: Self.peer, kind: .chat, payloads: [Self.row])
        #expect(TrafficClass.federation(.message(chat)) == .command)
        #expect(TrafficClass.federation(.iq(IQ(to: Self.peer, id: "o", body: .result(nil)))) == .command)
        #expect(TrafficClass.federation(.presence(Presence(to: Self.peer))) == .command)
        let ping = IQ(to: Self.peer, id: "p", body: .get(Ping().element))
        #expect(TrafficClass.federation(.iq(ping)) == .probe)
    }
}

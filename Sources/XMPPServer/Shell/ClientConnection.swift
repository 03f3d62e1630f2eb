import Cryptography
import Logging
import Synchronization
import XML
import XMPP
import XMPPTransport

/// One client stream: binds or resumes its session, checks whom it speaks for, and passes on what it sends.
final class ClientConnection: ClientStreamDelegate {
    let shell: DomainShell
    private let outlet: Mutex<SessionOutlet?> = Mutex(nil)

    init(shell: DomainShell) {
        self.shell = shell
    }

    /// The session of the stream; nil until a resource is bound or a session resumed.
    var session: SessionOutlet? { self.outlet.withLock { $0 } }

    func take(_ session: SessionOutlet) { self.outlet.withLock { $0 = session } }

    func received(_ stanza: Stanza, on stream: ClientStream) {
        guard let outlet = self.session else {
            self.bind(stanza, on: stream)
            return
        }
        let address = outlet.session.address
        // RFC 6120 §8.1.2.1: a client speaks as its own full or bare address, or leaves it to the server.
        guard stanza.from == nil || stanza.from == address || stanza.from == address.bare else {
            stream.close(StreamError(.invalidFrom, text: "this stream speaks for \(address)"))
            return
        }
        guard outlet.handled(on: stream) else { return }
        self.shell.handle(
            .fromClient(stanza, outlet.session.id), from: outlet.key, on: stream.id,
            pause: { stream.pauseReading() }, resume: { stream.resumeReading() })
    }

    func received(malformed reply: Stanza?, on stream: ClientStream) {
        guard let outlet = self.session else {
            if let reply { stream.send(reply) }
            return
        }
        guard outlet.handled(on: stream), let reply else { return }
        self.shell.perform([.deliver(reply, [outlet.session.id])])
    }

    func received(other element: Element, on stream: ClientStream) {
        switch element.namespace {
        case Namespace.streamManagement: self.received(management: element, on: stream)
        case Namespace.clientState: self.received(clientState: element, on: stream)
        default:
            stream.close(
                StreamError(.unsupportedStanzaType, text: "<\(element.name)/> is not known here"))
        }
    }

    /// XEP-0352 §4; before there is a session there is nothing to hold back.
    private func received(clientState element: Element, on stream: ClientStream) {
        switch element.name {
        case "active", "inactive":
            guard let outlet = self.session else { return }
            self.shell.turn(outlet, isActive: element.name == "active", on: stream)
        default:
            stream.close(
                StreamError(.unsupportedStanzaType, text: "<\(element.name)/> is not known here"))
        }
    }

    func silent(on stream: ClientStream) -> Bool {
        guard let outlet = self.session else {
            stream.close(StreamError(.connectionTimeout, text: "no resource was bound"))
            return false
        }
        if outlet.requestAcknowledgement(on: stream) { return true }
        let domain = self.shell.withDomain { $0.address }
        let ping = IQ(to: outlet.session.address, from: domain, id: "silence", body: .get(Ping().element))
        self.shell.perform([.deliver(.iq(ping), [outlet.session.id])])
        return true
    }

    func ended(_ end: StreamEnd, on stream: ClientStream) {
        guard let outlet = self.session else { return }
        self.shell.logger.debug(
            "Client stream ended", metadata: ["client": "\(outlet.session.address)", "end": "\(end)"])
        self.shell.ended(outlet, stream, isFinal: !end.maySessionGoOn)
    }

    /// RFC 6120 §7: nothing but resource binding is heard until it is done.
    private func bind(_ stanza: Stanza, on stream: ClientStream) {
        guard case .iq(let iq) = stanza, case .set(let request) = iq.body, ResourceBinding.matches(request)
        else {
            stream.close(StreamError(.notAuthorized, text: "bind a resource first"))
            return
        }
        do throws(StanzaError) {
            try self.shell.bind(stream, resource: try self.resource(in: request, on: stream)) { outlet in
                self.take(outlet)
                let address = outlet.session.address
                self.shell.logger.debug(
                    "Client session began",
                    metadata: ["client": "\(address)", "address": "\(stream.remoteAddress)"])
                stream.send(
                    .iq(IQ(to: nil, id: iq.id, body: .result(ResourceBinding(address: address).element))))
            }
        } catch {
            stream.send(.iq(IQ(to: nil, id: iq.id, body: .error(error))))
        }
    }

    /// The resource that is asked for, or one that nobody can guess.
    private func resource(in request: Element, on stream: ClientStream) throws(StanzaError) -> String {
        do {
            if let wanted = try ResourceBinding(parsing: request).resource, !wanted.isEmpty {
                return try stream.account.withResource(wanted).resource ?? wanted
            }
        } catch {
            throw StanzaError(.badRequest, text: "the resource cannot be used")
        }
        var random = SecureRandom()
        return Hexadecimal.encode(random.bytes(8))
    }
}

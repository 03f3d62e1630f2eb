import Cryptography
import Logging
import Synchronization
import XML
import XMPP
import XMPPTransport

/// The session of one client stream: binds its resource, checks whom it speaks for, and passes on what it sends.
final class ClientConnection: ClientStreamDelegate {
    private let shell: DomainShell
    private let session: Mutex<ClientSession?> = Mutex(nil)

    init(shell: DomainShell) {
        self.shell = shell
    }

    func received(_ stanza: Stanza, on stream: ClientStream) {
        guard let session = self.session.withLock({ $0 }) else {
            self.bind(stanza, on: stream)
            return
        }
        // RFC 6120 §8.1.2.1: a client speaks as its own full or bare address, or leaves it to the server.
        guard stanza.from == nil || stanza.from == session.address || stanza.from == session.address.bare
        else {
            stream.close(StreamError(.invalidFrom, text: "this stream speaks for \(session.address)"))
            return
        }
        self.handle(.fromClient(stanza, session.id), on: stream)
    }

    func received(other element: Element, on stream: ClientStream) {
        stream.close(
            StreamError(.unsupportedStanzaType, text: "<\(element.name)/> is not known here"))
    }

    func ended(_ end: StreamEnd, on stream: ClientStream) {
        guard let session = self.session.withLock({ $0 }) else { return }
        self.shell.forget(session.id)
        self.shell.logger.debug(
            "Client session ended", metadata: ["client": "\(session.address)", "end": "\(end)"])
        self.handle(.sessionEnded(session.id), on: stream)
    }

    private func handle(_ event: DomainEvent, on stream: ClientStream) {
        self.shell.handle(
            event, from: stream.id, pause: { stream.pauseReading() }, resume: { stream.resumeReading() })
    }

    /// RFC 6120 §7: nothing but resource binding is heard until it is done.
    private func bind(_ stanza: Stanza, on stream: ClientStream) {
        guard case .iq(let iq) = stanza, case .set(let request) = iq.body, ResourceBinding.matches(request)
        else {
            stream.close(StreamError(.notAuthorized, text: "bind a resource first"))
            return
        }
        do throws(StanzaError) {
            let session = try self.bind(request, on: stream)
            self.session.withLock { $0 = session }
            self.shell.logger.debug(
                "Client session began",
                metadata: ["client": "\(session.address)", "address": "\(stream.remoteAddress)"])
            stream.send(
                .iq(IQ(to: nil, id: iq.id, body: .result(ResourceBinding(address: session.address).element))))
        } catch {
            stream.send(.iq(IQ(to: nil, id: iq.id, body: .error(error))))
        }
    }

    private func bind(_ request: Element, on stream: ClientStream) throws(StanzaError) -> ClientSession {
        let resource: String
        do {
            if let wanted = try ResourceBinding(parsing: request).resource, !wanted.isEmpty {
                resource = try stream.account.withResource(wanted).resource ?? wanted
            } else {
                var random = SecureRandom()
                resource = Hexadecimal.encode(random.bytes(8))
            }
        } catch {
            throw StanzaError(.badRequest, text: "the resource cannot be used")
        }
        return try self.shell.bind(stream, resource: resource)
    }
}

import CoreMetrics
import NIOCore
import XML
import XMPP

/// The shell of `ReceivingComponentStream`: hands on the stanzas that are from the component's own domain.
final class ComponentStreamRole: StreamRole {
    let kind = TransportMetrics.Kind.component
    let contentNamespace = Namespace.component

    private let environment: StreamEnvironment
    private let acceptor: any ComponentStreamAcceptor
    private var machine: ReceivingComponentStream
    private var streamID = ""
    private var component: ComponentStream?

    init(environment: StreamEnvironment, components: ComponentService) {
        self.environment = environment
        self.acceptor = components.acceptor
        self.machine = ReceivingComponentStream(secrets: components.secrets)
    }

    /// A component that is dead keeps its successor out, so it is asked as clients are.
    var longestSilence: TimeAmount? { self.environment.limits.clientSilence }

    func silent(on stream: StreamHandler) -> Bool {
        guard let component, let server = self.environment.domains.min() else { return false }
        let address = JID(preparedLocal: nil, domain: server, resource: nil)
        return component.send(
            .iq(IQ(to: component.domain, from: address, id: "silence", body: .get(Ping().element))))
    }

    func makeTLSSession() throws(TLSError) -> TLSSession {
        try TLSSession(
            store: self.environment.certificates, role: .server(.clientStreams, domain: nil, alpn: false))
    }

    func headerForRefusal() -> StreamHeader? {
        StreamHeader(
            contentNamespace: self.contentNamespace, id: StreamEnvironment.makeStreamID(), version: nil)
    }

    func started(on stream: StreamHandler) {}

    func established(_ facts: TLSFacts, on stream: StreamHandler) {}

    func received(_ header: StreamHeader, on stream: StreamHandler) {
        self.streamID = StreamEnvironment.makeStreamID()
        self.perform(self.machine.received(header, streamID: self.streamID), stream)
    }

    func received(_ element: Element, on stream: StreamHandler) {
        self.perform(self.machine.received(element), stream)
    }

    func timedOut(on stream: StreamHandler) {
        self.perform(self.machine.timedOut(), stream)
    }

    func ended(_ end: StreamEnd) {
        guard let component else { return }
        self.component = nil
        self.acceptor.ended(end, on: component)
    }

    private func perform(_ directives: [ReceivingComponentStream.Directive], _ stream: StreamHandler) {
        for directive in directives {
            switch directive {
            case .stream(let directive): stream.perform(directive)
            case .authenticated(let domain): self.authenticated(domain, stream)
            case .deliver(let element): self.deliver(element, stream)
            case .closed(let error): stream.close(nil, end: .refusedByPeer(error))
            }
        }
    }

    private func authenticated(_ domain: JID, _ stream: StreamHandler) {
        guard let channel = stream.channel, let gate = stream.gate else { return }
        stream.limitRate(self.environment.limits.rates.rate(ofRemote: domain.domain))
        let eventLoop = channel.eventLoop
        let bound = NIOLoopBound(stream, eventLoop: eventLoop)
        let queue = OutboundQueue(channel: channel, limits: self.environment.limits) {
            bound.value.close(StreamError(.resourceConstraint, text: "too much waits to be read"))
        }
        let component = ComponentStream(
            id: self.streamID, domain: domain, queue: queue, gate: gate
        ) { error in
            eventLoop.execute { bound.value.close(error) }
        }
        guard self.acceptor.accept(component) else { return self.perform(self.machine.refused(), stream) }
        self.component = component
        self.perform(self.machine.accepted(), stream)
        // The word of acceptance goes before the first stanza.
        stream.flush()
        stream.becameAuthenticated(limits: self.environment.limits.remote, queue: queue)
    }

    private func deliver(_ element: Element, _ stream: StreamHandler) {
        guard let component else { return }
        self.environment.metrics[self.kind].stanzas.increment()
        let stanza: Stanza
        do {
            stanza = try Stanza(parsing: element)
        } catch {
            switch error {
            case .notAStanza: stream.close(StreamError(.unsupportedStanzaType))
            case .malformedSender: stream.close(StreamError(.invalidFrom))
            case .malformed(_, let reply): if let reply { _ = component.send(reply) }
            }
            return
        }
        guard let from = stanza.from, from.domain == component.domain.domain else {
            return stream.close(StreamError(.invalidFrom))
        }
        guard stanza.to != nil else { return stream.close(StreamError(.improperAddressing)) }
        self.acceptor.received(stanza, on: component)
    }
}

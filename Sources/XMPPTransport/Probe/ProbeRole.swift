import NIOCore
import XML
import XMPP

/// The shell of `InitiatingRemoteStream` that takes notes: it goes as far as authentication, then closes the stream.
final class ProbeRole: StreamRole {
    let kind = TransportMetrics.Kind.remoteOutbound
    let contentNamespace = Namespace.server

    private let environment: StreamEnvironment
    private let pair: DomainPair
    private let usesDirectTLS: Bool
    private var machine: InitiatingRemoteStream
    private var facts: StreamFacts
    private var session: TLSSession?
    private var offersExternal = false
    private let purpose: InitiatingRemoteStream.Purpose
    private let expectation: TLSAExpectation?
    private var result: EventLoopPromise<StreamFacts>?

    init(
        environment: StreamEnvironment, pair: DomainPair, purpose: InitiatingRemoteStream.Purpose,
        expectation: TLSAExpectation?, facts: StreamFacts, result: EventLoopPromise<StreamFacts>
    ) {
        self.environment = environment
        self.pair = pair
        self.usesDirectTLS = facts.usesDirectTLS
        self.purpose = purpose
        self.expectation = expectation
        self.facts = facts
        self.result = result
        self.machine = InitiatingRemoteStream(
            InitiatingRemoteStream.Configuration(
                pair: pair, purpose: purpose,
                policy: environment.remotePolicy.authentication(of: pair.remote),
                hasCertificate: environment.certificates.hasCertificate(for: pair.local),
                dialbackSecret: environment.secret))
    }

    func makeTLSSession() throws(TLSError) -> TLSSession {
        let session = try TLSSession(
            store: self.environment.certificates,
            role: .client(
                .serverStreams, identity: self.pair.local,
                serverName: CertificateStore.asciiForm(of: self.pair.remote), alpn: self.usesDirectTLS))
        session.expectation = self.expectation
        self.session = session
        self.facts.beganTLS = true
        return session
    }

    func headerForRefusal() -> StreamHeader? { nil }

    /// The TCP connection is there.
    func connected(after time: Duration) {
        self.facts.reach = .connected(after: time)
    }

    func started(on stream: StreamHandler) {
        self.perform(self.machine.start(), stream)
    }

    func established(_ facts: TLSFacts, on stream: StreamHandler) {
        self.facts.tls = facts
        self.facts.certificate = self.session?.peerCertificate()
        self.session = nil
        self.perform(self.machine.established(facts), stream)
    }

    func received(_ header: StreamHeader, on stream: StreamHandler) {
        self.facts.speaksXMPP = true
        self.perform(self.machine.received(header), stream)
    }

    func received(_ element: Element, on stream: StreamHandler) {
        if self.facts.tls != nil, let features = try? StreamFeatures(parsing: element) {
            // What is no list of features is something else, and the machine's business.
            self.facts.features = features
            if features.limits != StreamLimits() { self.facts.limits = features.limits }
            self.offersExternal = self.offersExternal || features.mechanisms.contains("EXTERNAL")
        }
        self.perform(self.machine.received(element), stream)
    }

    func timedOut(on stream: StreamHandler) {
        self.perform(self.machine.timedOut(), stream)
    }

    func ended(_ end: StreamEnd) {
        switch end {
        case .refusedByPeer(let error): self.finish(.failed(.refused(error)))
        case .closedByPeer: self.finish(.lost("the other server closed the stream"))
        case .closedHere(let error): self.finish(.lost(error.map { "\($0.condition.rawValue)" } ?? "closed"))
        case .lost(let reason): self.finish(.lost(reason))
        }
    }

    private func perform(_ directives: [InitiatingRemoteStream.Directive], _ stream: StreamHandler) {
        for directive in directives {
            switch directive {
            case .stream(let directive): stream.perform(directive)
            case .authenticated(let limits, _):
                if limits != StreamLimits() { self.facts.limits = limits }
                let hasUsedExternal = self.purpose == .stanzas && self.offersExternal
                self.finish(.authenticated(hasUsedExternal ? .external : .dialback(afterRefusal: nil)))
                stream.close(nil)
            case .failed(let failure): self.finish(.failed(failure))
            case .refused(let error): stream.close(nil, end: .refusedByPeer(error))
            // Nothing is verified on this stream, and nothing on it is worth resuming.
            case .verified, .management, .deliver, .malformed: break
            }
        }
    }

    private func finish(_ end: StreamFacts.End) {
        self.facts.end = end
        self.result?.succeed(self.facts)
        self.result = nil
    }
}

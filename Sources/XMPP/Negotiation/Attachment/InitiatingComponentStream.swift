package import XML

/// The stream of an external component as the component sees it (XEP-0114 §3).
///
/// One shared secret authenticates it, as a digest with the stream's id. Nothing protects what follows: it belongs on
/// loopback or inside TLS.
package struct InitiatingComponentStream: AttachmentNegotiation {
    private enum State: Hashable, Sendable {
        case awaitingHeader
        case awaitingHandshake
        case ready
        case closed
    }

    private let domain: JID
    private let secret: String
    private let host: String
    private var state = State.awaitingHeader

    /// - Parameters:
    ///   - domain: the component's own, as the server is configured to know it.
    ///   - host: where the server is; under TLS its certificate must prove that name.
    package init(domain: JID, secret: String, host: String) {
        self.domain = domain
        self.secret = secret
        self.host = host
    }

    package mutating func established(_ facts: TLSFacts) -> [AttachmentDirective] {
        facts.proves(self.host, as: .client)
            ? [] : self.fail(.untrustedServer(domain: self.host, reason: facts.peerProblem))
    }

    /// The connection is up.
    package mutating func start() -> [AttachmentDirective] {
        let header = StreamHeader(contentNamespace: Namespace.component, to: self.domain, version: nil)
        return [.stream(.sendHeader(header))]
    }

    package mutating func received(_ header: StreamHeader) -> [AttachmentDirective] {
        guard self.state == .awaitingHeader else {
            return self.fail(.protocolViolation("a second stream header"))
        }
        guard header.contentNamespace == Namespace.component else {
            let problem = "the stream is in \(header.contentNamespace): this is no port for components"
            return self.fail(.protocolViolation(problem))
        }
        guard let id = header.id, !id.isEmpty else {
            return self.fail(.protocolViolation("a stream without an id"))
        }
        self.state = .awaitingHandshake
        let digest = ComponentHandshake.digest(streamID: id, secret: self.secret)
        return [.stream(.send(ComponentHandshake(digest: digest).element))]
    }

    package mutating func received(
        _ element: Element, using random: inout some RandomNumberGenerator
    ) -> [AttachmentDirective] {
        if StreamError.matches(element) { return self.receivedError(StreamError(parsing: element)) }
        switch self.state {
        case .awaitingHandshake:
            guard ComponentHandshake.matches(element) else {
                return self.fail(.protocolViolation("<\(element.name)/> instead of the handshake"))
            }
            self.state = .ready
            return [.ready(AttachedSession(address: self.domain))]
        case .ready: return [.deliver(element)]
        case .awaitingHeader: return self.fail(.protocolViolation("<\(element.name)/> too early"))
        case .closed: return []
        }
    }

    /// The time to authenticate is over.
    package mutating func timedOut() -> [AttachmentDirective] {
        self.state == .ready ? [] : self.fail(.timedOut)
    }

    /// A component's handshake needs no slow hashing.
    package mutating func receive(
        _ salted: SaltedPassword, using random: inout some RandomNumberGenerator
    ) -> [AttachmentDirective] { [] }

    /// A component has its address from the start.
    package mutating func bind() -> [AttachmentDirective] { [] }

    /// A component has no stream that could go on.
    package mutating func resumed() -> [AttachmentDirective] { [] }

    private mutating func receivedError(_ error: StreamError) -> [AttachmentDirective] {
        switch self.state {
        case .closed: return []
        case .ready:
            self.state = .closed
            return [.refused(error), .stream(.close(nil))]
        case .awaitingHeader, .awaitingHandshake: return self.fail(.refused(error))
        }
    }

    private mutating func fail(_ failure: AttachmentFailure) -> [AttachmentDirective] {
        guard self.state != .closed else { return [] }
        self.state = .closed
        return [.failed(failure), .stream(.close(nil))]
    }
}

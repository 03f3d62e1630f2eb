import Cryptography
package import XML

/// The stream of an external component as its server sees it (XEP-0114 §3).
package struct ReceivingComponentStream: Sendable {
    package enum Directive: Hashable, Sendable {
        case stream(StreamDirective)
        /// The component has proved that it knows the secret: hand the stream over, and call `accepted` or `refused`.
        case authenticated(domain: JID)
        case deliver(Element)
        /// The component closed the stream with an error.
        case closed(StreamError)
    }

    private enum State: Hashable, Sendable {
        case awaitingHeader
        case awaitingHandshake(domain: JID, digest: String)
        case authenticated(domain: JID)
        case ready
        case closed
    }

    private let secrets: [String: String]
    private var state = State.awaitingHeader

    /// `secrets` by domain, prepared as in a `JID`.
    package init(secrets: [String: String]) {
        self.secrets = secrets
    }

    /// The component opened the stream; `streamID` is ours to give, unpredictable, and new for each stream.
    package mutating func received(_ header: StreamHeader, streamID: String) -> [Directive] {
        guard self.state == .awaitingHeader else { return self.close(StreamError(.badFormat)) }
        let answer = StreamHeader(
            contentNamespace: Namespace.component, from: header.to, id: streamID, version: nil)
        let directives = [Directive.stream(.sendHeader(answer))]
        guard header.contentNamespace == Namespace.component else {
            return directives + self.close(StreamError(.invalidNamespace))
        }
        guard let domain = header.to, domain == domain.domainJID, let secret = self.secrets[domain.domain]
        else {
            return directives + self.close(StreamError(.hostUnknown))
        }
        self.state = .awaitingHandshake(
            domain: domain, digest: ComponentHandshake.digest(streamID: streamID, secret: secret))
        return directives
    }

    package mutating func received(_ element: Element) -> [Directive] {
        if StreamError.matches(element), self.state != .closed {
            self.state = .closed
            return [.closed(StreamError(parsing: element)), .stream(.close(nil))]
        }
        switch self.state {
        case .awaitingHandshake(let domain, let digest):
            guard ComponentHandshake.matches(element) else { return self.close(StreamError(.notAuthorized)) }
            // In constant time, for a digest that is nearly right must not be told from one that is not.
            guard ConstantTime.areEqual(Array(element.text.utf8), Array(digest.utf8)) else {
                return self.close(StreamError(.notAuthorized))
            }
            self.state = .authenticated(domain: domain)
            return [.authenticated(domain: domain)]
        case .ready: return [.deliver(element)]
        case .awaitingHeader, .authenticated: return self.close(StreamError(.notAuthorized))
        case .closed: return []
        }
    }

    /// The domain is free and now this stream's.
    package mutating func accepted() -> [Directive] {
        guard case .authenticated = self.state else { return [] }
        self.state = .ready
        return [.stream(.send(ComponentHandshake().element))]
    }

    /// Another stream speaks for the domain.
    package mutating func refused() -> [Directive] {
        guard case .authenticated = self.state else { return [] }
        return self.close(StreamError(.conflict, text: "another component is connected for this domain"))
    }

    /// The time to authenticate is over.
    package mutating func timedOut() -> [Directive] {
        self.state == .ready ? [] : self.close(StreamError(.connectionTimeout))
    }

    private mutating func close(_ error: StreamError) -> [Directive] {
        guard self.state != .closed else { return [] }
        self.state = .closed
        return [.stream(.close(error))]
    }
}

package import Cryptography
package import XML

/// A client's stream as its server sees it, until the client has authenticated and been offered resource binding.
///
/// What follows, binding included, belongs to the session.
package struct ReceivingClientStream: Sendable {
    package struct Configuration: Sendable {
        /// The domains served here.
        package var domains: Set<String>
        /// The mechanisms on offer; those that bind the channel need TLS that can be bound, and PLAIN needs TLS.
        package var mechanisms: [SASLMechanism]
        /// For tests on loopback only.
        package var allowsCleartext: Bool
        package var authenticationFailures: Int
        /// Offered once authenticated, such as resource binding.
        package var sessionFeatures: [StreamFeature]
        /// Announced to the client (XEP-0478).
        package var limits: StreamLimits

        package init(
            domains: Set<String>, mechanisms: [SASLMechanism], allowsCleartext: Bool,
            authenticationFailures: Int, sessionFeatures: [StreamFeature], limits: StreamLimits
        ) {
            self.domains = domains
            self.mechanisms = mechanisms
            self.allowsCleartext = allowsCleartext
            self.authenticationFailures = authenticationFailures
            self.sessionFeatures = sessionFeatures
            self.limits = limits
        }
    }

    package enum Directive: Hashable, Sendable {
        case stream(StreamDirective)
        /// Look up what is kept of the account's password and call `receive(_:)`; made-up credentials if there is none.
        case needCredentials(account: JID, hash: HashFunction)
        /// Perform it, where it holds up nobody, and call `receive(_:)`.
        case hash(PasswordHashing)
        /// An attempt to authenticate failed; what follows tells the client, and may be held back.
        case failed
        /// The features that offer binding are sent: hand the stream to a session.
        case ready(account: JID, mechanism: String)
        /// For the session.
        case deliver(Element)
        /// The client closed the stream with an error.
        case refused(StreamError)
    }

    private enum State: Hashable, Sendable {
        case awaitingHeader
        case awaitingTLS
        case open
        case awaitingCredentials
        case ready
        case closed
    }

    private let configuration: Configuration
    private var state = State.awaitingHeader
    private var tls: TLSFacts?
    /// As the first header named it: it may not change when the stream restarts (CVE-2018-10847).
    private var domain: JID?
    private var exchange: SASLServer?
    private var mechanism = ""
    private var account: JID?
    private var failures = 0

    package init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    package var isAuthenticated: Bool { self.account != nil }

    /// TLS is up, before the first header (direct TLS) or after STARTTLS.
    package mutating func established(_ facts: TLSFacts) -> [Directive] {
        switch self.state {
        case .awaitingHeader, .awaitingTLS:
            self.tls = facts
            self.state = .awaitingHeader
        case .open, .awaitingCredentials, .ready, .closed:
            break
        }
        return []
    }

    /// The client opened the stream; `streamID` is ours to give, unpredictable, and new for each header.
    package mutating func received(_ header: StreamHeader, streamID: String) -> [Directive] {
        guard self.state == .awaitingHeader else { return self.close(StreamError(.badFormat)) }
        self.state = .open
        let answer = StreamHeader(
            contentNamespace: Namespace.client, to: header.from, from: header.to, id: streamID)
        var directives = [Directive.stream(.sendHeader(answer))]
        if let error = self.problem(with: header) {
            directives += self.close(error)
            return directives
        }
        self.domain = header.to
        directives.append(.stream(.send(StreamFeatures(self.offer()).element)))
        if let account {
            self.state = .ready
            directives.append(.ready(account: account, mechanism: self.mechanism))
        }
        return directives
    }

    private func problem(with header: StreamHeader) -> StreamError? {
        guard header.contentNamespace == Namespace.client else { return StreamError(.invalidNamespace) }
        guard let to = header.to else {
            return StreamError(.improperAddressing, text: "the stream must say 'to' which domain it goes")
        }
        guard self.configuration.domains.contains(to.domain), to == to.domainJID else {
            return StreamError(.hostUnknown)
        }
        if let domain, domain != to {
            return StreamError(.notAuthorized, text: "the 'to' of a stream may not change when it restarts")
        }
        guard header.knowsFeatures else { return StreamError(.unsupportedVersion) }
        return nil
    }

    /// The table of features: what is offered depends on TLS, on whether the client authenticated, and on policy.
    private func offer() -> [StreamFeature] {
        let limits = StreamFeature.limits(self.configuration.limits)
        if self.isAuthenticated { return self.configuration.sessionFeatures + [limits] }
        var features: [StreamFeature] = []
        if self.tls == nil { features.append(.startTLS(isRequired: !self.configuration.allowsCleartext)) }
        let mechanisms = self.mechanisms
        if !mechanisms.isEmpty { features.append(.mechanisms(mechanisms.map(\.rawValue))) }
        let bindings = self.bindings.filter { $0.kind != .tlsUnique }
        if !bindings.isEmpty { features.append(.channelBindings(bindings.map(\.kind.rawValue))) }
        return features + [limits]
    }

    private var mechanisms: [SASLMechanism] {
        guard self.tls != nil || self.configuration.allowsCleartext else { return [] }
        let hasBinding = !self.bindings.isEmpty
        return self.configuration.mechanisms.filter { mechanism in
            switch mechanism {
            case .plain: self.tls != nil
            case .external: false
            case .scramSHA1, .scramSHA256: true
            case .scramSHA1Plus, .scramSHA256Plus: hasBinding
            }
        }.sorted(by: >)
    }

    private var bindings: [ChannelBinding] {
        [
            self.tls?.exporterBinding.map { ChannelBinding(kind: .tlsExporter, bytes: $0) },
            self.tls?.endPointBinding.map { ChannelBinding(kind: .tlsServerEndPoint, bytes: $0) },
            self.tls?.uniqueBinding.map { ChannelBinding(kind: .tlsUnique, bytes: $0) },
        ].compactMap { $0 }
    }

    /// A first-level element arrived; the randomness is for the nonces of SASL.
    package mutating func received(
        _ element: Element, using random: inout some RandomNumberGenerator
    ) -> [Directive] {
        if StreamError.matches(element) {
            guard self.state != .closed else { return [] }
            self.state = .closed
            return [.refused(StreamError(parsing: element)), .stream(.close(nil))]
        }
        switch self.state {
        case .closed, .awaitingHeader, .awaitingTLS: return []
        case .ready: return [.deliver(element)]
        case .open, .awaitingCredentials: break
        }
        switch element.namespace {
        case Namespace.tls: return self.receivedTLS(element)
        case Namespace.sasl: return self.receivedSASL(element, using: &random)
        default: return self.close(StreamError(.notAuthorized))
        }
    }

    /// The time to authenticate is over.
    package mutating func timedOut() -> [Directive] {
        self.isAuthenticated ? [] : self.close(StreamError(.connectionTimeout))
    }

    private mutating func receivedTLS(_ element: Element) -> [Directive] {
        guard element.name == "starttls", self.tls == nil, self.state == .open else {
            return self.close(StreamError(.policyViolation))
        }
        self.state = .awaitingTLS
        return [.stream(.send(Element("proceed", namespace: Namespace.tls))), .stream(.startTLS)]
    }

    private mutating func close(_ error: StreamError) -> [Directive] {
        guard self.state != .closed else { return [] }
        self.state = .closed
        return [.stream(.close(error))]
    }
}

// MARK: SASL

extension ReceivingClientStream {
    private mutating func receivedSASL(
        _ element: Element, using random: inout some RandomNumberGenerator
    ) -> [Directive] {
        guard let domain, !self.mechanisms.isEmpty else { return self.close(StreamError(.policyViolation)) }
        do {
            switch (try SASLElement(parsing: element), self.state) {
            case (.auth(let mechanism, let response), .open):
                let nonce = (0..<SASLServer.Context.minimumNonce * 3 / 2).map { _ in
                    UInt8.random(in: .min ... .max, using: &random)
                }
                var exchange = SASLServer(
                    SASLServer.Context(
                        domain: domain.domain, offered: self.mechanisms, bindings: self.bindings,
                        nonce: nonce))
                let directive = exchange.begin(mechanism: mechanism, initialResponse: response)
                self.exchange = exchange
                self.mechanism = mechanism
                return self.perform(directive)
            case (.response(let response), .open):
                guard var exchange = self.exchange else {
                    return self.refuse(SASLFailure(.malformedRequest))
                }
                let directive = exchange.receive(response: response)
                self.exchange = exchange
                return self.perform(directive)
            // While an account is looked up the state stays: what comes of the look-up must not reach the next
            // exchange, which may be another account's.
            case (.abort, .open), (.abort, .awaitingCredentials):
                return self.refuse(SASLFailure(.aborted))
            case (_, _):
                return self.close(StreamError(.policyViolation))
            }
        } catch {
            return self.refuse(error)
        }
    }

    /// The answer to `needCredentials`; ignored if the client has aborted meanwhile.
    package mutating func receive(_ credentials: SCRAMCredentials) -> [Directive] {
        guard self.state == .awaitingCredentials else { return [] }
        self.state = .open
        guard var exchange = self.exchange else { return [] }
        let directive = exchange.receive(credentials)
        self.exchange = exchange
        return self.perform(directive)
    }

    /// The answer to `hash`; ignored if the client has aborted meanwhile.
    package mutating func receive(_ salted: SaltedPassword) -> [Directive] {
        guard self.state == .awaitingCredentials else { return [] }
        self.state = .open
        guard var exchange = self.exchange else { return [] }
        let directive = exchange.receive(salted)
        self.exchange = exchange
        return self.perform(directive)
    }

    /// The account could not be looked up, or the password not be hashed: neither the client's fault nor counted against it.
    package mutating func credentialsAreUnavailable() -> [Directive] {
        guard self.state == .awaitingCredentials else { return [] }
        self.state = .open
        guard self.exchange != nil else { return [] }
        self.exchange = nil
        return [.stream(.send(SASLElement.failure(SASLFailure(.temporaryAuthFailure)).element))]
    }

    private mutating func perform(_ directive: SASLServer.Directive) -> [Directive] {
        switch directive {
        case .challenge(let bytes): return [.stream(.send(SASLElement.challenge(bytes).element))]
        case .needCredentials(let username, let hash):
            self.state = .awaitingCredentials
            let account = JID(preparedLocal: username, domain: self.domain?.domain ?? "", resource: nil)
            return [.needCredentials(account: account, hash: hash)]
        case .hash(let hashing):
            self.state = .awaitingCredentials
            return [.hash(hashing)]
        case .failure(let failure): return self.refuse(failure)
        case .success(let identity, let bytes):
            self.exchange = nil
            self.account = identity
            self.state = .awaitingHeader
            return [
                .stream(.send(SASLElement.success(bytes).element)), .stream(.restart),
            ]
        }
    }

    private mutating func refuse(_ failure: SASLFailure) -> [Directive] {
        self.exchange = nil
        self.failures += 1
        let directives = [Directive.failed, .stream(.send(SASLElement.failure(failure).element))]
        guard self.failures < self.configuration.authenticationFailures else {
            return directives + self.close(StreamError(.policyViolation, text: "too many failures"))
        }
        return directives
    }
}

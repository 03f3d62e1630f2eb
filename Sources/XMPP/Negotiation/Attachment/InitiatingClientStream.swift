package import XML

/// The stream of a client as the client sees it: TLS, authentication, resource binding (RFC 6120 §5–7).
///
/// Nothing is said about the account before the server's certificate proves its domain.
package struct InitiatingClientStream: AttachmentNegotiation {
    package struct Configuration: Hashable, Sendable {
        /// A bare address.
        package var account: JID
        package var password: String
        /// The resource to ask for; the server must grant it.
        package var resource: String
        /// Whether the password itself may be shown to the server.
        package var allowsPlain: Bool
        /// What was used last time: nothing weaker is used again.
        package var pinned: SASLMechanism?

        package init(
            account: JID, password: String, resource: String, allowsPlain: Bool = false,
            pinned: SASLMechanism? = nil
        ) {
            self.account = account
            self.password = password
            self.resource = resource
            self.allowsPlain = allowsPlain
            self.pinned = pinned
        }
    }

    private enum State: Hashable, Sendable {
        case awaitingHeader
        case awaitingFeatures
        case awaitingProceed
        case awaitingTLS
        case awaitingSASL
        /// Nothing is bound; the shell decides between resuming a former stream and binding.
        case authenticated
        case awaitingBinding
        /// The session of RFC 3921, which some servers still insist on.
        case awaitingSession(JID)
        case ready
        case closed
    }

    /// The ids of the two requests of a negotiation; nothing else is asked before their answers.
    private static let bindingID = "bind"
    private static let sessionID = "session"

    private let configuration: Configuration
    private var state = State.awaitingHeader
    private var tls: TLSFacts?
    private var exchange: SASLClient?
    /// What the exchange waits for.
    private var hashing: PasswordHashing?
    private var mechanism: SASLMechanism?
    private var features = StreamFeatures([])
    /// What binds our end of the connection and has not been refused, best first.
    private var bindings: [ChannelBinding] = []

    package init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    /// The connection is up; with direct TLS call `established` first.
    package mutating func start() -> [AttachmentDirective] {
        // Under TLS the server may know who is asking, not before (RFC 6120 §4.7.1).
        let from = self.tls == nil ? nil : self.configuration.account
        return [
            .stream(
                .sendHeader(
                    StreamHeader(
                        contentNamespace: Namespace.client, to: self.configuration.account.domainJID,
                        from: from)))
        ]
    }

    /// TLS is up: by STARTTLS the stream begins anew, by direct TLS it has not yet begun.
    package mutating func established(_ facts: TLSFacts) -> [AttachmentDirective] {
        let isRestart = self.state == .awaitingTLS
        guard isRestart || (self.state == .awaitingHeader && self.tls == nil) else { return [] }
        self.tls = facts
        let domain = self.configuration.account.domain
        guard facts.proves(domain, as: .client) else {
            return self.fail(.untrustedServer(domain: domain, reason: facts.peerProblem))
        }
        self.state = .awaitingHeader
        return isRestart ? self.start() : []
    }

    package mutating func received(_ header: StreamHeader) -> [AttachmentDirective] {
        guard self.state == .awaitingHeader else {
            return self.fail(.protocolViolation("a second stream header"))
        }
        guard header.contentNamespace == Namespace.client else {
            let problem = "the stream is in \(header.contentNamespace): this is no port for clients"
            return self.fail(.protocolViolation(problem))
        }
        guard header.knowsFeatures else { return self.fail(.noTLS) }
        self.state = .awaitingFeatures
        return []
    }

    /// A first-level element arrived; the randomness is for the nonce of SASL.
    package mutating func received(
        _ element: Element, using random: inout some RandomNumberGenerator
    ) -> [AttachmentDirective] {
        if StreamError.matches(element) { return self.receivedError(StreamError(parsing: element)) }
        switch self.state {
        case .awaitingFeatures:
            do {
                return self.received(try StreamFeatures(parsing: element), using: &random)
            } catch {
                return self.fail(.protocolViolation("<\(element.name)/> instead of features"))
            }
        case .awaitingProceed: return self.receivedTLS(element)
        case .awaitingSASL: return self.receivedSASL(element, using: &random)
        // The answer to `<resume/>` (XEP-0198 §5) is for whoever sent it.
        case .authenticated: return [.deliver(element)]
        case .awaitingBinding: return self.receivedBinding(element)
        case .awaitingSession(let address): return self.receivedSession(element, address)
        case .ready: return [.deliver(element)]
        case .closed: return []
        case .awaitingHeader, .awaitingTLS:
            return self.fail(.protocolViolation("<\(element.name)/> too early"))
        }
    }

    /// The time to authenticate is over.
    package mutating func timedOut() -> [AttachmentDirective] {
        self.state == .ready ? [] : self.fail(.timedOut)
    }

    private mutating func receivedError(_ error: StreamError) -> [AttachmentDirective] {
        switch self.state {
        case .closed: return []
        case .ready:
            self.state = .closed
            return [.refused(error), .stream(.close(nil))]
        case .awaitingHeader, .awaitingFeatures, .awaitingProceed, .awaitingTLS, .awaitingSASL,
            .authenticated, .awaitingBinding, .awaitingSession:
            return self.fail(.refused(error))
        }
    }

    private mutating func fail(_ failure: AttachmentFailure) -> [AttachmentDirective] {
        guard self.state != .closed else { return [] }
        self.state = .closed
        return [.failed(failure), .stream(.close(nil))]
    }
}

// MARK: TLS and SASL

extension InitiatingClientStream {
    private mutating func received(
        _ features: StreamFeatures, using random: inout some RandomNumberGenerator
    ) -> [AttachmentDirective] {
        guard let tls else {
            guard features.startTLSIsRequired != nil else { return self.fail(.noTLS) }
            self.state = .awaitingProceed
            return [.stream(.send(Element("starttls", namespace: Namespace.tls)))]
        }
        guard self.mechanism == nil else {
            self.features = features
            self.state = .authenticated
            return [.authenticated(features)]
        }
        self.features = features
        self.bindings = Self.bindings(of: tls, known: features.channelBindings != nil)
        return self.authenticate(using: &random)
    }

    private mutating func authenticate(
        using random: inout some RandomNumberGenerator
    ) -> [AttachmentDirective] {
        let nonce = (0..<SASLServer.Context.minimumNonce * 3 / 2).map { _ in
            UInt8.random(in: .min ... .max, using: &random)
        }
        let announced = self.features.channelBindings
        let exchange = SASLClient(
            offered: self.features.mechanisms, serverBindings: announced,
            credentials: .password(
                username: self.configuration.account.local ?? "", password: self.configuration.password,
                allowsPlain: self.configuration.allowsPlain),
            bindings: announced == nil ? Array(self.bindings.prefix(1)) : self.bindings, nonce: nonce)
        guard let exchange else { return self.fail(.noCommonMechanism(offered: self.features.mechanisms)) }
        if let pinned = self.configuration.pinned, exchange.mechanism < pinned {
            return self.fail(.weakerMechanism(offered: exchange.mechanism, pinned: pinned))
        }
        self.exchange = exchange
        self.state = .awaitingSASL
        let auth = SASLElement.auth(
            mechanism: exchange.mechanism.rawValue, initialResponse: exchange.initialResponse)
        return [.stream(.send(auth.element))]
    }

    /// What binds our end of the connection, best first.
    ///
    /// A server that does not say which types it knows (XEP-0440) is from before tls-exporter, and means the type that
    /// RFC 5802 §6 has by default: ejabberd 23.01 does so under TLS 1.3 too.
    private static func bindings(of tls: TLSFacts, known: Bool) -> [ChannelBinding] {
        let exporter = tls.exporterBinding.map { ChannelBinding(kind: .tlsExporter, bytes: $0) }
        let other =
            known
            ? tls.endPointBinding.map { ChannelBinding(kind: .tlsServerEndPoint, bytes: $0) }
            : tls.uniqueBinding.map { ChannelBinding(kind: .tlsUnique, bytes: $0) }
        return (known ? [exporter, other] : [other, exporter]).compactMap { $0 }
    }

    /// Whether a refusal may be for the type of channel binding, which had to be guessed, and another one is left.
    private func mayBindOtherwise(_ exchange: SASLClient, _ failure: SASLClient.Failure) -> Bool {
        guard case .refused(let failure) = failure, failure.condition == .notAuthorized else { return false }
        return exchange.mechanism.bindsChannel && self.features.channelBindings == nil
            && self.bindings.count > 1
    }

    private mutating func receivedTLS(_ element: Element) -> [AttachmentDirective] {
        guard element.matches("proceed", Namespace.tls) else { return self.fail(.noTLS) }
        self.state = .awaitingTLS
        return [.stream(.startTLS)]
    }

    private mutating func receivedSASL(
        _ element: Element, using random: inout some RandomNumberGenerator
    ) -> [AttachmentDirective] {
        guard SASLElement.matches(element), var exchange else {
            return self.fail(.protocolViolation("<\(element.name)/> during authentication"))
        }
        let directive: SASLClient.Directive
        do {
            switch try SASLElement(parsing: element) {
            case .challenge(let bytes): directive = exchange.receive(challenge: bytes)
            case .success(let bytes): directive = exchange.receive(success: bytes)
            case .failure(let failure): directive = exchange.receive(failure)
            case .auth, .response, .abort:
                return self.fail(.protocolViolation("<\(element.name)/> from a server"))
            }
        } catch {
            return self.fail(.notAuthenticated(.refused(error)))
        }
        return self.perform(directive, of: exchange, using: &random)
    }

    package mutating func receive(
        _ salted: SaltedPassword, using random: inout some RandomNumberGenerator
    ) -> [AttachmentDirective] {
        guard self.state == .awaitingSASL, self.hashing == salted.origin, var exchange else { return [] }
        self.hashing = nil
        let directive = exchange.receive(salted)
        return self.perform(directive, of: exchange, using: &random)
    }

    private mutating func perform(
        _ directive: SASLClient.Directive, of exchange: SASLClient,
        using random: inout some RandomNumberGenerator
    ) -> [AttachmentDirective] {
        self.exchange = exchange
        switch directive {
        case .hash(let hashing):
            self.hashing = hashing
            return [.hash(hashing)]
        case .respond(let bytes): return [.stream(.send(SASLElement.response(bytes).element))]
        case .failed(let failure) where self.mayBindOtherwise(exchange, failure):
            self.bindings.removeFirst()
            return self.authenticate(using: &random)
        case .failed(let failure): return self.fail(.notAuthenticated(failure))
        case .authenticated:
            self.mechanism = exchange.mechanism
            self.exchange = nil
            self.state = .awaitingHeader
            return [.stream(.restart)] + self.start()
        }
    }
}

// MARK: Binding

extension InitiatingClientStream {
    /// There is no former stream that goes on: ask for the address.
    package mutating func bind() -> [AttachmentDirective] {
        guard self.state == .authenticated else { return [] }
        guard self.features.offersBind else {
            return self.fail(.protocolViolation("no resource binding is offered"))
        }
        self.state = .awaitingBinding
        let binding = ResourceBinding(resource: self.configuration.resource)
        return [self.request(binding.element, id: Self.bindingID)]
    }

    /// A former stream goes on (XEP-0198 §5), under the address it had.
    package mutating func resumed() -> [AttachmentDirective] {
        guard self.state == .authenticated else { return [] }
        let account = self.configuration.account
        return self.becomeReady(
            JID(preparedLocal: account.local, domain: account.domain, resource: self.configuration.resource))
    }

    private func request(_ payload: Element, id: String) -> AttachmentDirective {
        .stream(.send(Stanza.iq(IQ(to: nil, id: id, body: .set(payload))).element(in: Namespace.client)))
    }

    private mutating func receivedBinding(_ element: Element) -> [AttachmentDirective] {
        guard let body = self.answer(in: element, id: Self.bindingID) else { return [] }
        switch body {
        case .error(let error): return self.fail(.bindingRefused(error))
        case .get, .set, .result(nil):
            return self.fail(.protocolViolation("no address in the answer to <bind/>"))
        case .result(.some(let payload)):
            let bound: JID?
            do {
                bound = try ResourceBinding(parsing: payload).address
            } catch {
                return self.fail(.protocolViolation(error.problem))
            }
            guard let bound else {
                return self.fail(.protocolViolation("no address in the answer to <bind/>"))
            }
            guard bound.bare == self.configuration.account, bound.resource == self.configuration.resource
            else {
                return self.fail(.otherAddress(bound))
            }
            guard self.features.requiresSession else { return self.becomeReady(bound) }
            self.state = .awaitingSession(bound)
            return [self.request(SessionEstablishment().element, id: Self.sessionID)]
        }
    }

    private mutating func receivedSession(_ element: Element, _ address: JID) -> [AttachmentDirective] {
        guard let body = self.answer(in: element, id: Self.sessionID) else { return [] }
        if case .error(let error) = body { return self.fail(.bindingRefused(error)) }
        return self.becomeReady(address)
    }

    /// The answer to our request; nil for anything else, which a server may not send yet and we need not see.
    private func answer(in element: Element, id: String) -> IQ.Body? {
        do {
            guard case .iq(let iq) = try Stanza(parsing: element), iq.id == id, iq.request == nil else {
                return nil
            }
            return iq.body
        } catch {
            return nil
        }
    }

    private mutating func becomeReady(_ address: JID) -> [AttachmentDirective] {
        self.state = .ready
        return [
            .ready(
                AttachedSession(address: address, mechanism: self.mechanism, limits: self.features.limits))
        ]
    }
}

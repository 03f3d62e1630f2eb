package import XML

/// An inbound server-to-server stream: decides what to offer, whom to believe and which stanzas to let through.
///
/// TLS comes first, always. Then the peer proves domains, one by SASL EXTERNAL or any number by server dialback; a
/// stanza is let through only if its `from` is of a proven domain and its `to` is of one served here.
package struct ReceivingRemoteStream: Sendable {
    package struct Configuration: Sendable {
        /// The domains served here.
        package var domains: Set<String>
        package var policy: RemotePolicy
        /// From which this server's own dialback keys are made: it answers for them on these streams.
        package var dialbackSecret: [UInt8]
        package var authenticationFailures: Int
        /// Announced to the peer (XEP-0478).
        package var limits: StreamLimits

        package init(
            domains: Set<String>, policy: RemotePolicy, dialbackSecret: [UInt8],
            authenticationFailures: Int, limits: StreamLimits
        ) {
            self.domains = domains
            self.policy = policy
            self.dialbackSecret = dialbackSecret
            self.authenticationFailures = authenticationFailures
            self.limits = limits
        }
    }

    package enum Directive: Hashable, Sendable {
        case stream(StreamDirective)
        /// The peer has proved `pair.remote`; the limits for authenticated servers hold from here on.
        case authenticated(DomainPair)
        /// Ask the authoritative server of `pair.remote`, over another connection, whether it made `key` for `streamID`.
        case verify(DomainPair, streamID: String, key: String)
        case deliver(Stanza)
        /// An element of stream management (XEP-0198), of a peer that has proved something.
        case management(Element)
        /// A stanza was malformed: it counts as received (XEP-0198 §4), and this answer goes back to its sender if it may be
        /// answered.
        case malformed(reply: Stanza?)
        /// Policy turns the peer away, which calls itself `domain`; what follows tells it.
        case turnedAway(domain: String, reason: String)
        /// The peer closed the stream with an error.
        case refused(StreamError)
    }

    /// Dialback requests of one stream that may be under way at a time.
    package static let pendingVerificationsLimit = 16
    /// Domains one stream may prove.
    package static let provenDomainsLimit = 256

    private enum State: Hashable, Sendable {
        case awaitingHeader
        case awaitingTLS
        case open
        case closed
    }

    private let configuration: Configuration
    private var state = State.awaitingHeader
    private var tls: TLSFacts?
    /// As the first header named them: neither may change when the stream restarts (CVE-2018-10847).
    private var local: JID?
    private var remote: JID?
    private var streamID = ""
    private var hasAuthenticated = false
    private var failures = 0
    private var exchange: SASLServer?
    private var pending: Set<DomainPair> = []
    private(set) package var proven: Set<String> = []
    /// Whether the peer takes stanzas on this stream too, between the pairs it authenticates (XEP-0288).
    private(set) package var isBidirectional = false
    /// What the peer takes on this stream, as it said when it asked for both directions (XEP-0478).
    private(set) package var peerLimits = StreamLimits()
    /// Whether the peer was told what it came to ask about a dialback key.
    private var hasAnswered = false

    package init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    package var isAuthenticated: Bool { !self.proven.isEmpty }

    /// For the log, once the stream has ended: what the peer said and did not prove; nil if it proved something, never came so
    /// far, or came only to ask.
    package var unproved: String? {
        guard self.tls != nil, self.proven.isEmpty, !self.hasAnswered else { return nil }
        if let remote { return "nothing proves that it is \(remote)" }
        return self.failures > 0 ? "it proves none of its domains" : nil
    }

    /// TLS is up, before the first header (direct TLS) or after STARTTLS.
    package mutating func established(_ facts: TLSFacts) -> [Directive] {
        switch self.state {
        case .awaitingHeader, .awaitingTLS:
            self.tls = facts
            self.state = .awaitingHeader
            return []
        case .open, .closed:
            return []
        }
    }

    /// The peer opened the stream; `streamID` is ours to give, unpredictable, and new for each header.
    package mutating func received(_ header: StreamHeader, streamID: String) -> [Directive] {
        guard self.state == .awaitingHeader else { return self.close(StreamError(.badFormat)) }
        self.streamID = streamID
        self.state = .open
        let answer = StreamHeader(
            contentNamespace: Namespace.server, to: header.from, from: header.to, id: streamID,
            declaresDialback: true)
        var directives = [Directive.stream(.sendHeader(answer))]
        if let error = self.problem(with: header) {
            directives += self.close(error)
            return directives
        }
        self.local = header.to
        if let from = header.from { self.remote = from }
        if let domain = self.remote?.domain, self.configuration.policy.authentication(of: domain) == .blocked
        {
            directives += self.turnAway(domain, reason: "nothing is exchanged with \(domain) here")
        } else {
            directives += self.offer()
        }
        return directives
    }

    private func problem(with header: StreamHeader) -> StreamError? {
        guard header.contentNamespace == Namespace.server else { return StreamError(.invalidNamespace) }
        guard let to = header.to else {
            return StreamError(.improperAddressing, text: "the stream must say 'to' which domain it goes")
        }
        guard self.configuration.domains.contains(to.domain), to == to.domainJID else {
            return StreamError(.hostUnknown)
        }
        if let local, local != to {
            return StreamError(.notAuthorized, text: "the 'to' of a stream may not change when it restarts")
        }
        if let from = header.from, self.configuration.domains.contains(from.domain) {
            return StreamError(.invalidFrom, text: "\(from.domain) is served here, and by nobody else")
        }
        if let remote, let from = header.from, remote != from {
            return StreamError(.invalidFrom, text: "the 'from' of a stream may not change when it restarts")
        }
        guard header.knowsFeatures else { return StreamError(.unsupportedVersion) }
        return nil
    }

    /// The table of features: what is offered depends on TLS, on what is proved, and on policy.
    private mutating func offer() -> [Directive] {
        var features: [StreamFeature] = []
        if let tls {
            // A peer that does not say who it is proves its domains by dialback, one by one.
            switch self.remote.map({ self.configuration.policy.judge($0.domain, tls) }) {
            case .refused(let reason): return self.turnAway(self.remote?.domain ?? "", reason: reason)
            case .proved where !self.hasAuthenticated: features.append(.mechanisms(["EXTERNAL"]))
            case .proved, .needsDialback, nil: break
            }
            let allowsDialback = self.remote.map { self.configuration.policy.allowsDialback(with: $0.domain) }
            if allowsDialback ?? true { features.append(.dialback(hasErrors: true)) }
            if !self.isAuthenticated, !self.isBidirectional { features.append(.bidirectional) }
        } else {
            features.append(.startTLS(isRequired: true))
        }
        if self.hasAuthenticated { features.append(.streamManagement) }
        features.append(.limits(self.configuration.limits))
        return [.stream(.send(StreamFeatures(features).element))]
    }

    /// A first-level element arrived.
    package mutating func received(_ element: Element) -> [Directive] {
        switch self.state {
        case .closed, .awaitingHeader, .awaitingTLS: return []
        case .open: break
        }
        if element.namespace == Namespace.server { return self.receivedStanza(element) }
        if StreamError.matches(element) {
            self.state = .closed
            return [.refused(StreamError(parsing: element)), .stream(.close(nil))]
        }
        switch element.namespace {
        case Namespace.tls: return self.receivedTLS(element)
        case Namespace.sasl: return self.receivedSASL(element)
        case Namespace.dialback: return self.receivedDialback(element)
        case Namespace.bidirectional: return self.receivedBidirectional(element)
        case Namespace.streamManagement:
            // XEP-0198 §3: not before it is known who asks.
            guard self.isAuthenticated else {
                let failure = StreamManagementElement.failed(.unexpectedRequest, handled: nil)
                return [.stream(.send(failure.element))]
            }
            return [.management(element)]
        default: return self.close(StreamError(.unsupportedStanzaType))
        }
    }

    /// XEP-0288 §2.2: under TLS, before anything is authenticated.
    private mutating func receivedBidirectional(_ element: Element) -> [Directive] {
        guard element.name == "bidi", self.tls != nil, !self.isAuthenticated, self.pending.isEmpty else {
            return self.close(
                StreamError(.policyViolation, text: "<bidi/> comes after TLS and before authentication"))
        }
        self.isBidirectional = true
        if let limits = element.child("limits", namespace: Namespace.streamLimits) {
            self.peerLimits = StreamLimits(parsing: limits)
        }
        return []
    }

    /// The time to authenticate is over.
    package mutating func timedOut() -> [Directive] {
        self.isAuthenticated ? [] : self.close(StreamError(.connectionTimeout))
    }

    private mutating func turnAway(_ domain: String, reason: String) -> [Directive] {
        [.turnedAway(domain: domain, reason: reason)]
            + self.close(StreamError(self.tls == nil ? .policyViolation : .notAuthorized, text: reason))
    }

    private mutating func close(_ error: StreamError) -> [Directive] {
        guard self.state != .closed else { return [] }
        self.state = .closed
        return [.stream(.close(error))]
    }
}

// MARK: STARTTLS and SASL EXTERNAL

extension ReceivingRemoteStream {
    private mutating func receivedTLS(_ element: Element) -> [Directive] {
        guard element.name == "starttls", self.tls == nil, self.state == .open else {
            return self.close(StreamError(.policyViolation))
        }
        self.state = .awaitingTLS
        return [.stream(.send(Element("proceed", namespace: Namespace.tls))), .stream(.startTLS)]
    }

    private mutating func receivedSASL(_ element: Element) -> [Directive] {
        guard !self.hasAuthenticated, let tls, let remote else {
            return self.close(StreamError(.policyViolation))
        }
        do {
            let directive: SASLServer.Directive
            switch try SASLElement(parsing: element) {
            case .auth(let mechanism, let response):
                let isProved = self.configuration.policy.judge(remote.domain, tls) == .proved
                let proved = isProved ? [remote] : []
                var exchange = SASLServer(
                    SASLServer.Context(
                        domain: remote.domain, offered: [.external], proved: proved, nonce: Self.unusedNonce))
                directive = exchange.begin(mechanism: mechanism, initialResponse: response)
                self.exchange = exchange
            case .response(let response):
                directive =
                    self.exchange?.receive(response: response) ?? .failure(SASLFailure(.malformedRequest))
            case .abort:
                directive = self.exchange?.abort() ?? .failure(SASLFailure(.malformedRequest))
            case .challenge, .success, .failure:
                return self.close(StreamError(.policyViolation))
            }
            return self.perform(directive, remote)
        } catch {
            return self.refuse(error)
        }
    }

    /// EXTERNAL proves by certificate; what SASL needs a nonce for is not offered between servers.
    private static let unusedNonce = [UInt8](repeating: 0, count: SASLServer.Context.minimumNonce)

    private mutating func perform(_ directive: SASLServer.Directive, _ remote: JID) -> [Directive] {
        switch directive {
        case .challenge(let bytes): return [.stream(.send(SASLElement.challenge(bytes).element))]
        case .needCredentials, .hash: return self.refuse(SASLFailure(.invalidMechanism))
        case .failure(let failure): return self.refuse(failure)
        case .success(_, let bytes):
            self.hasAuthenticated = true
            self.proven.insert(remote.domain)
            self.state = .awaitingHeader
            let pair = DomainPair(local: self.local?.domain ?? "", remote: remote.domain)
            return [
                .stream(.send(SASLElement.success(bytes).element)), .authenticated(pair), .stream(.restart),
            ]
        }
    }

    private mutating func refuse(_ failure: SASLFailure) -> [Directive] {
        self.exchange = nil
        self.failures += 1
        let directives = [Directive.stream(.send(SASLElement.failure(failure).element))]
        guard self.failures < self.configuration.authenticationFailures else {
            return directives + self.close(StreamError(.policyViolation, text: "too many failures"))
        }
        return directives
    }
}

// MARK: Server dialback

extension ReceivingRemoteStream {
    private mutating func receivedDialback(_ element: Element) -> [Directive] {
        guard let tls, self.state == .open else { return self.close(StreamError(.policyViolation)) }
        do {
            switch element.name {
            case DialbackResult.elementName:
                return self.received(try DialbackResult(parsing: element), tls: tls)
            case DialbackVerify.elementName: return self.received(try DialbackVerify(parsing: element))
            default: return self.close(StreamError(.unsupportedStanzaType))
            }
        } catch {
            return self.close(StreamError(.improperAddressing, text: error.problem))
        }
    }

    private mutating func received(_ result: DialbackResult, tls: TLSFacts) -> [Directive] {
        switch result.verdict {
        case .key(let key):
            let pair = DomainPair(local: result.to.domain, remote: result.from.domain)
            return self.receivedRequest(pair, key: key, tls: tls)
        // Nothing was asked on this stream, so nothing is believed (CVE-2012-3525, CVE-2012-4670).
        case .valid, .invalid, .error: return []
        }
    }

    private mutating func received(_ question: DialbackVerify) -> [Directive] {
        let verdict: DialbackVerdict
        switch question.verdict {
        case .valid, .invalid, .error: return []
        case .key(let shown):
            self.hasAnswered = true
            let key = DialbackKey(
                secret: self.configuration.dialbackSecret, receiving: question.from.domain,
                originating: question.to.domain, streamID: question.id)
            if self.configuration.domains.contains(question.to.domain) {
                verdict = key.matches(shown) ? .valid : .invalid
            } else {
                verdict = .error(StanzaError(.itemNotFound))
            }
        }
        let answer = DialbackVerify(from: question.to, to: question.from, id: question.id, verdict)
        return [.stream(.send(answer.element))]
    }

    private mutating func receivedRequest(_ pair: DomainPair, key: String, tls: TLSFacts) -> [Directive] {
        guard self.configuration.domains.contains(pair.local) else {
            return self.answer(pair, .error(StanzaError(.itemNotFound)))
        }
        // Whatever its certificate and whoever answers for it: nobody else speaks for us.
        guard !self.configuration.domains.contains(pair.remote) else {
            return self.close(
                StreamError(.invalidFrom, text: "\(pair.remote) is served here, and by nobody else"))
        }
        guard self.configuration.policy.allowsDialback(with: pair.remote) else {
            self.failures += 1
            guard self.failures < self.configuration.authenticationFailures else {
                return self.close(StreamError(.policyViolation, text: "too many failures"))
            }
            let reason = "\(pair.remote) may not prove itself by dialback here"
            return [.turnedAway(domain: pair.remote, reason: reason)]
                + self.answer(pair, .error(StanzaError(.policyViolation, text: reason)))
        }
        guard self.pending.count < Self.pendingVerificationsLimit, self.proven.count < Self.provenDomainsLimit
        else {
            return self.answer(pair, .error(StanzaError(.resourceConstraint)))
        }
        // A certificate for that very domain says all that calling back could (XEP-0344).
        if self.configuration.policy.judge(pair.remote, tls) == .proved {
            self.proven.insert(pair.remote)
            return self.answer(pair, .valid) + [.authenticated(pair)]
        }
        guard self.pending.insert(pair).inserted else { return [] }
        return [.verify(pair, streamID: self.streamID, key: key)]
    }

    /// The authoritative server has answered, or could not be asked; ignored unless this stream asked.
    package mutating func verified(_ pair: DomainPair, _ verdict: DialbackVerdict) -> [Directive] {
        guard self.pending.remove(pair) != nil, self.state != .closed else { return [] }
        switch verdict {
        case .valid:
            self.proven.insert(pair.remote)
            return self.answer(pair, .valid) + [.authenticated(pair)]
        // Who makes us ask in vain fails as one who lies: otherwise he could go on for ever.
        case .invalid, .error:
            self.failures += 1
            guard self.failures < self.configuration.authenticationFailures else {
                return self.close(StreamError(.policyViolation, text: "too many failures"))
            }
            return self.answer(pair, verdict)
        case .key:
            return self.answer(pair, .error(StanzaError(.internalServerError)))
        }
    }

    private func answer(_ pair: DomainPair, _ verdict: DialbackVerdict) -> [Directive] {
        let from = JID(preparedLocal: nil, domain: pair.local, resource: nil)
        let to = JID(preparedLocal: nil, domain: pair.remote, resource: nil)
        return [.stream(.send(DialbackResult(from: from, to: to, verdict).element))]
    }
}

// MARK: Stanzas

extension ReceivingRemoteStream {
    private mutating func receivedStanza(_ element: Element) -> [Directive] {
        guard self.state == .open, self.isAuthenticated else {
            return self.close(StreamError(.notAuthorized))
        }
        do {
            let stanza = try Stanza(parsing: element)
            if let error = self.problem(from: stanza.from, to: stanza.to) { return self.close(error) }
            return [.deliver(stanza)]
        } catch {
            return self.reject(error)
        }
    }

    private func problem(from: JID?, to: JID?) -> StreamError? {
        guard let from, let to else {
            return StreamError(.improperAddressing, text: "between servers a stanza has 'from' and 'to'")
        }
        guard self.proven.contains(from.domain) else {
            return StreamError(.invalidFrom, text: "this stream has not proved \(from.domain)")
        }
        guard self.configuration.domains.contains(to.domain) else {
            return StreamError(.hostUnknown, text: "\(to.domain) is not served here")
        }
        return nil
    }

    private mutating func reject(_ failure: StanzaParseFailure) -> [Directive] {
        switch failure {
        case .notAStanza: return self.close(StreamError(.unsupportedStanzaType))
        case .malformedSender: return self.close(StreamError(.invalidFrom))
        case .malformed(_, let reply):
            if let sender = reply?.to, !self.proven.contains(sender.domain) {
                return self.close(
                    StreamError(.invalidFrom, text: "this stream has not proved \(sender.domain)"))
            }
            // Others take addresses that none is here: what is for one is passed over, and so is what is for another domain.
            // Nothing is said in the name of either.
            guard let reply, reply.to != nil, let addressee = reply.from,
                self.configuration.domains.contains(addressee.domain)
            else { return [.malformed(reply: nil)] }
            return [.malformed(reply: reply)]
        }
    }
}

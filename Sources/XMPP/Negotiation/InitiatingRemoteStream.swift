package import XML

/// An outbound server-to-server stream: gets TLS up, judges the peer, and proves the local domain to it.
///
/// Also the short stream on which a receiving server asks the authoritative one about a dialback key.
package struct InitiatingRemoteStream: Sendable {
    package enum Purpose: Hashable, Sendable {
        /// To send stanzas, authenticating by SASL EXTERNAL if it is offered.
        case stanzas
        /// To send stanzas, authenticating by server dialback: the second try, after EXTERNAL was refused.
        case stanzasByDialback
        /// To ask whether the peer made `key` for the stream `streamID` (XEP-0220 §2.3).
        case verification(streamID: String, key: String)
    }

    package struct Configuration: Sendable {
        package var pair: DomainPair
        package var purpose: Purpose
        package var policy: RemotePolicy.Authentication
        /// Whether the local domain has a certificate to show.
        package var hasCertificate: Bool
        package var dialbackSecret: [UInt8]
        /// Whether the peer may use the stream too, if it offers to (XEP-0288).
        package var mayBeBidirectional: Bool
        /// What we take from the peer on such a stream; it is told (XEP-0478).
        package var limits: StreamLimits

        package init(
            pair: DomainPair, purpose: Purpose, policy: RemotePolicy.Authentication, hasCertificate: Bool,
            dialbackSecret: [UInt8], mayBeBidirectional: Bool = false, limits: StreamLimits = StreamLimits()
        ) {
            self.pair = pair
            self.purpose = purpose
            self.policy = policy
            self.hasCertificate = hasCertificate
            self.dialbackSecret = dialbackSecret
            self.mayBeBidirectional = mayBeBidirectional
            self.limits = limits
        }
    }

    package enum Directive: Hashable, Sendable {
        case stream(StreamDirective)
        /// Stanzas may be sent; `limits` is what the peer says it takes, and whether it offers stream management.
        case authenticated(limits: StreamLimits, offersManagement: Bool)
        /// An element of stream management (XEP-0198), on an authenticated stream.
        case management(Element)
        /// A stanza of the peer, on a stream that is used in both directions.
        case deliver(Stanza)
        /// A stanza of the peer was malformed: it counts as received (XEP-0198 §4), and this answer goes back if it may be
        /// answered.
        case malformed(reply: Stanza?)
        /// The answer to a verification.
        case verified(DialbackVerdict)
        /// The stream will not come to be.
        case failed(Failure)
        /// The peer closed an authenticated stream with an error.
        case refused(StreamError)
    }

    /// Why a stream did not come to be.
    package enum Failure: Error, Hashable, Sendable {
        case noTLS
        /// Policy wants a certificate for the domain and the peer has none that counts.
        case untrustedPeer(reason: String)
        /// The peer does not take our certificate; a new stream may try server dialback.
        case externalRefused(SASLFailure)
        case dialbackRefused(DialbackVerdict)
        /// The peer offers nothing that policy allows.
        case noCommonMethod
        case refused(StreamError)
        /// The peer broke the protocol.
        case protocolViolation(String)
        case timedOut
    }

    private enum State: Hashable, Sendable {
        case awaitingHeader
        case awaitingFeatures
        case awaitingProceed
        case awaitingTLS
        case awaitingSASL
        case awaitingDialback
        case awaitingVerification
        case authenticated
        case closed
    }

    private let configuration: Configuration
    private let local: JID
    private let remote: JID
    private var state = State.awaitingHeader
    private var tls: TLSFacts?
    private var hasAuthenticated = false
    private var streamID: String?
    private var declaresDialback = false
    /// Whether the peer has been told that it may use the stream too (XEP-0288).
    private(set) package var isBidirectional = false

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        self.local = JID(preparedLocal: nil, domain: configuration.pair.local, resource: nil)
        self.remote = JID(preparedLocal: nil, domain: configuration.pair.remote, resource: nil)
    }

    package var isAuthenticated: Bool { self.state == .authenticated }

    /// The connection is up; with direct TLS call `established` first.
    package mutating func start() -> [Directive] {
        [.stream(.sendHeader(self.header))]
    }

    /// Whoever looks at its own server does not say who it is: that server takes nobody else for itself.
    private var header: StreamHeader {
        StreamHeader(
            contentNamespace: Namespace.server, to: self.remote,
            from: self.local == self.remote ? nil : self.local, declaresDialback: true)
    }

    /// TLS is up: by STARTTLS the stream begins anew, by direct TLS it has not yet begun.
    package mutating func established(_ facts: TLSFacts) -> [Directive] {
        switch self.state {
        case .awaitingTLS:
            self.tls = facts
            self.state = .awaitingHeader
            return self.start()
        case .awaitingHeader where self.tls == nil:
            self.tls = facts
            return []
        case .awaitingHeader, .awaitingFeatures, .awaitingProceed, .awaitingSASL, .awaitingDialback,
            .awaitingVerification, .authenticated, .closed:
            return []
        }
    }

    package mutating func received(_ header: StreamHeader) -> [Directive] {
        guard self.state == .awaitingHeader else {
            return self.fail(.protocolViolation("a second stream header"))
        }
        guard header.contentNamespace == Namespace.server else {
            return self.fail(.protocolViolation("the stream is in \(header.contentNamespace)"))
        }
        self.streamID = header.id
        self.declaresDialback = header.declaresDialback
        guard header.knowsFeatures else { return self.fail(.noTLS) }
        self.state = .awaitingFeatures
        return []
    }

    package mutating func received(_ element: Element) -> [Directive] {
        if StreamError.matches(element) { return self.receivedError(StreamError(parsing: element)) }
        switch self.state {
        case .awaitingFeatures:
            guard let features = try? StreamFeatures(parsing: element) else {
                return self.fail(.protocolViolation("<\(element.name)/> instead of features"))
            }
            return self.received(features)
        case .awaitingProceed: return self.receivedTLS(element)
        case .awaitingSASL: return self.receivedSASL(element)
        case .awaitingDialback, .awaitingVerification: return self.receivedDialback(element)
        case .authenticated where StreamManagementElement.matches(element): return [.management(element)]
        case .authenticated where self.isBidirectional && element.namespace == Namespace.server:
            return self.receivedStanza(element)
        case .authenticated where self.isBidirectional && element.namespace == Namespace.dialback:
            return self.declineDialback(element)
        // Other streams between servers go one way: what else the peer says here is not acted on.
        case .authenticated, .closed: return []
        case .awaitingHeader, .awaitingTLS:
            return self.fail(.protocolViolation("<\(element.name)/> too early"))
        }
    }

    /// The time to authenticate is over.
    package mutating func timedOut() -> [Directive] {
        self.isAuthenticated ? [] : self.fail(.timedOut)
    }

    private mutating func receivedError(_ error: StreamError) -> [Directive] {
        switch self.state {
        case .closed: return []
        case .authenticated:
            self.state = .closed
            return [.refused(error), .stream(.close(nil))]
        case .awaitingHeader, .awaitingFeatures, .awaitingProceed, .awaitingTLS, .awaitingSASL,
            .awaitingDialback, .awaitingVerification:
            return self.fail(.refused(error))
        }
    }

    private mutating func fail(_ failure: Failure, _ error: StreamError? = nil) -> [Directive] {
        guard self.state != .closed else { return [] }
        self.state = .closed
        return [.failed(failure), .stream(.close(error))]
    }
}

// MARK: Features

extension InitiatingRemoteStream {
    private mutating func received(_ features: StreamFeatures) -> [Directive] {
        guard let tls else {
            guard features.startTLSIsRequired != nil else { return self.fail(.noTLS) }
            self.state = .awaitingProceed
            return [.stream(.send(Element("starttls", namespace: Namespace.tls)))]
        }
        if self.hasAuthenticated {
            self.state = .authenticated
            return [
                .authenticated(
                    limits: features.limits, offersManagement: features.offersStreamManagement)
            ]
        }
        let verdict = self.configuration.policy.judge(self.configuration.pair.remote, tls)
        if case .refused(let reason) = verdict {
            return self.fail(.untrustedPeer(reason: reason), StreamError(.notAuthorized, text: reason))
        }
        return self.askForReturn(features) + self.authenticate(features)
    }

    /// XEP-0288 §2.2: before authentication, and not answered.
    private mutating func askForReturn(_ features: StreamFeatures) -> [Directive] {
        switch self.configuration.purpose {
        case .verification: return []
        case .stanzas, .stanzasByDialback:
            guard self.configuration.mayBeBidirectional, features.offersBidirectional else { return [] }
            self.isBidirectional = true
            let limits = self.configuration.limits
            let children = limits == StreamLimits() ? [] : [limits.element]
            return [.stream(.send(Element("bidi", namespace: Namespace.bidirectional, [:], children)))]
        }
    }

    private mutating func authenticate(_ features: StreamFeatures) -> [Directive] {
        switch self.configuration.purpose {
        case .verification(let streamID, let key):
            self.state = .awaitingVerification
            let question = DialbackVerify(from: self.local, to: self.remote, id: streamID, .key(key))
            return [.stream(.send(question.element))]
        case .stanzas where self.configuration.hasCertificate && features.mechanisms.contains("EXTERNAL"):
            self.state = .awaitingSASL
            let name = Array(self.local.description.utf8)
            return [
                .stream(.send(SASLElement.auth(mechanism: "EXTERNAL", initialResponse: name).element))
            ]
        case .stanzas, .stanzasByDialback:
            return self.requestDialback(features)
        }
    }

    private mutating func requestDialback(_ features: StreamFeatures) -> [Directive] {
        guard self.configuration.policy.allowsDialback,
            features.offersDialback || self.declaresDialback
        else { return self.fail(.noCommonMethod) }
        guard let streamID else { return self.fail(.protocolViolation("a stream without an id")) }
        self.state = .awaitingDialback
        let key = DialbackKey(
            secret: self.configuration.dialbackSecret, receiving: self.configuration.pair.remote,
            originating: self.configuration.pair.local, streamID: streamID)
        return [.stream(.send(DialbackResult(from: self.local, to: self.remote, .key(key.text)).element))]
    }
}

// MARK: STARTTLS, SASL EXTERNAL, dialback

extension InitiatingRemoteStream {
    private mutating func receivedTLS(_ element: Element) -> [Directive] {
        guard element.matches("proceed", Namespace.tls) else { return self.fail(.noTLS) }
        self.state = .awaitingTLS
        return [.stream(.startTLS)]
    }

    private mutating func receivedSASL(_ element: Element) -> [Directive] {
        guard SASLElement.matches(element) else {
            return self.fail(.protocolViolation("<\(element.name)/> during authentication"))
        }
        do {
            switch try SASLElement(parsing: element) {
            case .success:
                self.hasAuthenticated = true
                self.state = .awaitingHeader
                return [.stream(.restart), .stream(.sendHeader(self.header))]
            case .failure(let failure): return self.fail(.externalRefused(failure))
            case .auth, .challenge, .response, .abort:
                return self.fail(.protocolViolation("<\(element.name)/> in answer to EXTERNAL"))
            }
        } catch {
            return self.fail(.externalRefused(error))
        }
    }

    private mutating func receivedDialback(_ element: Element) -> [Directive] {
        switch (self.state, self.configuration.purpose) {
        case (.awaitingDialback, _):
            guard let result = try? DialbackResult(parsing: element), result.from == self.remote,
                result.to == self.local
            else { return [] }
            return self.received(result.verdict)
        case (.awaitingVerification, .verification(let id, _)):
            guard let answer = try? DialbackVerify(parsing: element), answer.from == self.remote,
                answer.to == self.local, answer.id == id
            else { return [] }
            self.state = .closed
            return [.verified(answer.verdict), .stream(.close(nil))]
        case (_, _):
            return []
        }
    }

    private mutating func received(_ verdict: DialbackVerdict) -> [Directive] {
        switch verdict {
        // The peer proves itself to us: not on a stream that goes the other way.
        case .key: return []
        case .invalid, .error: return self.fail(.dialbackRefused(verdict))
        case .valid:
            self.state = .authenticated
            return [.authenticated(limits: StreamLimits(), offersManagement: false)]
        }
    }
}

// MARK: Stanzas of the peer (XEP-0288)

extension InitiatingRemoteStream {
    /// Only between the two domains of the stream (XEP-0288 §2.2): the peer has proved no other, and was not asked about others
    /// of ours.
    private mutating func receivedStanza(_ element: Element) -> [Directive] {
        do {
            let stanza = try Stanza(parsing: element)
            if let error = self.problem(from: stanza.from, to: stanza.to) { return self.refuse(error) }
            return [.deliver(stanza)]
        } catch {
            return self.reject(error)
        }
    }

    private func problem(from: JID?, to: JID?) -> StreamError? {
        guard let from, let to else {
            return StreamError(.improperAddressing, text: "between servers a stanza has 'from' and 'to'")
        }
        guard from.domain == self.configuration.pair.remote else {
            return StreamError(.invalidFrom, text: "this stream has not proved \(from.domain)")
        }
        guard to.domain == self.configuration.pair.local else {
            return StreamError(.hostUnknown, text: "this stream is not for \(to.domain)")
        }
        return nil
    }

    private mutating func reject(_ failure: StanzaParseFailure) -> [Directive] {
        switch failure {
        case .notAStanza: return self.refuse(StreamError(.unsupportedStanzaType))
        case .malformedSender: return self.refuse(StreamError(.invalidFrom))
        case .malformed(_, let reply):
            if let sender = reply?.to, sender.domain != self.configuration.pair.remote {
                return self.refuse(
                    StreamError(.invalidFrom, text: "this stream has not proved \(sender.domain)"))
            }
            guard let reply, reply.to != nil, reply.from?.domain == self.configuration.pair.local else {
                return [.malformed(reply: nil)]
            }
            return [.malformed(reply: reply)]
        }
    }

    /// XEP-0288 §2.2: the peer may ask to prove further domains by dialback, and must hear that it cannot here.
    private func declineDialback(_ element: Element) -> [Directive] {
        guard let request = try? DialbackResult(parsing: element), case .key = request.verdict else {
            return []
        }
        let answer = DialbackResult(
            from: request.to, to: request.from, .error(StanzaError(.featureNotImplemented)))
        return [.stream(.send(answer.element))]
    }

    private mutating func refuse(_ error: StreamError) -> [Directive] {
        self.state = .closed
        return [.stream(.close(error))]
    }
}

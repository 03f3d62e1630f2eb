package import Cryptography

/// The server's half of one authentication (RFC 6120 §6): what the client sends goes in, what to do comes
/// out.
///
/// One value serves one attempt; for the next attempt the shell makes a new one with a new nonce, and counts.
/// The identity of a success is a bare address, and always the one that was authenticated: nobody may act for
/// another (`invalid-authzid`).
package struct SASLServer: Hashable, Sendable {
    /// What the server knows about the stream.
    package struct Context: Hashable, Sendable {
        /// The domain whose accounts authenticate.
        package var domain: String
        /// The mechanisms that were offered; no other is taken.
        package var offered: [SASLMechanism]
        /// What binds the TLS connection; empty without TLS.
        package var bindings: [ChannelBinding]
        /// The addresses that the client's certificate proves, for EXTERNAL; for a server its domain.
        package var proved: [JID]
        /// Fresh random bytes, at least `minimumNonce` of them.
        package var nonce: [UInt8]

        package static let minimumNonce = 16

        package init(
            domain: String, offered: [SASLMechanism], bindings: [ChannelBinding] = [], proved: [JID] = [],
            nonce: [UInt8]
        ) {
            precondition(nonce.count >= Self.minimumNonce, "a nonce of \(nonce.count) bytes can be guessed")
            self.domain = domain
            self.offered = offered
            self.bindings = bindings
            self.proved = proved
            self.nonce = nonce
        }
    }

    /// What the shell does next.
    package enum Directive: Hashable, Sendable {
        /// Send `<challenge/>`.
        case challenge([UInt8])
        /// Look the account up and call `receive(_:)`, with `SCRAMCredentials.fake` if there is none.
        case needCredentials(username: String, hash: HashFunction)
        /// Perform it, where it holds up nobody, and call `receive(_:)`.
        case hash(PasswordHashing)
        /// Send `<success/>`; the stream is `identity`'s from now on.
        case success(identity: JID, bytes: [UInt8]?)
        /// Send `<failure/>`.
        case failure(SASLFailure)
    }

    private enum State: Hashable, Sendable {
        case idle
        case waitingForInitialResponse(SASLMechanism)
        case scram(SCRAMServer, JID?)
        case plain(JID, password: String)
        case hashing(JID, SCRAMCredentials)
        case finished
    }

    private let context: Context
    private var state = State.idle

    package init(_ context: Context) {
        self.context = context
    }

    /// Takes `<auth/>`.
    package mutating func begin(mechanism name: String, initialResponse: [UInt8]?) -> Directive {
        guard case .idle = self.state else { return self.fail(SASLFailure(.malformedRequest)) }
        guard let mechanism = SASLMechanism(rawValue: name), self.context.offered.contains(mechanism) else {
            return self.fail(SASLFailure(.invalidMechanism, text: "this mechanism is not offered here"))
        }
        guard let initialResponse else {
            self.state = .waitingForInitialResponse(mechanism)
            return .challenge([])
        }
        return self.first(mechanism, initialResponse)
    }

    /// Takes `<response/>`.
    package mutating func receive(response: [UInt8]) -> Directive {
        switch self.state {
        case .waitingForInitialResponse(let mechanism):
            return self.first(mechanism, response)
        case .scram(var exchange, .some(let identity)):
            self.state = .finished
            do {
                return .success(identity: identity, bytes: try exchange.receive(final: response))
            } catch {
                return self.fail(error)
            }
        case .idle, .scram(_, .none), .plain, .hashing, .finished:
            return self.fail(SASLFailure(.malformedRequest))
        }
    }

    /// Takes what is kept of the password of the account that `needCredentials` named.
    package mutating func receive(_ credentials: SCRAMCredentials) -> Directive {
        switch self.state {
        case .scram(var exchange, let identity):
            do {
                let challenge = try exchange.receive(credentials)
                self.state = .scram(exchange, identity)
                return .challenge(challenge)
            } catch {
                return self.fail(error)
            }
        case .plain(let identity, let password):
            self.state = .hashing(identity, credentials)
            return .hash(credentials.hashing(of: password, hash: Self.plainHash))
        case .idle, .waitingForInitialResponse, .hashing, .finished:
            return self.fail(SASLFailure(.malformedRequest))
        }
    }

    /// Takes what `hash` asked for.
    package mutating func receive(_ salted: SaltedPassword) -> Directive {
        guard case .hashing(let identity, let credentials) = self.state else {
            return self.fail(SASLFailure(.malformedRequest))
        }
        self.state = .finished
        guard credentials.match(salted) else { return .failure(SASLFailure(.notAuthorized)) }
        return .success(identity: identity, bytes: nil)
    }

    /// Takes `<abort/>`.
    package mutating func abort() -> Directive {
        self.fail(SASLFailure(.aborted))
    }

    /// The credentials a password that came by PLAIN is checked against.
    private static let plainHash = HashFunction.sha256

    private mutating func fail(_ failure: SASLFailure) -> Directive {
        self.state = .finished
        return .failure(failure)
    }

    private mutating func first(_ mechanism: SASLMechanism, _ message: [UInt8]) -> Directive {
        do {
            switch mechanism {
            case .plain: return try self.plain(message)
            case .external: return try self.external(message)
            case .scramSHA1, .scramSHA1Plus: return try self.scram(mechanism, .sha1, message)
            case .scramSHA256, .scramSHA256Plus: return try self.scram(mechanism, .sha256, message)
            }
        } catch {
            return self.fail(error)
        }
    }

    private mutating func scram(
        _ mechanism: SASLMechanism, _ hash: HashFunction, _ message: [UInt8]
    ) throws(SASLFailure) -> Directive {
        var exchange = SCRAMServer(
            hash: hash, bindsChannel: mechanism.bindsChannel, bindings: self.context.bindings,
            offeredBinding: self.context.offered.contains { $0.bindsChannel },
            nonce: Base64.encode(self.context.nonce))
        let first = try exchange.receive(first: message)
        let identity = try self.identity(first.username, authorization: first.authorization)
        self.state = .scram(exchange, identity)
        return .needCredentials(username: identity.local ?? "", hash: hash)
    }

    /// RFC 4616: authorization identity, NUL, name, NUL, password.
    private mutating func plain(_ message: [UInt8]) throws(SASLFailure) -> Directive {
        let parts = message.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
        let texts = parts.compactMap { String(validating: $0, as: UTF8.self) }
        guard message.count <= SCRAM.longestMessage, parts.count == 3, texts.count == 3,
            !texts[1].isEmpty, !texts[2].isEmpty
        else { throw SASLFailure(.malformedRequest) }
        let identity = try self.identity(texts[1], authorization: texts[0].isEmpty ? nil : texts[0])
        self.state = .plain(identity, password: texts[2])
        return .needCredentials(username: identity.local ?? "", hash: Self.plainHash)
    }

    /// RFC 4422 appendix A: the message is the authorization identity, or empty.
    private mutating func external(_ message: [UInt8]) throws(SASLFailure) -> Directive {
        guard let text = SCRAM.text(message) else { throw SASLFailure(.malformedRequest) }
        guard let first = self.context.proved.first else {
            throw SASLFailure(.notAuthorized, text: "the certificate proves no address")
        }
        self.state = .finished
        if text.isEmpty { return .success(identity: first, bytes: nil) }
        guard let wanted = Self.address(text), self.context.proved.contains(wanted) else {
            throw SASLFailure(.invalidAuthzid, text: "the certificate does not prove this address")
        }
        return .success(identity: wanted, bytes: nil)
    }

    /// The account a name means; whoever asks to act for another address is refused.
    private func identity(_ username: String, authorization: String?) throws(SASLFailure) -> JID {
        let identity: JID
        do {
            identity = JID(
                preparedLocal: try Localpart.prepare(username[...]), domain: self.context.domain,
                resource: nil)
        } catch {
            throw SASLFailure(.notAuthorized)
        }
        guard let authorization else { return identity }
        guard Self.address(authorization) == identity else { throw SASLFailure(.invalidAuthzid) }
        return identity
    }

    private static func address(_ text: String) -> JID? {
        do { return try JID(text) } catch { return nil }
    }
}

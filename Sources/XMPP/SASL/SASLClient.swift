import Cryptography

/// The client's half of one authentication (RFC 6120 §6).
///
/// A success that the server has not proved where the mechanism has a proof is a failure.
package struct SASLClient: Hashable, Sendable {
    /// What the client authenticates with.
    package enum Credentials: Hashable, Sendable {
        /// A name and password; PLAIN is used only if allowed, and the shell allows it only under TLS.
        case password(username: String, password: String, allowsPlain: Bool)
        /// A certificate that the layer below has shown; the address to act as, if the server is to be told.
        case certificate(authorization: JID?)
    }

    /// Why the client gives up, beside a `<failure/>` of the server.
    package enum Failure: Error, Hashable, Sendable {
        case malformedChallenge
        /// The password holds what OpaqueString forbids.
        case unusablePassword
        /// Outside of what the client works with.
        case iterationsOutOfRange(Int)
        /// The server's last word does not fit: it does not know the password, or somebody is between.
        case serverNotProved
        /// Said by the server.
        case refused(SASLFailure)
    }

    package enum Directive: Hashable, Sendable {
        /// Send `<response/>`.
        case respond([UInt8])
        /// Perform it, where it holds up nobody, and call `receive(_:)`.
        case hash(PasswordHashing)
        /// The stream is ours: restart it.
        case authenticated
        /// Send `<abort/>` unless the server has ended it, and give up or try another mechanism.
        case failed(Failure)
    }

    private enum State: Hashable, Sendable {
        case scram(SCRAMClient)
        /// The server's proof came in a challenge of its own.
        case proved
        case withoutProof
        case finished
    }

    package let mechanism: SASLMechanism
    /// What goes into `<auth/>`.
    package let initialResponse: [UInt8]
    private var state: State

    /// Chooses the best mechanism that both sides know; nil if there is none.
    ///
    /// - `offered`: the names in the server's features; `serverBindings`: its types of channel binding
    ///   (XEP-0440), nil if it does not say.
    /// - `bindings`: what binds our TLS connection, best first; `nonce`: fresh random bytes.
    package init?(
        offered: [String], serverBindings: [String]?, credentials: Credentials, bindings: [ChannelBinding],
        nonce: [UInt8], excluding: Set<SASLMechanism> = []
    ) {
        precondition(
            nonce.count >= SASLServer.Context.minimumNonce, "a nonce of \(nonce.count) bytes can be guessed")
        let known = Set(offered.compactMap(SASLMechanism.init(rawValue:)))
        let binding = bindings.first { serverBindings?.contains($0.kind.rawValue) ?? true }
        let usable = known.subtracting(excluding).filter { mechanism in
            switch (mechanism, credentials) {
            case (.external, .certificate): true
            case (.plain, .password(_, _, let allowsPlain)): allowsPlain
            case (.scramSHA1, .password), (.scramSHA256, .password): true
            case (.scramSHA1Plus, .password), (.scramSHA256Plus, .password): binding != nil
            case (.external, .password), (_, .certificate): false
            }
        }
        guard let mechanism = usable.max() else { return nil }
        self.mechanism = mechanism
        switch credentials {
        case .certificate(let authorization):
            self.initialResponse = Array((authorization?.description ?? "").utf8)
            self.state = .withoutProof
        case .password(let username, let password, _):
            guard let hash = mechanism.hash else {
                self.initialResponse = [0] + Array(username.utf8) + [0] + Array(password.utf8)
                self.state = .withoutProof
                return
            }
            let flag: SCRAMClient.ChannelFlag =
                if mechanism.bindsChannel, let binding {
                    .bound(binding)
                } else if !bindings.isEmpty, !known.contains(where: { $0.bindsChannel }) {
                    .notOffered
                } else {
                    .notSupported
                }
            let exchange = SCRAMClient(
                hash: hash, username: username, password: password, authorization: nil, flag: flag,
                nonce: Base64.encode(nonce))
            self.initialResponse = exchange.first
            self.state = .scram(exchange)
        }
    }

    /// Takes `<challenge/>`.
    package mutating func receive(challenge: [UInt8]) -> Directive {
        switch self.state {
        case .scram(var exchange):
            do {
                if challenge.first == UInt8(ascii: "v") {
                    try exchange.receive(final: challenge)
                    self.state = .proved
                    return .respond([])
                }
                let hashing = try exchange.receive(first: challenge)
                self.state = .scram(exchange)
                return .hash(hashing)
            } catch {
                self.state = .finished
                return .failed(error)
            }
        case .withoutProof, .proved, .finished:
            self.state = .finished
            return .failed(.malformedChallenge)
        }
    }

    /// Takes what `hash` asked for.
    package mutating func receive(_ salted: SaltedPassword) -> Directive {
        guard case .scram(var exchange) = self.state else {
            self.state = .finished
            return .failed(.malformedChallenge)
        }
        do {
            let response = try exchange.receive(salted)
            self.state = .scram(exchange)
            return .respond(response)
        } catch {
            self.state = .finished
            return .failed(error)
        }
    }

    /// Takes `<success/>`.
    package mutating func receive(success bytes: [UInt8]?) -> Directive {
        defer { self.state = .finished }
        switch self.state {
        case .scram(var exchange):
            do {
                try exchange.receive(final: bytes ?? [])
                return .authenticated
            } catch {
                // A success before the proof was due is no better than one with a wrong proof.
                return .failed(.serverNotProved)
            }
        case .proved, .withoutProof: return .authenticated
        case .finished: return .failed(.malformedChallenge)
        }
    }

    /// Takes `<failure/>`.
    package mutating func receive(_ failure: SASLFailure) -> Directive {
        self.state = .finished
        return .failed(.refused(failure))
    }
}

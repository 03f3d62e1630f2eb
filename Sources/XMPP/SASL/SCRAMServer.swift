import Cryptography

/// The server's half of one SCRAM exchange (RFC 5802 §5), without the frame that SASL puts around it.
struct SCRAMServer: Hashable, Sendable {
    private enum State: Hashable, Sendable {
        case waitingForFirst
        case waitingForCredentials(First)
        case waitingForFinal(First, SCRAMCredentials, serverFirst: String)
        case finished
    }

    /// What the first message of the client said.
    struct First: Hashable, Sendable {
        var username: String
        /// Up to and with its second comma; the client repeats it at the end.
        var header: String
        var authorization: String?
        var bare: String
        var nonce: String
        /// Nil when the channel is not bound.
        var binding: [UInt8]?
    }

    private let hash: HashFunction
    private let bindsChannel: Bool
    private let bindings: [ChannelBinding]
    /// Whether the client was offered a mechanism that binds the channel.
    private let offeredBinding: Bool
    private let serverNonce: String
    private var state = State.waitingForFirst

    init(
        hash: HashFunction, bindsChannel: Bool, bindings: [ChannelBinding], offeredBinding: Bool,
        nonce: String
    ) {
        self.hash = hash
        self.bindsChannel = bindsChannel
        self.bindings = bindings
        self.offeredBinding = offeredBinding
        self.serverNonce = nonce
    }

    /// Takes the client's first message.
    mutating func receive(first message: [UInt8]) throws(SASLFailure) -> First {
        guard case .waitingForFirst = self.state else { throw SASLFailure(.malformedRequest) }
        self.state = .finished
        let first = try self.parse(first: message)
        self.state = .waitingForCredentials(first)
        return first
    }

    /// Takes what is kept of the user's password, and says the server's first message.
    mutating func receive(_ credentials: SCRAMCredentials) throws(SASLFailure) -> [UInt8] {
        guard case .waitingForCredentials(let first) = self.state else {
            throw SASLFailure(.malformedRequest)
        }
        let salt = Base64.encode(credentials.salt)
        let message = "r=\(first.nonce)\(self.serverNonce),s=\(salt),i=\(credentials.iterations)"
        self.state = .waitingForFinal(first, credentials, serverFirst: message)
        return Array(message.utf8)
    }

    /// Takes the client's proof; on success says the server's own.
    ///
    /// Whatever comes of it, the exchange is over: a proof can be tried once.
    mutating func receive(final message: [UInt8]) throws(SASLFailure) -> [UInt8] {
        guard case .waitingForFinal(let first, let credentials, let serverFirst) = self.state else {
            throw SASLFailure(.malformedRequest)
        }
        self.state = .finished
        guard let text = SCRAM.text(message), let attributes = SCRAM.attributes(text[...]),
            attributes.count >= 3, attributes[0].key == "c", attributes[1].key == "r",
            let last = attributes.last, last.key == "p",
            !attributes.dropFirst(2).contains(where: { $0.key == "m" })
        else { throw SASLFailure(.malformedRequest) }
        guard let binding = Base64.decode(attributes[0].value), let proof = Base64.decode(last.value) else {
            throw SASLFailure(.incorrectEncoding)
        }
        let expected = Array(first.header.utf8) + (first.binding ?? [])
        guard attributes[1].value == first.nonce + self.serverNonce,
            ConstantTime.areEqual(binding, expected)
        else { throw SASLFailure(.notAuthorized) }
        let withoutProof = text[..<last.value.startIndex].dropLast(",p=".count)
        let authMessage = Array("\(first.bare),\(serverFirst),\(withoutProof)".utf8)
        let signature = self.hash.authenticationCode(for: authMessage, key: credentials.storedKey)
        guard proof.count == signature.count,
            ConstantTime.areEqual(
                self.hash.digest(of: SCRAM.exclusiveOr(proof, signature)), credentials.storedKey)
        else { throw SASLFailure(.notAuthorized) }
        let answer = self.hash.authenticationCode(for: authMessage, key: credentials.serverKey)
        return Array("v=\(Base64.encode(answer))".utf8)
    }

    private func parse(first message: [UInt8]) throws(SASLFailure) -> First {
        guard let text = SCRAM.text(message) else { throw SASLFailure(.malformedRequest) }
        let parts = text.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw SASLFailure(.malformedRequest) }
        let binding = try self.binding(flag: parts[0])
        var authorization: String?
        if !parts[1].isEmpty {
            guard parts[1].hasPrefix("a="), let name = SCRAM.unescaped(parts[1].dropFirst(2)) else {
                throw SASLFailure(.malformedRequest)
            }
            authorization = name
        }
        // A first attribute other than `n` is an extension that must be understood: we know none.
        guard let attributes = SCRAM.attributes(parts[2]), attributes.count >= 2,
            attributes[0].key == "n", attributes[1].key == "r",
            !attributes.contains(where: { $0.key == "m" }),
            let username = SCRAM.unescaped(attributes[0].value), !username.isEmpty,
            SCRAM.isNonce(attributes[1].value)
        else { throw SASLFailure(.malformedRequest) }
        return First(
            username: username, header: "\(parts[0]),\(parts[1]),", authorization: authorization,
            bare: String(parts[2]), nonce: String(attributes[1].value), binding: binding)
    }

    /// What the client must repeat of the channel, by the flag of its header (RFC 5802 §6).
    private func binding(flag: Substring) throws(SASLFailure) -> [UInt8]? {
        switch flag {
        case "n":
            guard !self.bindsChannel else { throw SASLFailure(.malformedRequest) }
            return nil
        case "y":
            // The client can bind and believes that we cannot: somebody took our offer away.
            guard !self.bindsChannel, !self.offeredBinding else {
                throw SASLFailure(
                    .notAuthorized, text: "channel binding was offered; the offer did not arrive")
            }
            return nil
        default:
            guard flag.hasPrefix("p="), self.bindsChannel else { throw SASLFailure(.malformedRequest) }
            guard let binding = self.bindings.first(where: { $0.kind.rawValue == flag.dropFirst(2) }) else {
                throw SASLFailure(.notAuthorized, text: "this type of channel binding is not available here")
            }
            return binding.bytes
        }
    }
}

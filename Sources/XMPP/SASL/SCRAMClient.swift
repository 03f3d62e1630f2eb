import Cryptography

/// The client's half of one SCRAM exchange (RFC 5802 §5).
struct SCRAMClient: Hashable, Sendable {
    /// The iteration counts a client works with.
    ///
    /// Fewer would make what an impostor learns easy to guess (RFC 7677 §4), more would keep us busy for
    /// seconds.
    static let iterations = 4_096...1_000_000

    private enum State: Hashable, Sendable {
        case waitingForFirst
        case hashing(serverFirst: String, nonce: String)
        case waitingForFinal(serverSignature: [UInt8])
        case finished
    }

    private let hash: HashFunction
    private let password: String
    private let header: String
    private let binding: [UInt8]
    private let bare: String
    private let nonce: String
    private var state = State.waitingForFirst

    init(
        hash: HashFunction, username: String, password: String, authorization: String?,
        flag: ChannelFlag, nonce: String
    ) {
        self.hash = hash
        self.password = password
        self.nonce = nonce
        let authorization = authorization.map { "a=" + SCRAM.escaped($0) } ?? ""
        switch flag {
        case .bound(let binding):
            self.header = "p=\(binding.kind.rawValue),\(authorization),"
            self.binding = binding.bytes
        case .notOffered:
            self.header = "y,\(authorization),"
            self.binding = []
        case .notSupported:
            self.header = "n,\(authorization),"
            self.binding = []
        }
        self.bare = "n=\(SCRAM.escaped(username)),r=\(self.nonce)"
    }

    /// What the client says about channel binding (RFC 5802 §6).
    enum ChannelFlag: Hashable, Sendable {
        case bound(ChannelBinding)
        /// We could, and the server does not offer it.
        case notOffered
        /// We cannot.
        case notSupported
    }

    var first: [UInt8] { Array((self.header + self.bare).utf8) }

    /// Takes the server's first message and says what must be done to prove the password.
    mutating func receive(first message: [UInt8]) throws(SASLClient.Failure) -> PasswordHashing {
        guard case .waitingForFirst = self.state else { throw .malformedChallenge }
        self.state = .finished
        guard let serverFirst = SCRAM.text(message), let attributes = SCRAM.attributes(serverFirst[...]),
            attributes.count >= 3, attributes[0].key == "r", attributes[1].key == "s",
            attributes[2].key == "i",
            let salt = Base64.decode(attributes[1].value), !salt.isEmpty,
            let iterations = Int(attributes[2].value), SCRAM.isNonce(attributes[0].value)
        else { throw .malformedChallenge }
        let nonce = attributes[0].value
        guard nonce.hasPrefix(self.nonce), nonce.utf8.count > self.nonce.utf8.count else {
            throw .serverNotProved
        }
        guard Self.iterations.contains(iterations) else { throw .iterationsOutOfRange(iterations) }
        self.state = .hashing(serverFirst: serverFirst, nonce: String(nonce))
        return PasswordHashing(self.password, salt: salt, iterations: iterations, hash: self.hash)
    }

    /// Takes the hashed password and says the client's proof.
    mutating func receive(_ salted: SaltedPassword) throws(SASLClient.Failure) -> [UInt8] {
        guard case .hashing(let serverFirst, let nonce) = self.state else { throw .malformedChallenge }
        self.state = .finished
        guard let salted = salted.key else { throw .unusablePassword }
        let channel = Base64.encode(Array(self.header.utf8) + self.binding)
        let withoutProof = "c=\(channel),r=\(nonce)"
        let authMessage = Array("\(self.bare),\(serverFirst),\(withoutProof)".utf8)
        let clientKey = SCRAM.clientKey(salted, self.hash)
        let signature = self.hash.authenticationCode(
            for: authMessage, key: self.hash.digest(of: clientKey))
        let proof = Base64.encode(SCRAM.exclusiveOr(clientKey, signature))
        self.state = .waitingForFinal(
            serverSignature: self.hash.authenticationCode(
                for: authMessage, key: SCRAM.serverKey(salted, self.hash)))
        return Array("\(withoutProof),p=\(proof)".utf8)
    }

    /// Takes the server's proof that it knows the password's keys.
    mutating func receive(final message: [UInt8]) throws(SASLClient.Failure) {
        guard case .waitingForFinal(let expected) = self.state else { throw .malformedChallenge }
        self.state = .finished
        guard let text = SCRAM.text(message), let attributes = SCRAM.attributes(text[...]),
            let first = attributes.first, first.key == "v", let signature = Base64.decode(first.value),
            ConstantTime.areEqual(signature, expected)
        else { throw .serverNotProved }
    }
}

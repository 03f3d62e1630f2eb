import Cryptography
import TestRandomness
import XML
import XMPP

/// A client's stream: nobody becomes an account without its password, and no password goes without TLS.
struct ReceivingClientDriver: NegotiationDriver {
    private static let account = JID(preparedLocal: "alice", domain: NegotiationTarget.local, resource: nil)
    private static let known: [HashFunction: SCRAMCredentials] = Dictionary(
        uniqueKeysWithValues: [HashFunction.sha1, .sha256].compactMap { hash in
            KnownAccount.credentials(hash).map { (hash, $0) }
        })

    private let circumstances: NegotiationTarget.Circumstances
    private var machine: ReceivingClientStream
    private var wire = NegotiationWire()
    private var random = SeededGenerator(seed: 1)
    private var authenticated: JID?
    private var headers = 0

    init(_ circumstances: NegotiationTarget.Circumstances) {
        self.circumstances = circumstances
        self.machine = ReceivingClientStream(
            ReceivingClientStream.Configuration(
                domains: [NegotiationTarget.local],
                mechanisms: SASLMechanism.allCases.filter { $0 != .external },
                allowsCleartext: false, authenticationFailures: 3, sessionFeatures: [.bind],
                limits: StreamLimits(longestStanza: 10_000)))
    }

    var isClosed: Bool { self.wire.isClosed }

    mutating func begin(_ parser: XMLStreamParser) throws(FuzzViolation) {
        if self.circumstances.isDirectTLS { try self.establish(parser) }
    }

    mutating func received(_ header: StreamHeader, _ parser: XMLStreamParser) throws(FuzzViolation) {
        self.headers += 1
        try self.perform(self.machine.received(header, streamID: "id-\(self.headers)"), parser)
    }

    mutating func received(_ element: Element, _ parser: XMLStreamParser) throws(FuzzViolation) {
        try self.perform(self.machine.received(element, using: &self.random), parser)
    }

    private mutating func establish(_ parser: XMLStreamParser) throws(FuzzViolation) {
        self.wire.established()
        try self.perform(self.machine.established(self.circumstances.tls), parser)
    }

    private mutating func perform(
        _ directives: [ReceivingClientStream.Directive], _ parser: XMLStreamParser
    ) throws(FuzzViolation) {
        for directive in directives {
            switch directive {
            case .stream(let directive):
                if try self.wire.perform(directive, parser) { try self.establish(parser) }
            case .needCredentials(let account, let hash):
                try FuzzViolation.unless(self.wire.hasTLS, "a password without TLS")
                try self.perform(self.answer(account, hash), parser)
            case .hash(let hashing): try self.perform(self.machine.receive(hashing.perform()), parser)
            case .ready(let account, _):
                try FuzzViolation.unless(self.wire.hasTLS, "authenticated without TLS")
                try FuzzViolation.unless(
                    account == Self.account && self.circumstances.knowsAccounts,
                    "\(account) is authenticated without a password")
                self.authenticated = account
            case .deliver:
                try FuzzViolation.unless(self.authenticated != nil, "a stanza before authentication")
            case .failed, .refused: break
            }
        }
    }

    private mutating func answer(
        _ account: JID, _ hash: HashFunction
    ) -> [ReceivingClientStream.Directive] {
        guard self.circumstances.knowsAccounts, let known = Self.known[hash] else {
            return self.machine.credentialsAreUnavailable()
        }
        return self.machine.receive(
            account == Self.account ? known : KnownAccount.unknown(account.description, hash))
    }
}

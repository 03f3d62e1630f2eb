import XML
import XMPP

/// Our own stream to another server: stanzas go only under TLS, and to whom policy believes.
struct InitiatingRemoteDriver: NegotiationDriver {
    private let circumstances: NegotiationTarget.Circumstances
    private var machine: InitiatingRemoteStream
    private var wire = NegotiationWire()

    init(_ circumstances: NegotiationTarget.Circumstances) {
        self.circumstances = circumstances
        // Here the bits that speak of verdicts and accounts say what the stream is for.
        let purpose: InitiatingRemoteStream.Purpose =
            switch (circumstances.isVerdictValid, circumstances.knowsAccounts) {
            case (false, true): .stanzas
            case (false, false): .stanzasByDialback
            case (true, _): .verification(streamID: "abc", key: "def")
            }
        self.machine = InitiatingRemoteStream(
            InitiatingRemoteStream.Configuration(
                pair: DomainPair(local: NegotiationTarget.local, remote: NegotiationTarget.remote),
                purpose: purpose, policy: circumstances.policy, hasCertificate: true,
                dialbackSecret: NegotiationTarget.secret, mayBeBidirectional: true))
    }

    var isClosed: Bool { self.wire.isClosed }

    mutating func begin(_ parser: XMLStreamParser) throws(FuzzViolation) {
        if self.circumstances.isDirectTLS { try self.establish(parser) }
        try self.perform(self.machine.start(), parser)
    }

    mutating func received(_ header: StreamHeader, _ parser: XMLStreamParser) throws(FuzzViolation) {
        try self.perform(self.machine.received(header), parser)
    }

    mutating func received(_ element: Element, _ parser: XMLStreamParser) throws(FuzzViolation) {
        try self.perform(self.machine.received(element), parser)
    }

    private mutating func establish(_ parser: XMLStreamParser) throws(FuzzViolation) {
        self.wire.established()
        try self.perform(self.machine.established(self.circumstances.tls), parser)
    }

    private mutating func perform(
        _ directives: [InitiatingRemoteStream.Directive], _ parser: XMLStreamParser
    ) throws(FuzzViolation) {
        for directive in directives {
            switch directive {
            case .stream(let directive):
                if try self.wire.perform(directive, parser) { try self.establish(parser) }
            case .authenticated:
                try FuzzViolation.unless(self.wire.hasTLS, "stanzas without TLS")
                try FuzzViolation.unless(
                    self.circumstances.isTrusted || !self.circumstances.requiresCertificate,
                    "stanzas to a peer that policy does not believe")
            case .verified(let verdict):
                try FuzzViolation.unless(
                    self.wire.hasTLS, "the verdict \(verdict) over a connection without TLS")
            case .management:
                try FuzzViolation.unless(self.wire.hasTLS, "stream management without TLS")
            case .deliver(let stanza):
                try FuzzViolation.unless(
                    self.machine.isAuthenticated && self.machine.isBidirectional, "a stanza too early")
                try FuzzViolation.unless(
                    stanza.from?.domain == NegotiationTarget.remote
                        && stanza.to?.domain == NegotiationTarget.local, "a stanza between others")
            case .malformed(let reply):
                try FuzzViolation.unless(
                    reply == nil || reply?.from?.domain == NegotiationTarget.local,
                    "an answer in another's name")
            case .failed, .refused: break
            }
        }
    }
}

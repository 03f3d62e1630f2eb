import XML
import XMPP

/// Another server's stream: it speaks for the domains it has proved and for no other, and to those served here.
struct ReceivingRemoteDriver: NegotiationDriver {
    private let circumstances: NegotiationTarget.Circumstances
    private var machine: ReceivingRemoteStream
    private var wire = NegotiationWire()
    private var headers = 0
    /// Domains whose server was asked and said that the key is its own.
    private var verified: Set<String> = []

    init(_ circumstances: NegotiationTarget.Circumstances) {
        self.circumstances = circumstances
        self.machine = ReceivingRemoteStream(
            ReceivingRemoteStream.Configuration(
                domains: [NegotiationTarget.local], policy: RemotePolicy(standard: circumstances.policy),
                dialbackSecret: NegotiationTarget.secret, authenticationFailures: 3,
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
        try self.perform(self.machine.received(element), parser)
    }

    private mutating func establish(_ parser: XMLStreamParser) throws(FuzzViolation) {
        self.wire.established()
        try self.perform(self.machine.established(self.circumstances.tls), parser)
    }

    private mutating func perform(
        _ directives: [ReceivingRemoteStream.Directive], _ parser: XMLStreamParser
    ) throws(FuzzViolation) {
        for directive in directives {
            switch directive {
            case .stream(let directive):
                if try self.wire.perform(directive, parser) { try self.establish(parser) }
            case .authenticated(let pair):
                try FuzzViolation.unless(self.wire.hasTLS, "authenticated without TLS")
                let hasCertificate = self.circumstances.isTrusted && pair.remote == NegotiationTarget.remote
                try FuzzViolation.unless(
                    hasCertificate || self.verified.contains(pair.remote), "\(pair.remote) has proved nothing"
                )
                try FuzzViolation.unless(pair.local == NegotiationTarget.local, "for \(pair.local)")
            case .verify(let pair, _, _):
                try FuzzViolation.unless(
                    !self.circumstances.requiresCertificate, "dialback against the policy")
                let isValid = self.circumstances.isVerdictValid
                if isValid { self.verified.insert(pair.remote) }
                try self.perform(self.machine.verified(pair, isValid ? .valid : .invalid), parser)
            case .deliver(let stanza):
                let from = stanza.from?.domain ?? ""
                try FuzzViolation.unless(
                    self.machine.proven.contains(from), "a stanza from \(from), which is not proved")
                try FuzzViolation.unless(
                    stanza.to?.domain == NegotiationTarget.local, "a stanza to somebody else")
            case .malformed(let reply):
                try FuzzViolation.unless(
                    reply == nil || reply?.from?.domain == NegotiationTarget.local,
                    "an answer in another's name")
            case .management:
                try FuzzViolation.unless(
                    !self.machine.proven.isEmpty, "stream management for one who has proved nothing")
            case .turnedAway, .refused: break
            }
        }
    }
}

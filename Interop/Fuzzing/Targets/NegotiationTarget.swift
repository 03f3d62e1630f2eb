import Cryptography
import XML
import XMPP

/// The machines that negotiate streams, fed with what a peer sends before anybody knows who it is.
///
/// The first byte chooses the machine, the second the circumstances. The rest are bytes of the stream; at each NUL those
/// before are handled first, so that a stream that begins anew gets what follows.
enum NegotiationTarget {
    static let local = "paris.test"
    static let remote = "tokyo.test"
    static let secret = Array("the secret of dialback".utf8)

    /// What the second byte says.
    struct Circumstances {
        let isDirectTLS: Bool
        let isTrusted: Bool
        let requiresCertificate: Bool
        let isVerdictValid: Bool
        let knowsAccounts: Bool

        init(_ byte: UInt8) {
            self.isDirectTLS = byte & 1 != 0
            self.isTrusted = byte & 2 != 0
            self.requiresCertificate = byte & 4 != 0
            self.isVerdictValid = byte & 8 != 0
            self.knowsAccounts = byte & 16 == 0
        }

        var tls: TLSFacts {
            TLSFacts(
                version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256",
                exporterBinding: [UInt8](repeating: 7, count: 32),
                peer: TLSFacts.Peer(
                    names: CertificateNames(dns: [NegotiationTarget.remote]),
                    verification: self.isTrusted ? .trusted : .untrusted(reason: "self-signed")))
        }

        var policy: RemotePolicy.Authentication {
            self.requiresCertificate ? .certificate : .certificateOrDialback
        }
    }

    static func check(_ input: [UInt8]) throws(FuzzViolation) {
        guard input.count > 2 else { return }
        let circumstances = Circumstances(input[1])
        let flights = input.dropFirst(2).split(separator: 0).map(Array.init)
        switch input[0] % 3 {
        case 0: try Self.run(ReceivingClientDriver(circumstances), flights)
        case 1: try Self.run(ReceivingRemoteDriver(circumstances), flights)
        case _: try Self.run(InitiatingRemoteDriver(circumstances), flights)
        }
    }

    private static func run(
        _ driver: consuming some NegotiationDriver, _ flights: [[UInt8]]
    ) throws(FuzzViolation) {
        let parser = XMLStreamParser(limits: .beforeAuthentication)
        try driver.begin(parser)
        for flight in flights {
            parser.feed(flight)
            while !driver.isClosed {
                let event: XMLEvent?
                do throws(ParseError) {
                    event = try parser.next()
                } catch {
                    return
                }
                guard let event else { break }
                switch event {
                case .opened(let root):
                    let header: StreamHeader
                    do throws(StreamError) {
                        header = try StreamHeader(parsing: root, declarations: parser.rootDeclarations)
                    } catch {
                        return
                    }
                    try driver.received(header, parser)
                case .element(let element): try driver.received(element, parser)
                case .closed: return
                }
            }
        }
    }
}

/// One machine, what it is told, and what is held against it.
protocol NegotiationDriver {
    /// Whether the machine has closed the stream.
    var isClosed: Bool { get }

    mutating func begin(_ parser: XMLStreamParser) throws(FuzzViolation)
    mutating func received(_ header: StreamHeader, _ parser: XMLStreamParser) throws(FuzzViolation)
    mutating func received(_ element: Element, _ parser: XMLStreamParser) throws(FuzzViolation)
}

/// What every machine's connection does for it.
struct NegotiationWire {
    private(set) var isClosed = false
    private(set) var hasTLS = false
    private var hasHeader = false

    mutating func established() { self.hasTLS = true }

    /// Carries `directive` out; whether TLS is to begin now.
    mutating func perform(
        _ directive: StreamDirective, _ parser: XMLStreamParser
    ) throws(FuzzViolation) -> Bool {
        try FuzzViolation.unless(!self.isClosed, "after it closed the stream it wants \(directive)")
        switch directive {
        case .sendHeader(let header):
            self.hasHeader = true
            try Self.print(header.element)
        case .send(let element):
            try FuzzViolation.unless(self.hasHeader, "an element is sent before the header")
            try Self.print(element)
        case .startTLS:
            try FuzzViolation.unless(!self.hasTLS, "TLS begins twice")
            parser.reset()
            return true
        case .restart: parser.reset()
        case .close(let error):
            if let error { try Self.print(error.element) }
            self.isClosed = true
        }
        return false
    }

    private static func print(_ element: Element) throws(FuzzViolation) {
        do {
            _ = try element.serialized()
        } catch {
            throw FuzzViolation("it sends what cannot be printed: \(error)")
        }
    }
}

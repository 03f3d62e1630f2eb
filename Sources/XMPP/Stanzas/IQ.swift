import Cryptography
package import XML

/// An `<iq/>` (RFC 6120 §8.2.3): a request or the one answer to it.
package struct IQ: Hashable, Sendable {
    package enum Body: Hashable, Sendable {
        case get(Element)
        case set(Element)
        case result(Element?)
        case error(StanzaError)
    }

    package var to: JID?
    package var from: JID?
    package var id: String
    package var language: String?
    package var body: Body

    package init(to: JID?, from: JID? = nil, id: String, language: String? = nil, body: Body) {
        self.to = to
        self.from = from
        self.id = id
        self.language = language
        self.body = body
    }

    /// The child of a request; nil for a result or an error.
    package var request: Element? {
        switch self.body {
        case .get(let element), .set(let element): element
        case .result, .error: nil
        }
    }

    /// The answer to this request, addressed back to whoever asked.
    package func reply(_ body: Body) -> IQ {
        IQ(to: self.from, from: self.to, id: self.id, body: body)
    }

    /// An id for a request: twelve bytes of chance in hexadecimal, so that nobody guesses which answer is awaited.
    package static func id(randomUsing generator: inout some RandomNumberGenerator) -> String {
        // Two numbers, not one for each byte: an unpredictable number costs a microsecond whatever its size.
        let numbers: [UInt64] = [generator.next(), generator.next()]
        return Hexadecimal.encode(
            (0..<12).map { UInt8(truncatingIfNeeded: numbers[$0 / 8] >> (UInt64($0 % 8) * 8)) })
    }
}

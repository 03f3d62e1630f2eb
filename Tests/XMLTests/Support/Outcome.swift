@testable import XML

/// What came out of a parser: the events, and the error after them if there was one.
struct Outcome: Equatable {
    var events: [XMLEvent] = []
    var failure: ParseError?

    /// The children of the root.
    var elements: [Element] {
        self.events.compactMap { event in
            switch event {
            case .element(let element): element
            case .opened, .closed: nil
            }
        }
    }

    /// Feeds `bytes` in pieces of the sizes that `size` gives, and takes the events after each.
    init(
        _ bytes: [UInt8], parser: XMLStreamParser = XMLStreamParser(limits: .client),
        size: () -> Int = { Int.max }
    ) {
        var rest = bytes[...]
        while !rest.isEmpty, self.failure == nil {
            let piece = rest.prefix(max(1, size()))
            parser.feed(Array(piece))
            rest.removeFirst(piece.count)
            self.drain(parser)
        }
    }

    private mutating func drain(_ parser: XMLStreamParser) {
        do throws(ParseError) {
            while let event = try parser.next() { self.events.append(event) }
        } catch {
            self.failure = error
        }
    }
}

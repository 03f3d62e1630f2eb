import XML

/// What the parser makes of some bytes that arrive in pieces of one size.
struct ParserRun {
    private(set) var elements: [Element] = []
    private var failure: ParseError?
    private var eventCount = 0

    init(_ bytes: [UInt8], pieceBytes: Int) {
        let parser = XMLStreamParser(limits: .beforeAuthentication)
        var rest = bytes[...]
        while !rest.isEmpty, self.failure == nil {
            parser.feed(Array(rest.prefix(pieceBytes)))
            rest = rest.dropFirst(pieceBytes)
            self.drain(parser)
        }
    }

    private mutating func drain(_ parser: XMLStreamParser) {
        do throws(ParseError) {
            while let event = try parser.next() {
                self.eventCount += 1
                switch event {
                case .element(let element): self.elements.append(element)
                case .opened, .closed: break
                }
            }
        } catch {
            self.failure = error
        }
    }

    /// Whether both saw the same stream.
    ///
    /// A broken tag that has not ended yet may be noticed sooner or later, as libxml2 waits for its `>`.
    func agrees(with other: ParserRun) -> Bool {
        self.elements == other.elements && self.eventCount == other.eventCount
    }
}

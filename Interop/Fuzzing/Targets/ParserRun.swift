import XML

/// What the parser makes of some bytes that arrive in pieces.
struct ParserRun {
    /// Ends any tag and text that has not ended, whatever quotes are open in it.
    ///
    /// A broken tag may be noticed at once or not before its `>`: libxml2 takes quotes for balanced as far as it can see
    /// what follows. With this behind the input, every broken tag has been noticed. Of a text
    /// too it looks at the last 300 bytes when it sees where they end.
    private static let closers = Array(">'>\"><".utf8)
    private static let sectionStart = Array("<![CDATA[".utf8)
    private static let sectionEnd = Array("]]>".utf8)

    private(set) var events: [XMLEvent] = []
    private(set) var failure: ParseError?

    /// Feeds `bytes` in pieces of the sizes that `size` gives.
    init(_ bytes: [UInt8], size: () -> Int) {
        let parser = XMLStreamParser(limits: .beforeAuthentication)
        var rest = bytes[...]
        while !rest.isEmpty, self.failure == nil {
            let piece = rest.prefix(max(1, size()))
            self.feed(Array(piece), to: parser)
            rest.removeFirst(piece.count)
        }
        if self.failure == nil {
            self.feed((Self.mayLeaveSectionOpen(bytes) ? Self.sectionEnd : []) + Self.closers, to: parser)
        }
    }

    /// Whether the last thing that looks like the border of a CDATA section begins one.
    ///
    /// What is in such a section too is looked at to its end when that is in sight.
    private static func mayLeaveSectionOpen(_ bytes: [UInt8]) -> Bool {
        for start in bytes.indices.reversed() {
            if bytes[start...].starts(with: Self.sectionStart) { return true }
            if bytes[start...].starts(with: Self.sectionEnd) { return false }
        }
        return false
    }

    /// The children of the root.
    var elements: [Element] {
        self.events.compactMap { event in
            switch event {
            case .element(let element): element
            case .opened, .closed: nil
            }
        }
    }

    private mutating func feed(_ bytes: [UInt8], to parser: XMLStreamParser) {
        parser.feed(bytes)
        do throws(ParseError) {
            while let event = try parser.next() { self.events.append(event) }
        } catch {
            self.failure = error
        }
    }

    /// Whether both saw the same stream: the same events, and an end by error or none.
    ///
    /// Of several things that are wrong with one tag either may be the one that is named: which libxml2 meets first
    /// depends on how much of the tag it has.
    func agrees(with other: ParserRun) -> Bool {
        self.events == other.events && (self.failure == nil) == (other.failure == nil)
    }
}

import CLibXML2

/// Turns the bytes of one stream, in whatever pieces they arrive, into its root and its stanzas.
///
/// Use it from one thread, or one event loop, at a time. Feed bytes, then take events until there are none:
/// ```swift
/// parser.feed(bytes)
/// while let event = try parser.next() { … }
/// ```
/// However the bytes are cut, the events are the same. After an error the parser stays
/// failed until `reset`.
///
/// This is the only way from bytes to elements in Tradewind. It refuses what RFC 6120 §11 keeps out of streams and
/// counts `XMLLimits` while bytes arrive. libxml2 keeps every name it meets; once those are many or long, the parser
/// goes on with a fresh context between two stanzas, so that a stream of new names does not grow without end. With a
/// pool, a parser whose stream says nothing holds no context at all.
@safe package final class XMLStreamParser {
    /// Distinct names, prefixes and namespaces a libxml2 context may intern before a fresh one takes over.
    package static let namesBeforeRecycling = 2_048

    /// Bytes of memory those names may take before a fresh context takes over.
    package static let nameBytesBeforeRecycling = 131_072

    /// Bytes handed to libxml2 at a time: how far it can run ahead of the limits, and of whoever takes the events.
    private static let pieceBytes = 2_048

    /// What a stanza may cost; may be raised at any moment, for instance once the peer is authenticated.
    package var limits: XMLLimits {
        didSet { unsafe self.core?.builder.pointee.limits = self.limits }
    }
    /// Shared by the parsers of one event loop; without one the parser keeps what it works with.
    package var pool: XMLParserPool?

    private let mode: TreeBuilder.Mode
    /// Nil before the first bytes and while resting.
    private var core: ParserCore?
    /// The root of the stream, once the parser has rested.
    private var root: SharedRoot?
    /// The beginning of a character whose other bytes have not come: three bytes at most.
    private var held: [UInt8] = []
    /// Bytes fed and not yet parsed, from `firstWaiting` on: they wait until the events before them are taken.
    private var waiting: [UInt8] = []
    private var firstWaiting = 0

    package convenience init(limits: XMLLimits) {
        self.init(mode: .stream, limits: limits)
    }

    init(mode: TreeBuilder.Mode, limits: XMLLimits) {
        self.mode = mode
        self.limits = limits
    }

    /// The namespaces that the root declares, by prefix, the default one under ""; of use once `opened` was taken.
    package var rootDeclarations: [String: String] {
        unsafe self.core?.builder.pointee.rootDeclarations ?? self.root?.declarations ?? [:]
    }
    /// Names the present libxml2 context holds: what grows with a stream of new names.
    package var internedNames: Int { self.core?.internedNames ?? 0 }
    /// Bytes of memory set aside for the text of those names.
    package var internedNameBytes: Int { self.core?.internedNameBytes ?? 0 }
    /// Bytes of the names kept as strings, so that they are made once.
    var keptNameBytes: Int { self.core?.keptNameBytes ?? 0 }
    /// How often a fresh libxml2 context took over in the middle of the stream.
    package var recycleCount: Int { self.core?.recycleCount ?? 0 }
    /// Whether it holds no libxml2 context.
    package var isResting: Bool { self.core == nil }

    /// Takes the next bytes of the stream.
    ///
    /// Of many bytes only the first are parsed at once, the others when `next` finds no event: the elements of a
    /// long read do not all exist at the same time.
    package func feed(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { bytes in
            guard self.waiting.isEmpty else { return unsafe self.waiting.append(contentsOf: bytes) }
            let count = unsafe self.parsePiece(of: bytes)
            if count < bytes.count { self.waiting = unsafe Array(bytes[count...]) }
        }
    }

    /// Takes the next bytes of the stream.
    package func feed(_ bytes: [UInt8]) {
        unsafe self.feed(bytes.span.bytes)
    }

    /// The next event; nil until more bytes are fed.
    ///
    /// - Throws: what is wrong with the stream, once all events before it were taken.
    package func next() throws(ParseError) -> XMLEvent? {
        while true {
            if let builder = unsafe self.core?.builder {
                if let event = unsafe builder.pointee.events.pop() { return event }
                if let failure = unsafe builder.pointee.failure {
                    self.dropWaiting()
                    throw failure
                }
            }
            guard self.parseWaiting() else { return nil }
        }
    }

    /// Lends what it works with to other streams until more bytes come, if this one is between two stanzas and all events
    /// were taken.
    ///
    /// To be called when nothing more is at hand; does nothing without a pool.
    package func rest() {
        guard let pool, let core, self.held.isEmpty, self.waiting.isEmpty, core.isBetweenStanzas else {
            return
        }
        let root =
            unsafe self.root
            ?? pool.root(
                tag: core.builder.pointee.rootTag, declarations: core.builder.pointee.rootDeclarations)
        self.root = root
        root.give(core)
        self.core = nil
    }

    /// Begins a new stream: after STARTTLS and after authentication (RFC 6120 §4.3.3).
    ///
    /// Bytes and events of the old one that nobody has taken are dropped, so that nothing sent in clear is believed
    /// under TLS.
    package func reset() {
        self.core = nil
        self.root = nil
        self.held = []
        self.dropWaiting()
    }

    /// Says that no more bytes come.
    func finish() {
        let core = self.awaken()
        while unsafe core.builder.pointee.failure == nil, self.parseWaiting() {}
        guard unsafe core.builder.pointee.failure == nil else { return }
        if !self.held.isEmpty { unsafe core.builder.pointee.fail(.unsupportedEncoding) }
        core.finish()
    }

    private func awaken() -> ParserCore {
        if let core { return core }
        let core = self.root?.take(limits: self.limits) ?? ParserCore(mode: self.mode, limits: self.limits)
        self.core = core
        return core
    }
}

// MARK: Pieces

extension XMLStreamParser {
    /// Parses some of the bytes that wait; false if there are none.
    private func parseWaiting() -> Bool {
        guard self.firstWaiting < self.waiting.count else { return false }
        self.firstWaiting += unsafe self.waiting.withUnsafeBytes { waiting in
            unsafe self.parsePiece(of: UnsafeRawBufferPointer(rebasing: waiting[self.firstWaiting...]))
        }
        if self.firstWaiting == self.waiting.count { self.dropWaiting() }
        return true
    }

    private func dropWaiting() {
        self.waiting = []
        self.firstWaiting = 0
    }

    /// Parses the first of `bytes` and says how many it took.
    private func parsePiece(of bytes: UnsafeRawBufferPointer) -> Int {
        var end = min(bytes.count, Self.pieceBytes)
        while end < bytes.count, unsafe UTF8.isContinuation(bytes[end]) { end += 1 }
        let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<end])
        if self.held.isEmpty {
            unsafe self.feedValidated(piece)
        } else {
            let joined = unsafe self.held + Array(piece)
            self.held = []
            unsafe joined.withUnsafeBytes { joined in unsafe self.feedValidated(joined) }
        }
        return end
    }
}

// MARK: Encoding

extension XMLStreamParser {
    /// Feeds the part of `bytes` that is whole and proper UTF-8.
    ///
    /// libxml2 answers bad sequences differently depending on where its input happens to end, and lets some through.
    private func feedValidated(_ bytes: UnsafeRawBufferPointer) {
        // White space between stanzas keeps a connection alive; it wakes nobody.
        if self.core == nil, self.root != nil, unsafe bytes.allSatisfy(Self.isSpace) { return }
        let core = self.awaken()
        guard let broken = unsafe Self.brokenSequence(in: bytes) else {
            return unsafe self.feedPieces(bytes, to: core)
        }
        unsafe self.feedPieces(UnsafeRawBufferPointer(rebasing: bytes[..<broken.start]), to: core)
        guard unsafe core.builder.pointee.failure == nil else { return }
        if broken.mayBecomeWhole {
            self.held = unsafe Array(bytes[broken.start...])
        } else {
            unsafe core.builder.pointee.fail(.unsupportedEncoding)
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D
    }

    /// Where UTF-8 ends in `bytes`, and whether bytes to come can mend it; nil if it does not end.
    private static func brokenSequence(
        in bytes: UnsafeRawBufferPointer
    ) -> (start: Int, mayBecomeWhole: Bool)? {
        do throws(UTF8.ValidationError) {
            _ = try unsafe UTF8Span(validating: bytes.assumingMemoryBound(to: UInt8.self).span)
            return nil
        } catch {
            let isAtEnd = error.byteOffsets.upperBound == bytes.count
            return (error.byteOffsets.lowerBound, error.kind == .truncatedScalar && isAtEnd)
        }
    }

    /// Hands `bytes` to libxml2 in pieces small enough for the limits, none of which ends inside a character.
    private func feedPieces(_ bytes: UnsafeRawBufferPointer, to core: ParserCore) {
        var offset = 0
        while offset < bytes.count, unsafe core.builder.pointee.failure == nil {
            let allowance = self.limits.stanzaBytes + 1 - core.bytesInStanza
            var end = offset + min(bytes.count - offset, Self.pieceBytes, max(allowance, 1))
            while end < bytes.count, unsafe UTF8.isContinuation(bytes[end]) { end += 1 }
            if unsafe !core.builder.pointee.isRootOpen {
                // libxml2 tries a tag when its input has a `>` outside quotes, and what follows decides what it
                // takes for quotes: before the root is sound, it sees each `>` first without what follows.
                end = unsafe bytes[offset..<end].firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 } ?? end
            }
            offset += unsafe core.parse(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
        }
    }
}

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
/// counts `XMLLimits` while bytes arrive. libxml2 keeps every name it meets; the parser therefore starts a fresh
/// context between two stanzas now and then, so that a stream of new names does not grow without end.
@safe package final class XMLStreamParser {
    /// Distinct names a libxml2 context may intern before a fresh one takes over.
    package static let namesBeforeRecycling = 2_048

    /// Bytes handed to libxml2 at a time: how far it can run ahead of the limits.
    private static let pieceBytes = 4_096

    /// How often a fresh libxml2 context took over in the middle of the stream.
    package private(set) var recycleCount = 0

    private let builder: UnsafeMutablePointer<TreeBuilder>
    private var context: xmlParserCtxtPtr
    /// Bytes given to the present context.
    private var fed = 0
    /// Events of `builder` already taken.
    private var taken = 0
    /// The beginning of a character whose other bytes have not come: three bytes at most.
    private var held: [UInt8] = []

    package convenience init(limits: XMLLimits) {
        self.init(mode: .stream, limits: limits)
    }

    init(mode: TreeBuilder.Mode, limits: XMLLimits) {
        unsafe self.builder = UnsafeMutablePointer.allocate(capacity: 1)
        unsafe self.builder.initialize(to: TreeBuilder(mode: mode, limits: limits))
        unsafe self.context = SAXHandler.makeContext(for: self.builder)
        unsafe self.builder.pointee.begin(with: self.context)
    }

    deinit {
        unsafe xmlFreeParserCtxt(self.context)
        unsafe self.builder.deinitialize(count: 1)
        unsafe self.builder.deallocate()
    }

    /// What a stanza may cost; may be raised at any moment, for instance once the peer is authenticated.
    package var limits: XMLLimits {
        get { unsafe self.builder.pointee.limits }
        set { unsafe self.builder.pointee.limits = newValue }
    }

    /// The namespaces that the root declares, by prefix, the default one under ""; of use once `opened` was taken.
    package var rootDeclarations: [String: String] { unsafe self.builder.pointee.rootDeclarations }
    /// Names the present libxml2 context holds: what grows with a stream of new names.
    var internedNames: Int {
        unsafe Int(xmlDictSize(self.context.pointee.dict))
    }

    /// Takes the next bytes of the stream.
    package func feed(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { bytes in
            if self.held.isEmpty {
                unsafe self.feedValidated(bytes)
            } else {
                let joined = unsafe self.held + Array(bytes)
                self.held = []
                unsafe joined.withUnsafeBytes { joined in unsafe self.feedValidated(joined) }
            }
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
        if unsafe self.taken < self.builder.pointee.events.count {
            var event = XMLEvent.closed
            unsafe swap(&event, &self.builder.pointee.events[self.taken])
            self.taken += 1
            return event
        }
        unsafe self.builder.pointee.events.removeAll(keepingCapacity: true)
        self.taken = 0
        if let failure = unsafe self.builder.pointee.failure { throw failure }
        return nil
    }

    /// Begins a new stream: after STARTTLS and after authentication (RFC 6120 §4.3.3).
    ///
    /// Bytes and events of the old one that nobody has taken are dropped, so that nothing sent in clear is believed
    /// under TLS.
    package func reset() {
        unsafe self.builder.pointee.events.removeAll(keepingCapacity: true)
        self.taken = 0
        self.held = []
        unsafe self.builder.pointee.failure = nil
        self.startContext()
    }

    /// Says that no more bytes come.
    func finish() {
        guard unsafe self.builder.pointee.failure == nil else { return }
        if !self.held.isEmpty { unsafe self.builder.pointee.fail(.unsupportedEncoding) }
        unsafe xmlParseChunk(self.context, nil, 0, 1)
    }
}

// MARK: Encoding

extension XMLStreamParser {
    /// Feeds the part of `bytes` that is whole and proper UTF-8.
    ///
    /// libxml2 answers bad sequences differently depending on where its input happens to end, and lets some through.
    private func feedValidated(_ bytes: UnsafeRawBufferPointer) {
        guard let broken = unsafe Self.brokenSequence(in: bytes) else {
            return unsafe self.feedPieces(bytes)
        }
        unsafe self.feedPieces(UnsafeRawBufferPointer(rebasing: bytes[..<broken.start]))
        guard unsafe self.builder.pointee.failure == nil else { return }
        if broken.mayBecomeWhole {
            self.held = unsafe Array(bytes[broken.start...])
        } else {
            unsafe self.builder.pointee.fail(.unsupportedEncoding)
        }
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
    private func feedPieces(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while offset < bytes.count, unsafe self.builder.pointee.failure == nil {
            let allowance = unsafe self.limits.stanzaBytes + 1 - (self.fed - self.builder.pointee.boundary)
            var end = offset + min(bytes.count - offset, Self.pieceBytes, max(allowance, 1))
            while end < bytes.count, unsafe UTF8.isContinuation(bytes[end]) { end += 1 }
            if unsafe !self.builder.pointee.isRootOpen {
                // libxml2 tries a tag when its input has a `>` outside quotes, and what follows decides what it
                // takes for quotes: before the root is sound, it sees each `>` first without what follows.
                end = unsafe bytes[offset..<end].firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 } ?? end
            }
            let start = self.fed
            unsafe self.parse(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
            if let recycleOffset = unsafe self.builder.pointee.recycleOffset {
                offset += recycleOffset - start
                self.recycle()
            } else {
                offset = end
            }
        }
    }
}

// MARK: libxml2

extension XMLStreamParser {
    private func parse(_ piece: UnsafeRawBufferPointer) {
        guard unsafe self.checkBeginning(piece) else { return }
        unsafe xmlParseChunk(
            self.context, piece.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(piece.count), 0)
        self.fed += piece.count
        unsafe self.builder.pointee.check(fed: self.fed)
    }

    /// Refuses what libxml2 would take for another encoding than UTF-8.
    private func checkBeginning(_ piece: UnsafeRawBufferPointer) -> Bool {
        for index in 0..<min(piece.count, max(0, 4 - self.fed)) {
            switch unsafe (self.fed + index, piece[index]) {
            case (_, 0):
                unsafe self.builder.pointee.fail(.unsupportedEncoding)
                return false
            case (0, 0x3C), (0, 0x20), (0, 0x09), (0, 0x0A), (0, 0x0D):
                break
            case (0, _):
                unsafe self.builder.pointee.fail(.notWellFormed(code: Int(XML_ERR_DOCUMENT_START.rawValue)))
                return false
            case (_, _):
                break
            }
        }
        return true
    }

    private func startContext() {
        unsafe xmlFreeParserCtxt(self.context)
        unsafe self.context = SAXHandler.makeContext(for: self.builder)
        unsafe self.builder.pointee.begin(with: self.context)
        self.fed = 0
    }

    /// Goes on with a fresh context that knows the root and its namespaces.
    private func recycle() {
        self.recycleCount += 1
        self.startContext()
        unsafe self.builder.pointee.isReplaying = true
        unsafe self.builder.pointee.rootTag.withUnsafeBytes { tag in unsafe self.parse(tag) }
        unsafe self.builder.pointee.isReplaying = false
    }
}

import CLibXML2

/// A libxml2 context and the builder that its callbacks write to: what a parser needs only while bytes arrive.
///
/// Between two stanzas it holds nothing of the stream but what the root declares, so that any stream with such a root can
/// go on with it.
@safe final class ParserCore {
    /// A stanza of more bytes leaves buffers behind that are not worth keeping.
    private static let largestKept = 16_384

    let builder: UnsafeMutablePointer<TreeBuilder>
    /// How often a fresh libxml2 context took over in the middle of the stream.
    private(set) var recycleCount = 0
    /// Whether a stanza has made its buffers grow.
    private(set) var isBulky = false
    private var context: ParserContext
    /// Bytes given to the present context.
    private var fed = 0

    init(mode: TreeBuilder.Mode, limits: XMLLimits) {
        unsafe self.builder = UnsafeMutablePointer.allocate(capacity: 1)
        self.context = unsafe SAXHandler.makeContext(for: self.builder)
        unsafe self.builder.initialize(to: TreeBuilder(mode: mode, limits: limits, context: self.context))
    }

    /// One that stands behind the start tag of a root that was reported before.
    convenience init(after root: SharedRoot, limits: XMLLimits) {
        self.init(mode: .stream, limits: limits)
        unsafe self.builder.pointee.rootTag = root.tag
        unsafe self.builder.pointee.rootDeclarations = root.declarations
        self.replayRoot()
    }

    deinit {
        unsafe xmlFreeParserCtxt(self.context.pointer)
        unsafe self.builder.deinitialize(count: 1)
        unsafe self.builder.deallocate()
    }

    /// Names the present libxml2 context holds: what grows with a stream of new names.
    var internedNames: Int { self.context.nameCount }

    /// Bytes of memory set aside for the text of those names.
    var internedNameBytes: Int { self.context.nameBytes }

    /// Bytes of the names kept as strings, so that they are made once.
    var keptNameBytes: Int { unsafe self.builder.pointee.keptNameBytes }

    /// Bytes given to libxml2 since the last stanza ended.
    var bytesInStanza: Int { unsafe self.fed - self.builder.pointee.boundary }

    /// Whether everything given to it was a root's start tag and whole stanzas, and all of them were taken.
    var isBetweenStanzas: Bool {
        unsafe self.bytesInStanza == 0 && self.builder.pointee.isBetweenStanzas
            && self.builder.pointee.events.isEmpty
    }

    /// Hands a piece to libxml2; how many of its bytes count, which is less where a fresh context has to take over.
    func parse(_ piece: UnsafeRawBufferPointer) -> Int {
        let start = self.fed
        unsafe self.push(piece)
        guard let offset = unsafe self.builder.pointee.recycleOffset else { return piece.count }
        self.recycle()
        return offset - start
    }

    /// Says that no more bytes come.
    func finish() {
        unsafe xmlParseChunk(self.context.pointer, nil, 0, 1)
    }

    private func push(_ piece: UnsafeRawBufferPointer) {
        guard unsafe self.checkBeginning(piece) else { return }
        unsafe xmlParseChunk(
            self.context.pointer, piece.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(piece.count),
            0)
        self.fed += piece.count
        if self.bytesInStanza > Self.largestKept { self.isBulky = true }
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

    /// Goes on with a fresh context that knows the root and its namespaces.
    private func recycle() {
        self.recycleCount += 1
        unsafe xmlFreeParserCtxt(self.context.pointer)
        self.context = unsafe SAXHandler.makeContext(for: self.builder)
        unsafe self.builder.pointee.begin(with: self.context)
        self.fed = 0
        self.replayRoot()
    }

    private func replayRoot() {
        unsafe self.builder.pointee.isReplaying = true
        unsafe self.builder.pointee.rootTag.withUnsafeBytes { tag in unsafe self.push(tag) }
        unsafe self.builder.pointee.isReplaying = false
    }
}

import CLibXML2

/// What the SAX callbacks of one parser write into: open elements, finished events, and the counts behind the limits.
///
/// Offsets are bytes from the beginning of the present libxml2 context.
@safe struct TreeBuilder: ~Copyable {
    /// Whether the root is a stream that yields its children, or a document that is yielded whole.
    enum Mode { case stream, document }

    let mode: Mode
    var limits: XMLLimits
    /// The context whose callbacks arrive here.
    var context: xmlParserCtxtPtr?

    var events: [XMLEvent] = []
    var failure: ParseError?
    /// Where the last complete stanza (or the stream header) ended.
    var boundary = 0
    /// Where the last tag or run of text that libxml2 reported ended.
    var tokenEnd = 0
    /// Where to go on with a fresh context, once this one has interned too many names.
    var recycleOffset: Int?
    /// The root's start tag with its namespaces, to open a fresh context with.
    var rootTag: [UInt8] = []
    /// The namespaces the root declares, by prefix.
    var rootDeclarations: [String: String] = [:]
    /// Set while `rootTag` is fed to a fresh context: that root was already reported.
    var isReplaying = false

    private var names = NameCache()
    private var open = MoveStack<OpenElement>()
    /// What the open elements hold so far, in document order.
    private var nodes = MoveStack<Element.Node>()
    /// Text since the last tag.
    private var text = ""
    /// Open elements, the root included.
    private var depth = 0
    private var elementsInStanza = 0

    /// An element whose end has not come; its children are in `nodes` from `firstChild` on.
    private struct OpenElement {
        var element: Element
        let firstChild: Int
    }

    init(mode: Mode, limits: XMLLimits) {
        self.mode = mode
        self.limits = limits
    }

    /// Prepares for a new context, in the middle of a stream or for a new one.
    mutating func begin(with context: xmlParserCtxtPtr) {
        unsafe self.context = context
        self.names.removeAll()
        self.open.removeAll()
        self.nodes.removeAll()
        self.text = ""
        self.boundary = 0
        self.tokenEnd = 0
        self.recycleOffset = nil
        self.depth = 0
        self.elementsInStanza = 0
    }

    /// Keeps the first failure and ends the parse.
    mutating func fail(_ error: ParseError) {
        if self.failure == nil { self.failure = error }
        self.stop()
    }

    /// Tells libxml2 to make no more callbacks.
    mutating func stop() {
        unsafe xmlStopParser(self.context)
    }

    /// Whether the root's start tag was reported, and its end was not.
    var isRootOpen: Bool { self.depth > 0 }

    /// Whether the root is open, no element in it is, and nothing went wrong.
    var isBetweenStanzas: Bool { self.depth == 1 && self.failure == nil && self.recycleOffset == nil }

    /// The offset of the byte libxml2 looks at.
    var position: Int {
        guard let input = unsafe self.context?.pointee.input else { return 0 }
        return unsafe Int(input.pointee.consumed) + (input.pointee.cur - input.pointee.base)
    }
}

// MARK: Elements

extension TreeBuilder {
    mutating func started(_ tag: StartTag) {
        guard self.failure == nil, self.recycleOffset == nil else { return }
        guard self.isAtTagEnd else {
            return self.fail(.notWellFormed(code: Int(XML_ERR_GT_REQUIRED.rawValue)))
        }
        let end = self.position
        guard end - self.tokenEnd <= self.limits.tagBytes else { return self.exceeded(.tagBytes) }
        self.tokenEnd = end
        guard tag.attributeCount <= self.limits.attributesPerElement else {
            return self.exceeded(.attributesPerElement)
        }
        guard tag.namespaceCount <= self.limits.namespaceDeclarationsPerElement else {
            return self.exceeded(.namespaceDeclarationsPerElement)
        }
        let element = Element(
            unsafe self.names.string(tag.name),
            namespace: unsafe tag.namespace.map { unsafe self.names.string($0) } ?? "",
            attributes: tag.attributes(names: &self.names))
        if self.depth == 0 && self.mode == .stream {
            self.openedRoot(element, tag: tag, end: end)
        } else {
            self.openedElement(element)
        }
    }

    /// Whether libxml2 looks at the `>` or `/>` of a start tag.
    ///
    /// It reports a tag that a control character breaks off, and only then misses the end.
    private var isAtTagEnd: Bool {
        guard let input = unsafe self.context?.pointee.input?.pointee, let next = unsafe input.cur else {
            return false
        }
        // A zero byte follows the last one there is.
        return unsafe next[0] == UInt8(ascii: ">")
            || (next[0] == UInt8(ascii: "/") && next[1] == UInt8(ascii: ">"))
    }

    private mutating func openedRoot(_ element: Element, tag: StartTag, end: Int) {
        self.depth = 1
        // libxml2 has not yet read the `>` behind the attributes.
        guard end < self.limits.stanzaBytes else { return self.exceeded(.stanzaBytes) }
        self.boundary = end + 1
        self.tokenEnd = end + 1
        if self.isReplaying { return }
        self.rootTag = tag.withNamespacesOnly()
        self.rootDeclarations = tag.declarations()
        self.events.append(.opened(element))
    }

    private mutating func openedElement(_ element: consuming Element) {
        self.depth += 1
        let level = self.mode == .stream ? self.depth - 1 : self.depth
        guard level <= self.limits.depth else { return self.exceeded(.depth) }
        self.elementsInStanza += 1
        guard self.elementsInStanza <= self.limits.elementsPerStanza else {
            return self.exceeded(.elementsPerStanza)
        }
        self.closeText()
        self.open.push(OpenElement(element: element, firstChild: self.nodes.count))
    }

    mutating func ended() {
        guard self.failure == nil, self.recycleOffset == nil else { return }
        let end = self.position
        guard end - self.tokenEnd <= self.limits.tagBytes else { return self.exceeded(.tagBytes) }
        self.tokenEnd = end
        self.closeText()
        self.depth -= 1
        guard var ended = self.open.pop() else { return self.closedRoot(end: end) }
        ended.element.children = self.nodes.pop(from: ended.firstChild)
        guard self.open.isEmpty else { return self.nodes.push(.element(ended.element)) }
        guard end - self.boundary <= self.limits.stanzaBytes else { return self.exceeded(.stanzaBytes) }
        self.boundary = end
        self.elementsInStanza = 0
        self.events.append(.element(ended.element))
        if self.mode == .stream { self.recycleIfGrown(at: end) }
    }

    private mutating func closedRoot(end: Int) {
        self.boundary = end
        self.events.append(.closed)
    }

    private mutating func recycleIfGrown(at end: Int) {
        guard unsafe Int(xmlDictSize(self.context?.pointee.dict)) > XMLStreamParser.namesBeforeRecycling
        else {
            return
        }
        self.recycleOffset = end
        self.stop()
    }

    private mutating func exceeded(_ kind: XMLLimits.Kind) {
        self.fail(.limitExceeded(kind, self.limits[kind]))
    }
}

// MARK: Text

extension TreeBuilder {
    mutating func characters(_ characters: UnsafeBufferPointer<UInt8>) {
        guard self.failure == nil, self.recycleOffset == nil else { return }
        self.tokenEnd = unsafe self.positionAfter(characters)
        if self.open.isEmpty {
            unsafe self.betweenStanzas(characters)
        } else {
            let text = unsafe String(decoding: characters, as: UTF8.self)
            if self.text.isEmpty { self.text = text } else { self.text += text }
        }
    }

    private mutating func betweenStanzas(_ characters: UnsafeBufferPointer<UInt8>) {
        guard unsafe characters.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x09 || $0 == 0x0D }) else {
            return self.fail(.textBetweenStanzas)
        }
        // White space between stanzas keeps a connection alive; it belongs to no stanza.
        self.boundary = self.tokenEnd
    }

    /// libxml2 reports some runs of text before it steps over them.
    private func positionAfter(_ characters: UnsafeBufferPointer<UInt8>) -> Int {
        let isAhead = unsafe self.context?.pointee.input?.pointee.cur == characters.baseAddress
        return self.position + (isAhead ? characters.count : 0)
    }

    /// Makes one text node of everything since the last tag.
    private mutating func closeText() {
        guard !self.text.isEmpty else { return }
        if !self.open.isEmpty { self.nodes.push(.text(self.text)) }
        self.text = ""
    }
}

// MARK: Limits

extension TreeBuilder {
    /// Looks at what libxml2 has been given and not reported: a tag or stanza that does not end.
    mutating func check(fed: Int) {
        guard self.failure == nil, self.recycleOffset == nil else { return }
        if unsafe self.context?.pointee.disableSAX != 0 {
            return self.fail(.notWellFormed(code: unsafe Int(self.context?.pointee.errNo ?? 0)))
        }
        if fed - self.boundary > self.limits.stanzaBytes { return self.exceeded(.stanzaBytes) }
        if fed - self.tokenEnd > self.limits.tagBytes { return self.exceeded(.tagBytes) }
    }
}

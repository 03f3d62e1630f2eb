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
    private var context: ParserContext

    var events = MoveQueue<XMLEvent>()
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
    private var text = TextBuffer()
    /// Open elements, the root included.
    private var depth = 0
    private var elementsInStanza = 0
    private var attributesInStanza = 0
    /// Names libxml2 knew when the last complete stanza ended.
    private var namesAtBoundary = 0

    /// An element whose end has not come; its children are in `nodes` from `firstChild` on.
    private struct OpenElement: ~Copyable {
        let name: String
        let namespace: String
        let attributes: [Element.Attribute]
        let firstChild: Int

        /// The element that these children complete.
        consuming func closed(with children: consuming [Element.Node]) -> Element {
            Element(
                self.name, namespace: self.namespace, attributes: self.attributes, children: children)
        }

        /// The element that this text completes.
        consuming func closed(withOnlyText text: consuming String) -> Element {
            Element(
                self.name, namespace: self.namespace, attributes: self.attributes, onlyText: text)
        }
    }

    init(mode: Mode, limits: XMLLimits, context: ParserContext) {
        self.mode = mode
        self.limits = limits
        self.context = context
        self.namesAtBoundary = context.nameCount
    }

    /// Prepares for a new context, in the middle of a stream or for a new one.
    mutating func begin(with context: ParserContext) {
        self.context = context
        self.names.removeAll()
        self.open.removeAll()
        self.nodes.removeAll()
        self.text.removeAll()
        self.recycleOffset = nil
        self.depth = 0
        self.tokenEnd = 0
        self.completed(at: 0)
    }

    /// Keeps the first failure and ends the parse.
    mutating func fail(_ error: ParseError) {
        if self.failure == nil { self.failure = error }
        self.context.stop()
    }

    /// Bytes of the names kept as strings.
    var keptNameBytes: Int { self.names.textBytes }

    /// Whether the root's start tag was reported, and its end was not.
    var isRootOpen: Bool { self.depth > 0 }

    /// Whether the root is open, no element in it is, and nothing went wrong.
    var isBetweenStanzas: Bool { self.depth == 1 && self.failure == nil && self.recycleOffset == nil }

    /// Begins to count anew: what came before `offset` is complete.
    private mutating func completed(at offset: Int) {
        self.boundary = offset
        self.elementsInStanza = 0
        self.attributesInStanza = 0
        self.namesAtBoundary = self.context.nameCount
    }
}

// MARK: Elements

extension TreeBuilder {
    mutating func startedDocument() {
        if !self.context.isUTF8 { self.fail(.unsupportedEncoding) }
    }

    mutating func started(_ tag: StartTag) {
        guard self.failure == nil, self.recycleOffset == nil else { return }
        guard self.context.isAtTagEnd else {
            return self.fail(.notWellFormed(code: Int(XML_ERR_GT_REQUIRED.rawValue)))
        }
        let end = self.context.position
        guard end - self.tokenEnd <= self.limits.tagBytes else { return self.exceeded(.tagBytes) }
        self.tokenEnd = end
        guard tag.attributeCount <= self.limits.attributesPerElement else {
            return self.exceeded(.attributesPerElement)
        }
        guard tag.namespaceCount <= self.limits.namespaceDeclarationsPerElement else {
            return self.exceeded(.namespaceDeclarationsPerElement)
        }
        if self.depth == 0 && self.mode == .stream {
            self.openedRoot(tag, end: end)
        } else {
            self.openedElement(tag, end: end)
        }
    }

    private mutating func openedRoot(_ tag: StartTag, end: Int) {
        self.depth = 1
        // libxml2 has not yet read the `>` behind the attributes.
        guard end < self.limits.stanzaBytes else { return self.exceeded(.stanzaBytes) }
        self.completed(at: end + 1)
        self.tokenEnd = end + 1
        if self.isReplaying { return }
        self.rootTag = tag.withNamespacesOnly()
        self.rootDeclarations = tag.declarations()
        let namespace = unsafe tag.namespace.map { unsafe self.names.string($0) } ?? ""
        let attributes = tag.attributes(names: &self.names)
        self.events.push(
            .opened(
                Element(unsafe self.names.string(tag.name), namespace: namespace, attributes: attributes)))
    }

    private mutating func openedElement(_ tag: StartTag, end: Int) {
        self.depth += 1
        let level = self.mode == .stream ? self.depth - 1 : self.depth
        guard level <= self.limits.depth else { return self.exceeded(.depth) }
        self.elementsInStanza += 1
        guard self.elementsInStanza <= self.limits.elementsPerStanza else {
            return self.exceeded(.elementsPerStanza)
        }
        self.attributesInStanza += tag.attributeCount
        guard self.treeBytes(at: end) <= self.limits.treeBytes else { return self.exceeded(.treeBytes) }
        guard self.context.nameCount - self.namesAtBoundary <= self.limits.namesPerStanza else {
            return self.exceeded(.namesPerStanza)
        }
        self.closeText()
        let namespace = if let name = unsafe tag.namespace { unsafe self.names.string(name) } else { "" }
        self.open.push(
            OpenElement(
                name: unsafe self.names.string(tag.name), namespace: namespace,
                attributes: tag.attributes(names: &self.names), firstChild: self.nodes.count))
    }

    mutating func ended() {
        guard self.failure == nil, self.recycleOffset == nil else { return }
        let end = self.context.position
        guard end - self.tokenEnd <= self.limits.tagBytes else { return self.exceeded(.tagBytes) }
        self.tokenEnd = end
        self.depth -= 1
        guard let ended = self.open.pop() else { return self.closedRoot(end: end) }
        if !self.open.isEmpty { return self.nodes.push(.element(self.finished(ended))) }
        guard end - self.boundary <= self.limits.stanzaBytes else { return self.exceeded(.stanzaBytes) }
        guard self.treeBytes(at: end) <= self.limits.treeBytes else { return self.exceeded(.treeBytes) }
        self.events.push(.element(self.finished(ended)))
        if self.mode == .stream { self.recycleIfGrown(at: end) }
        self.completed(at: end)
        self.nodes.shrink()
    }

    private mutating func finished(_ ended: consuming OpenElement) -> Element {
        if self.nodes.count == ended.firstChild && !self.text.isEmpty {
            return ended.closed(withOnlyText: self.text.take())
        }
        self.closeText()
        let children = self.nodes.pop(from: ended.firstChild)
        return ended.closed(with: children)
    }

    private mutating func closedRoot(end: Int) {
        self.boundary = end
        self.events.push(.closed)
    }

    private mutating func recycleIfGrown(at end: Int) {
        let count = self.context.nameCount
        guard count != self.namesAtBoundary else { return }
        guard
            count > XMLStreamParser.namesBeforeRecycling
                || self.context.nameBytes > XMLStreamParser.nameBytesBeforeRecycling
        else { return }
        self.recycleOffset = end
        self.context.stop()
    }

    /// What the present stanza takes as elements, as far as it reaches.
    private func treeBytes(at end: Int) -> Int {
        end - self.boundary + self.elementsInStanza * XMLLimits.bytesPerElement
            + self.attributesInStanza * XMLLimits.bytesPerAttribute
    }

    private mutating func exceeded(_ kind: XMLLimits.Kind) {
        self.fail(.limitExceeded(kind, self.limits[kind]))
    }
}

// MARK: Text

extension TreeBuilder {
    mutating func characters(_ characters: UnsafeBufferPointer<UInt8>) {
        guard self.failure == nil, self.recycleOffset == nil else { return }
        self.tokenEnd = unsafe self.context.position(after: characters)
        if self.open.isEmpty {
            unsafe self.betweenStanzas(characters)
        } else {
            unsafe self.text.append(characters)
        }
    }

    private mutating func betweenStanzas(_ characters: UnsafeBufferPointer<UInt8>) {
        guard unsafe characters.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x09 || $0 == 0x0D }) else {
            return self.fail(.textBetweenStanzas)
        }
        // White space between stanzas keeps a connection alive; it belongs to no stanza.
        self.boundary = self.tokenEnd
    }

    /// Makes one text node of everything since the last tag.
    private mutating func closeText() {
        guard !self.text.isEmpty else { return }
        self.nodes.push(.text(self.text.take()))
    }
}

// MARK: Limits

extension TreeBuilder {
    /// Looks at what libxml2 has been given and not reported: a tag or stanza that does not end.
    mutating func check(fed: Int) {
        guard self.failure == nil, self.recycleOffset == nil else { return }
        if let code = self.context.fatalCode { return self.fail(.notWellFormed(code: code)) }
        if fed - self.boundary > self.limits.stanzaBytes { return self.exceeded(.stanzaBytes) }
        if fed - self.tokenEnd > self.limits.tagBytes { return self.exceeded(.tagBytes) }
    }
}

/// What parsers need while bytes arrive, lent to those streams that say something by those that say nothing.
///
/// A libxml2 context with its buffers takes some twenty kilobytes, and nearly all streams are between two stanzas at any
/// moment. Confined to one thread, or one event loop, like its parsers.
package final class XMLParserPool {
    /// Different roots that newcomers are compared with.
    ///
    /// Clients of one kind open their streams alike. A root that came later takes the place of the eldest, whose
    /// streams go on sharing among themselves.
    package static let rootsKept = 16

    private var roots: [SharedRoot] = []

    package init() {}

    /// The one that stands for all streams with this start tag.
    func root(tag: [UInt8], declarations: [String: String]) -> SharedRoot {
        if let known = self.roots.first(where: { $0.tag == tag }) { return known }
        let root = SharedRoot(tag: tag, declarations: declarations)
        if self.roots.count == Self.rootsKept { self.roots.removeFirst() }
        self.roots.append(root)
        return root
    }
}

/// The streams whose roots declare the same, and what they have lent each other.
final class SharedRoot {
    /// Idle ones kept: at any moment only streams in the middle of a stanza need one.
    static let idleKept = 4

    /// The start tag with its namespaces and without its attributes.
    let tag: [UInt8]
    /// The namespaces it declares, by prefix.
    let declarations: [String: String]
    private var idle: [ParserCore] = []

    init(tag: [UInt8], declarations: [String: String]) {
        self.tag = tag
        self.declarations = declarations
    }

    /// One that stands behind such a root.
    func take(limits: XMLLimits) -> ParserCore {
        guard let core = self.idle.popLast() else { return ParserCore(after: self, limits: limits) }
        unsafe core.builder.pointee.limits = limits
        return core
    }

    /// Takes back one that is between two stanzas.
    func give(_ core: ParserCore) {
        if self.idle.count < Self.idleKept && !core.isBulky { self.idle.append(core) }
    }
}

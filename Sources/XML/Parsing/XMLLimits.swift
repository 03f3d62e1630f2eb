/// How much one stanza, or one document, may ask of the parser.
///
/// libxml2 itself limits next to nothing in push mode; all of these are counted while bytes arrive.
package struct XMLLimits: Hashable, Sendable {
    /// The limits that can be exceeded, as errors name them.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case stanzaBytes = "stanza bytes"
        case tagBytes = "tag bytes"
        case depth = "depth"
        case attributesPerElement = "attributes per element"
        case namespaceDeclarationsPerElement = "namespace declarations per element"
        case elementsPerStanza = "elements per stanza"
        case namesPerStanza = "new names per stanza"
        case treeBytes = "bytes of memory per stanza"
    }

    /// What `treeBytes` counts for each element: itself, and its share of the array it is in.
    package static let bytesPerElement = 128
    /// What `treeBytes` counts for each attribute.
    package static let bytesPerAttribute = 64

    /// The smallest usable `stanzaBytes` and `tagBytes`: libxml2 holds back up to 300 bytes of text.
    package static let smallestBytes = 512

    /// Bytes of a stanza, or of a stream header, or of a whole document.
    package var stanzaBytes: Int
    /// Bytes of one tag, attributes included.
    ///
    /// libxml2 looks at a tag only when all of it is there, and compares each attribute with each other.
    package var tagBytes: Int
    /// Levels of elements; the stanza (or the document's root) is the first.
    package var depth: Int
    package var attributesPerElement: Int
    package var namespaceDeclarationsPerElement: Int
    /// Elements of a stanza (or document), itself included.
    package var elementsPerStanza: Int
    /// Distinct names, prefixes and namespaces of a stanza that its stream has not used before.
    ///
    /// libxml2 keeps each of them at least until the stanza is complete.
    package var namesPerStanza: Int
    /// Bytes a stanza takes once it is elements: its own, `bytesPerElement` and `bytesPerAttribute`.
    ///
    /// What is small on the wire can be large in memory: `<a/>` is four bytes and an element.
    package var treeBytes: Int

    package init(
        stanzaBytes: Int, tagBytes: Int, depth: Int, attributesPerElement: Int,
        namespaceDeclarationsPerElement: Int, elementsPerStanza: Int, namesPerStanza: Int, treeBytes: Int
    ) {
        precondition(
            min(stanzaBytes, tagBytes) >= Self.smallestBytes,
            "limits on bytes under \(Self.smallestBytes) cannot be kept exactly")
        self.stanzaBytes = stanzaBytes
        self.tagBytes = tagBytes
        self.depth = depth
        self.attributesPerElement = attributesPerElement
        self.namespaceDeclarationsPerElement = namespaceDeclarationsPerElement
        self.elementsPerStanza = elementsPerStanza
        self.namesPerStanza = namesPerStanza
        self.treeBytes = treeBytes
    }

    /// For a stream that has proved nothing yet; 10,000 bytes is the least RFC 6120 §13.12 allows.
    package static let beforeAuthentication = XMLLimits(
        stanzaBytes: 10_000, tagBytes: 10_000, depth: 8, attributesPerElement: 64,
        namespaceDeclarationsPerElement: 16, elementsPerStanza: 64, namesPerStanza: 128, treeBytes: 24_576)

    /// For an authenticated client.
    package static let client = XMLLimits(
        stanzaBytes: 262_144, tagBytes: 16_384, depth: 64, attributesPerElement: 256,
        namespaceDeclarationsPerElement: 64, elementsPerStanza: 4_096, namesPerStanza: 1_024,
        treeBytes: 1_048_576)

    /// For an authenticated server or component.
    package static let server = XMLLimits(
        stanzaBytes: 524_288, tagBytes: 16_384, depth: 64, attributesPerElement: 256,
        namespaceDeclarationsPerElement: 64, elementsPerStanza: 8_192, namesPerStanza: 1_024,
        treeBytes: 1_835_008)

    /// For whole documents from this machine: what libvirt describes, what was stored.
    package static let document = XMLLimits(
        stanzaBytes: 16_777_216, tagBytes: 262_144, depth: 128, attributesPerElement: 256,
        namespaceDeclarationsPerElement: 64, elementsPerStanza: 262_144, namesPerStanza: 65_536,
        treeBytes: 67_108_864)

    package subscript(kind: Kind) -> Int {
        switch kind {
        case .stanzaBytes: self.stanzaBytes
        case .tagBytes: self.tagBytes
        case .depth: self.depth
        case .attributesPerElement: self.attributesPerElement
        case .namespaceDeclarationsPerElement: self.namespaceDeclarationsPerElement
        case .elementsPerStanza: self.elementsPerStanza
        case .namesPerStanza: self.namesPerStanza
        case .treeBytes: self.treeBytes
        }
    }
}

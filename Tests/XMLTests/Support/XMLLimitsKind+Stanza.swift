import XML

extension XMLLimits.Kind {
    /// A stanza that reaches exactly `n` of what this limit counts, and little of what the others count.
    func stanza(reaching n: Int) -> String {
        switch self {
        case .stanzaBytes: "<a>" + String(repeating: "x", count: n - 7) + "</a>"
        // The `>` is not counted: libxml2 reads it after it has reported the tag.
        case .tagBytes: "<a b='" + String(repeating: "x", count: n - 7) + "'></a>"
        case .depth: String(repeating: "<a>", count: n) + String(repeating: "</a>", count: n)
        case .attributesPerElement: "<a" + (0..<n).map { " b\($0)=''" }.joined() + "/>"
        case .namespaceDeclarationsPerElement:
            "<a" + (0..<n).map { " xmlns:b\($0)='u:\($0)'" }.joined() + "/>"
        case .elementsPerStanza: "<a>" + String(repeating: "<b/>", count: n - 1) + "</a>"
        case .namesPerStanza: Self.names(n)
        case .treeBytes: Self.tree(n)
        }
    }

    /// Four new names in each child, the first of all in the stanza's own.
    private static func names(_ n: Int) -> String {
        let names = (0..<n).map { "k\(n)x\($0)" }
        let children = stride(from: 1, to: n, by: 4).map { first in
            let attributes = names[(first + 1)..<max(first + 1, min(first + 4, n))].map { " \($0)=''" }
            return "<\(names[first])\(attributes.joined())/>"
        }
        return "<\(names[0])>\(children.joined())</\(names[0])>"
    }

    private static func tree(_ n: Int) -> String {
        let child = "<b c='' d='' e='' f=''/>"
        let costOfChild = child.utf8.count + XMLLimits.bytesPerElement + 4 * XMLLimits.bytesPerAttribute
        let rest = n - XMLLimits.bytesPerElement - "<a></a>".utf8.count
        return "<a>" + String(repeating: child, count: rest / costOfChild)
            + String(repeating: "x", count: rest % costOfChild) + "</a>"
    }
}

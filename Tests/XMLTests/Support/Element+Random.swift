import TestRandomness
import XML

extension Element {
    /// An element of few levels with every kind of node, awkward characters included.
    static func random(using random: inout SeededGenerator, levels: Int = 4) -> Element {
        var element = Element(self.name(using: &random), namespace: self.namespace(using: &random))
        for index in 0..<Int.random(in: 0...4, using: &random) {
            let namespace = Int.random(in: 0..<4, using: &random) == 0 ? "urn:attribute:\(index)" : ""
            element.attributes.append(
                Attribute(
                    name: "\(self.name(using: &random))\(index)", namespace: namespace,
                    value: self.text(using: &random)))
        }
        guard levels > 1 else { return element }
        var wasText = false
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            if !wasText && Bool.random(using: &random) {
                element.children.append(.text("x" + self.text(using: &random)))
                wasText = true
            } else {
                element.children.append(.element(.random(using: &random, levels: levels - 1)))
                wasText = false
            }
        }
        return element
    }

    private static func name(using random: inout SeededGenerator) -> String {
        ["a", "body", "x-y.z", "_1", "ñandú", "日本", "stream", "xml-ish"].randomElement(using: &random) ?? "a"
    }

    private static func namespace(using random: inout SeededGenerator) -> String {
        ["", "urn:a", "urn:b", "urn:c'&", "vcard-temp", "urn:ü"].randomElement(using: &random) ?? ""
    }

    private static func text(using random: inout SeededGenerator) -> String {
        let pieces = [
            "<", ">", "&", "'", "\"", "\t", "\n", "\r", " ", "]]>", "é", "😀", "\u{FFFD}", "\u{7F}",
            "plain text", "&amp;",
        ]
        return (0..<Int.random(in: 0...6, using: &random))
            .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
    }
}

import Foundation
import Testing
import XML
import XMPP

/// The files of `Golden`, one or more for each payload type: bytes in, value, bytes out.
enum GoldenFile {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Golden")

    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: self.folder.path).filter { $0.hasSuffix(".xml") }
            .map { String($0.dropLast(4)) }.sorted()
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: self.folder.appending(path: name + ".xml")))
    }

    /// Reads the file as `value`, writes it again, and tries what may and may not be done to it.
    static func check<P: Payload>(_ name: String, _ value: P) throws {
        let bytes = try self.bytes(name)
        let golden = try Element(parsing: bytes).withoutIndentation
        #expect(try P(parsing: golden) == value, "\(name) read")
        let written = try Element(parsing: try value.element.serialized())
        #expect(written.sortingAttributes == golden.sortingAttributes, "\(name) written")
        try self.checkUnknown(name, golden, value)
        try self.checkForeign(name, golden, P.self)
        self.checkTruncated(name, bytes, P.self)
        self.checkMutilated(golden, P.self)
    }

    /// Unknown children and attributes are ignored (RFC 6120 §8.4).
    private static func checkUnknown<P: Payload>(_ name: String, _ golden: Element, _ value: P) throws {
        var extended = golden
        extended.attributes.append(.init(name: "later", value: "1"))
        extended.append(Element("later", namespace: "urn:example:2"))
        extended.append(Element("later", namespace: golden.namespace))
        #expect(try P(parsing: extended) == value, "\(name) with unknown content")
    }

    private static func checkForeign<P: Payload>(_ name: String, _ golden: Element, _ type: P.Type) throws {
        var renamed = golden
        renamed.name += "x"
        #expect(throws: PayloadError.self, "\(name) renamed") { try P(parsing: renamed) }
        var foreign = golden
        foreign.namespace += "x"
        #expect(throws: PayloadError.self, "\(name) in a foreign namespace") { try P(parsing: foreign) }
    }

    /// No beginning of the file is a whole element.
    private static func checkTruncated<P: Payload>(_ name: String, _ bytes: [UInt8], _ type: P.Type) {
        let end = bytes.lastIndex(of: UInt8(ascii: ">")) ?? 0
        for count in 0..<end {
            #expect(throws: (any Error).self, "\(name) cut at \(count)") {
                try P(parsing: try Element(parsing: Array(bytes[..<count])))
            }
        }
    }

    /// With an attribute lost or spoilt anywhere, the element is read or refused with a payload error;
    /// nothing else.
    private static func checkMutilated<P: Payload>(_ golden: Element, _ type: P.Type) {
        for mutilated in golden.mutilations {
            do {
                let value = try P(parsing: mutilated)
                #expect(throws: Never.self) { try P(parsing: value.element) }
            } catch {
                #expect(!error.problem.isEmpty)
            }
        }
    }
}

extension Element {
    /// The same element with the attributes everywhere in order of their names, which means nothing in XML.
    var sortingAttributes: Element {
        var copy = self
        copy.attributes.sort { $0.name < $1.name }
        copy.children = copy.children.map { node in
            switch node {
            case .element(let element): .element(element.sortingAttributes)
            case .text: node
            }
        }
        return copy
    }

    /// This element with one thing wrong: an attribute gone or odd, a child gone, text replaced, at any
    /// depth.
    var mutilations: [Element] {
        var result: [Element] = []
        for index in self.attributes.indices {
            var without = self
            without.attributes.remove(at: index)
            var odd = self
            odd.attributes[index].value = "\u{FFFD}@@/'"
            var empty = self
            empty.attributes[index].value = ""
            result += [without, odd, empty]
        }
        for (index, node) in self.children.enumerated() {
            var without = self
            without.children.remove(at: index)
            result.append(without)
            switch node {
            case .element(let child):
                for mutilated in child.mutilations {
                    var copy = self
                    copy.children[index] = .element(mutilated)
                    result.append(copy)
                }
            case .text:
                var copy = self
                copy.children[index] = .text("-1 \u{FFFD}@@")
                result.append(copy)
            }
        }
        return result
    }
}

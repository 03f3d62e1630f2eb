import CloudModel
import Cryptography
import XML
import XMPP

/// Reads attributes and children of one element; every complaint names the element and what was expected.
///
/// Attributes and children that nobody asks for are ignored (RFC 6120 §8.4).
struct ElementReader {
    let element: Element

    /// Checks the qualified name before anything is read.
    init(_ element: Element, named name: String) throws(PayloadError) {
        guard element.matches(name, Namespace.federation) else {
            throw PayloadError(
                "expected <\(name) xmlns='\(Namespace.federation)'/> instead of <\(element.name)/>")
        }
        self.element = element
    }

    // MARK: Text

    func optionalText(
        _ name: String, atMost limit: Int = WireLimits.shortText
    ) throws(PayloadError) -> String? {
        guard let value = self.element[attribute: name] else { return nil }
        guard value.utf8.count <= limit else {
            throw PayloadError("'\(name)' of <\(self.element.name)/> is longer than \(limit) bytes")
        }
        return value
    }

    func text(_ name: String, atMost limit: Int = WireLimits.shortText) throws(PayloadError) -> String {
        guard let value = try self.optionalText(name, atMost: limit) else {
            throw PayloadError("<\(self.element.name)/> lacks the attribute '\(name)'")
        }
        return value
    }

    /// The character data of the first child of that name.
    func childText(_ name: String, atMost limit: Int = WireLimits.longText) throws(PayloadError) -> String? {
        guard let text = self.element.child(name)?.text else { return nil }
        guard text.utf8.count <= limit else {
            throw PayloadError("<\(name)/> in <\(self.element.name)/> is longer than \(limit) bytes")
        }
        return text
    }

    // MARK: Typed values

    func integer<Value: FixedWidthInteger>(
        _ name: String, in range: ClosedRange<Value>
    ) throws(PayloadError) -> Value {
        let text = try self.text(name)
        guard let value = Value(text), range.contains(value) else {
            throw self.wrong(name, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func decimal(_ name: String, in range: ClosedRange<Double>) throws(PayloadError) -> Double {
        let text = try self.text(name)
        // Double also reads "nan", "inf" and hexadecimal, which the schema does not allow.
        guard text.utf8.allSatisfy({ Self.decimalCharacters.contains($0) }), let value = Double(text),
            range.contains(value)
        else { throw self.wrong(name, text, "a number from \(range.lowerBound) to \(range.upperBound)") }
        return value
    }

    func optionalChoice<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Value.Type = Value.self
    ) throws(PayloadError) -> Value? {
        guard let text = try self.optionalText(name) else { return nil }
        guard let value = Value(rawValue: text) else {
            let choices = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw self.wrong(name, text, "one of \(choices)")
        }
        return value
    }

    func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Value.Type = Value.self
    ) throws(PayloadError) -> Value {
        guard let value = try self.optionalChoice(name, type) else {
            throw PayloadError("<\(self.element.name)/> lacks the attribute '\(name)'")
        }
        return value
    }

    func optionalIdentifier<Subject>(_ name: String) throws(PayloadError) -> Identifier<Subject>? {
        guard let text = try self.optionalText(name) else { return nil }
        guard let identifier = Identifier<Subject>(text) else { throw self.wrong(name, text, "a UUID") }
        return identifier
    }

    func identifier<Subject>(_ name: String) throws(PayloadError) -> Identifier<Subject> {
        guard let identifier: Identifier<Subject> = try self.optionalIdentifier(name) else {
            throw PayloadError("<\(self.element.name)/> lacks the attribute '\(name)'")
        }
        return identifier
    }

    /// An XML Schema boolean.
    func flag(_ name: String) throws(PayloadError) -> Bool {
        let text = try self.text(name)
        switch text {
        case "true", "1": return true
        case "false", "0": return false
        default: throw self.wrong(name, text, "true or false")
        }
    }

    func instant(_ name: String) throws(PayloadError) -> Instant {
        Instant(millisecondsSinceEpoch: try self.integer(name, in: 0...WireLimits.instantMilliseconds))
    }

    func mebibytes(_ name: String) throws(PayloadError) -> Mebibytes {
        Mebibytes(try self.integer(name, in: 0...WireLimits.mebibytes))
    }

    /// Bytes in Base64, inside the first child of that name.
    func bytes(in name: String, atMost limit: Int) throws(PayloadError) -> [UInt8] {
        guard let text = try self.childText(name, atMost: (limit + 2) / 3 * 4) else {
            throw PayloadError("<\(self.element.name)/> lacks <\(name)/>")
        }
        guard let bytes = Base64.decode(text), bytes.count <= limit else {
            throw PayloadError(
                "<\(name)/> in <\(self.element.name)/> is not Base64 of at most \(limit) bytes")
        }
        return bytes
    }

    // MARK: Children

    func child(_ name: String) throws(PayloadError) -> Element {
        guard let child = self.element.child(name) else {
            throw PayloadError("<\(self.element.name)/> lacks <\(name)/>")
        }
        return child
    }

    func children(_ name: String, atMost limit: Int) throws(PayloadError) -> [Element] {
        let children = self.element.children(name)
        guard children.count <= limit else {
            throw PayloadError("<\(self.element.name)/> has more than \(limit) <\(name)/>")
        }
        return children
    }

    func wrong(_ name: String, _ text: String, _ expected: String) -> PayloadError {
        PayloadError("'\(name)' of <\(self.element.name)/> is '\(text.prefix(64))', expected \(expected)")
    }

    private static let decimalCharacters = Set("0123456789+-.eE".utf8)
}

import Operations
import XML

/// Whether an answer is as a page says, where `…` stands for whatever varies.
enum Likeness {
    static let anything = "…"

    /// Where two values differ, as a path; nil if they do not.
    static func difference(_ wanted: Value, _ found: Value, at path: String = "") -> String? {
        if wanted.string == Self.anything { return nil }
        switch (wanted, found) {
        case (.array(let wanted), .array(let found)):
            let isOpen = wanted.last?.string == Self.anything
            let named = isOpen ? Array(wanted.dropLast()) : wanted
            guard isOpen ? found.count >= named.count : found.count == named.count else {
                return "\(path): \(found.count) entries"
            }
            for (index, (wanted, found)) in zip(named, found).enumerated() {
                if let difference = self.difference(wanted, found, at: "\(path)[\(index)]") {
                    return difference
                }
            }
            return nil
        case (.object(let wanted), .object(let found)):
            for member in wanted.members where member.name != Self.anything {
                guard let value = found[member.name] else { return "\(path).\(member.name) is missing" }
                if let difference = self.difference(member.value, value, at: "\(path).\(member.name)") {
                    return difference
                }
            }
            if wanted[Self.anything] != nil { return nil }
            let more = found.members.map(\.name).filter { wanted[$0] == nil }
            return more.isEmpty ? nil : "\(path) has more: \(more)"
        case (.null, _), (.bool, _), (.integer, _), (.double, _), (.string, _), (.array, _), (.object, _):
            return wanted == found ? nil : "\(path) is \(found.json())"
        }
    }

    /// The name that stands in parsed XML for the comment `<!-- … -->`: any more elements.
    static let more = "anything-more"

    static func difference(_ wanted: Element, _ found: Element, at path: String = "") -> String? {
        let path = "\(path)/\(wanted.name)"
        guard wanted.name == found.name, wanted.namespace == found.namespace else {
            return "\(path) is \(found.name) of \(found.namespace)"
        }
        for attribute in wanted.attributes where attribute.value != Self.anything {
            let value = found[attribute: attribute.name]
            guard value == attribute.value else {
                return "\(path)@\(attribute.name) is \(value ?? "missing")"
            }
        }
        let children = wanted.elements
        guard !children.isEmpty else {
            let isLike = wanted.text == Self.anything || wanted.text == found.text
            return isLike && (found.elements.isEmpty || wanted.text == Self.anything)
                ? nil : "\(path) is \(found)"
        }
        let isOpen = children.last?.name == Self.more
        let named = isOpen ? Array(children.dropLast()) : children
        guard isOpen ? found.elements.count >= named.count : found.elements.count == named.count else {
            return "\(path) has \(found.elements.map(\.name)): \(found)"
        }
        for (wanted, found) in zip(named, found.elements) {
            if let difference = self.difference(wanted, found, at: path) { return difference }
        }
        return nil
    }
}

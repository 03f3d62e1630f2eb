import CloudModel
import XML
import XMPP

/// Labels on the wire: `<label name='tier'>gold</label>`, in order of their names.
enum Labels {
    static func elements(_ labels: [String: String]) -> [Element] {
        labels.sorted { $0.key < $1.key }.map { name, value in
            var element = Element("label", namespace: Namespace.federation, text: value)
            element[attribute: "name"] = name
            return element
        }
    }

    /// A name that occurs twice is refused rather than resolved silently.
    static func read(from reader: ElementReader) throws(PayloadError) -> [String: String] {
        var labels: [String: String] = [:]
        for element in try reader.children("label", atMost: WireLimits.labels) {
            let name = try ElementReader(element, named: "label").text("name")
            guard !name.isEmpty, element.text.utf8.count <= WireLimits.shortText else {
                throw PayloadError(
                    "label '\(name.prefix(64))' has no name or more than \(WireLimits.shortText) bytes")
            }
            guard labels.updateValue(element.text, forKey: name) == nil else {
                throw PayloadError("label '\(name)' occurs twice in <\(reader.element.name)/>")
            }
        }
        return labels
    }
}

import XML

extension DataForm {
    /// One field: a question, its answer, or the head of a column.
    package struct Field: Hashable, Sendable {
        /// What may be filled in (XEP-0004 §3.3).
        package enum Kind: String, Hashable, Sendable, CaseIterable {
            case boolean
            /// Text to read, not to fill in.
            case fixed
            /// Sent back as it is.
            case hidden
            case jidMulti = "jid-multi"
            case jidSingle = "jid-single"
            case listMulti = "list-multi"
            case listSingle = "list-single"
            case textMulti = "text-multi"
            /// Not to be shown while typed.
            case textPrivate = "text-private"
            case textSingle = "text-single"
        }

        package struct Option: Hashable, Sendable {
            package var label: String?
            package var value: String

            package init(_ value: String, label: String? = nil) {
                self.label = label
                self.value = value
            }
        }

        /// Nil only for text to read.
        package var name: String?
        /// Nil if it is not said, as in most answers; a question without a kind is a line of text.
        package var kind: Kind?
        package var label: String?
        package var description: String?
        package var isRequired: Bool
        package var values: [String]
        package var options: [Option]
        /// Whether other texts than the options may be given too (XEP-0122 §3.2.2).
        package var isOpen: Bool

        package init(
            _ name: String?, _ kind: Kind? = nil, label: String? = nil, description: String? = nil,
            isRequired: Bool = false, values: [String] = [], options: [Option] = [],
            isOpen: Bool = false
        ) {
            self.name = name
            self.kind = kind
            self.label = label
            self.description = description
            self.isRequired = isRequired
            self.values = values
            self.options = options
            self.isOpen = isOpen
        }

        /// The truth of the first value; nil if it is none of `1`, `true`, `0`, `false`.
        package var flag: Bool? {
            switch self.values.first {
            case "1", "true": true
            case "0", "false": false
            case .some, .none: nil
            }
        }
    }
}

extension DataForm.Field {
    /// Reads a field, however it is made: an unknown kind is none, an option without a value is left out.
    init(parsing element: Element) {
        self.init(
            element[attribute: "var"], element[attribute: "type"].flatMap(Kind.init(rawValue:)),
            label: element[attribute: "label"], description: element.child("desc")?.text,
            isRequired: element.child("required") != nil, values: element.children("value").map(\.text),
            options: element.children("option").compactMap { option in
                option.child("value").map { Option($0.text, label: option[attribute: "label"]) }
            },
            isOpen: element.child("validate", namespace: Namespace.formValidation)?
                .child("open") != nil)
    }

    var element: Element {
        let namespace = DataForm.namespace
        var children: [Element] = []
        if self.isOpen {
            let open = Element("open", namespace: Namespace.formValidation)
            children.append(
                Element(
                    "validate", namespace: Namespace.formValidation, ["datatype": "xs:string"], [open]))
        }
        if let description { children.append(Element("desc", namespace: namespace, text: description)) }
        if self.isRequired { children.append(Element("required", namespace: namespace)) }
        children += self.values.map { Element("value", namespace: namespace, text: $0) }
        children += self.options.map { option in
            Element(
                "option", namespace: namespace, ["label": option.label],
                [Element("value", namespace: namespace, text: option.value)])
        }
        return Element(
            "field", namespace: namespace,
            ["var": self.name, "type": self.kind?.rawValue, "label": self.label], children)
    }
}

package import XML

/// A form to fill in, what was filled in, or a table of results (XEP-0004).
package struct DataForm: Payload {
    package static let elementName = "x"
    package static let namespace = Namespace.dataForms

    package enum Kind: String, Hashable, Sendable {
        /// To be filled in.
        case form
        /// Filled in.
        case submit
        /// Will not be filled in.
        case cancel
        /// What a search or command found.
        case result
    }

    package var kind: Kind
    package var title: String?
    /// For the person who fills it in, one paragraph each.
    package var instructions: [String]
    package var fields: [Field]
    /// The columns of a table; nil if there is none.
    package var reported: [Field]?
    /// The rows of the table.
    package var items: [[Field]]

    package init(
        _ kind: Kind, title: String? = nil, instructions: [String] = [], fields: [Field] = [],
        reported: [Field]? = nil, items: [[Field]] = []
    ) {
        self.kind = kind
        self.title = title
        self.instructions = instructions
        self.fields = fields
        self.reported = reported
        self.items = items
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        guard let kind = Kind(rawValue: try element.requiredAttribute("type")) else {
            throw PayloadError("the type of the data form is none of form, submit, cancel, result")
        }
        self.kind = kind
        self.title = element.child("title")?.text
        self.instructions = element.children("instructions").map(\.text)
        self.fields = element.children("field").map(Field.init(parsing:))
        self.reported = element.child("reported").map { $0.children("field").map(Field.init(parsing:)) }
        self.items = element.children("item").map { $0.children("field").map(Field.init(parsing:)) }
    }

    package var element: Element {
        var children: [Element] = []
        if let title { children.append(Element("title", namespace: Self.namespace, text: title)) }
        children += self.instructions.map { Element("instructions", namespace: Self.namespace, text: $0) }
        children += self.fields.map(\.element)
        if let reported { children.append(Self.group("reported", reported)) }
        children += self.items.map { Self.group("item", $0) }
        return Element(Self.elementName, namespace: Self.namespace, ["type": self.kind.rawValue], children)
    }

    private static func group(_ name: String, _ fields: [Field]) -> Element {
        Element(name, namespace: Self.namespace, [:], fields.map(\.element))
    }
}

extension DataForm {
    /// The name of the hidden field that says what the form is for (XEP-0068).
    package static let formTypeField = "FORM_TYPE"

    /// What the form is for, if it says so.
    package var formType: String? { self.field(Self.formTypeField)?.values.first }

    /// The first field of that name.
    package func field(_ name: String) -> Field? {
        self.fields.first { $0.name == name }
    }

    /// The first value of the field of that name.
    package func value(_ name: String) -> String? {
        self.field(name)?.values.first
    }
}

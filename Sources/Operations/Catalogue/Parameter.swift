/// One input of an operation: its type, and what to tell whoever gets it wrong.
package struct Parameter: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case text
        case integer(ClosedRange<Int64>)
        case number(ClosedRange<Double>)
        case boolean
        case choice([String])
        /// Memory or disk: `512M`, `2G`, `1T`; a plain number is mebibytes. Carried as an integer of
        /// mebibytes.
        case size
        /// `500ms`, `30s`, `5m`, `2h`, `1d`; a plain number is seconds. Carried as an integer of
        /// milliseconds.
        case duration
        /// An XMPP address. Its form is checked by whoever prepares it (RFC 7622), not here.
        case jid
        /// Texts separated by commas, or a list in JSON.
        case list
        /// YAML or JSON as a text, or the JSON object itself; the command line reads `@FILE`.
        case document
    }

    /// The longest text that any parameter takes, in bytes of UTF-8.
    package static let textLimit = 4_096

    /// The most entries that a list takes.
    package static let listLimit = 64

    package let name: String
    package let kind: Kind
    /// What its number counts; nil for what is no number, or counts things.
    package let unit: Unit?
    /// What it means, as a phrase without a full stop.
    package let help: String
    package let isRequired: Bool
    /// Whether it may be given by its place, without `name=`.
    package let isPositional: Bool
    package let defaultValue: Value?
    /// Never logged, never repeated in an answer.
    package let isSecret: Bool

    private init(
        _ name: String, _ kind: Kind, _ help: String, in unit: Unit? = nil, isRequired: Bool,
        isPositional: Bool, defaultValue: Value?, isSecret: Bool
    ) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.help = help
        self.isRequired = isRequired
        self.isPositional = isPositional
        self.defaultValue = defaultValue
        self.isSecret = isSecret
    }

    package static func required(
        _ name: String, _ kind: Kind, _ help: String, isPositional: Bool = true,
        isSecret: Bool = false
    ) -> Self {
        Self(
            name, kind, help, isRequired: true, isPositional: isPositional, defaultValue: nil,
            isSecret: isSecret)
    }

    package static func optional(
        _ name: String, _ kind: Kind, _ help: String, in unit: Unit? = nil, default value: Value? = nil,
        isPositional: Bool = false
    ) -> Self {
        Self(
            name, kind, help, in: unit, isRequired: false, isPositional: isPositional, defaultValue: value,
            isSecret: false)
    }

    /// A required text.
    package static func required(_ name: String, _ help: String, isPositional: Bool = true) -> Self {
        .required(name, .text, help, isPositional: isPositional)
    }

    /// An optional text.
    package static func optional(_ name: String, _ help: String) -> Self {
        .optional(name, .text, help)
    }

    /// What stands for it in a usage line: `MACHINE`, `open|closed`, `512M`.
    package var placeholder: String {
        switch self.kind {
        case .text, .jid: self.name.uppercased()
        case .integer, .number: "N"
        case .boolean: "yes|no"
        case .choice(let choices): choices.joined(separator: "|")
        case .size: "SIZE"
        case .duration: "TIME"
        case .list: "\(self.name.uppercased()),…"
        case .document: "@FILE"
        }
    }

    /// What a value must look like, for an error: `a size such as 512M or 2G`.
    package var expectation: String {
        self.form + (self.unit.map { ", in \($0.name)" } ?? "")
    }

    private var form: String {
        switch self.kind {
        case .text: "text of 1 to \(Self.textLimit) bytes"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "yes or no"
        case .choice(let choices): "one of " + choices.joined(separator: ", ")
        case .size: "a size such as 512M or 2G"
        case .duration: "a time such as 30s or 5m"
        case .jid: "an address such as alice@paris.example"
        case .list: "up to \(Self.listLimit) entries separated by commas, none empty"
        case .document: "a document in YAML or JSON of up to \(DocumentLimits.bytes) bytes"
        }
    }
}

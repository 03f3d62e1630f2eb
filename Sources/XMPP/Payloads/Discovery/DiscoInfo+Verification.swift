package import Cryptography

/// The verification string of entity capabilities (XEP-0115 §5).
extension DiscoInfo {
    /// What the hash in presence must be for an entity that answers so; nil if the answer is ill-formed (§5.4).
    package func verificationString(by hash: HashFunction) -> String? {
        guard self.isWellFormed else { return nil }
        return Base64.encode(hash.digest(of: Array(self.canonicalText.utf8)))
    }

    /// Nothing may be there twice: that is how a hash over one answer is made to fit another (§5.4, §8.1).
    private var isWellFormed: Bool {
        let identities = self.identities.map { Self.line($0) }
        let types = self.describedForms.compactMap(\.formType)
        // A separator inside a value would let one list of features read like another.
        let parts = identities + self.features + self.formTexts
        return Set(identities).count == identities.count && Set(self.features).count == self.features.count
            && Set(types).count == types.count && !parts.contains { $0.utf8.contains(UInt8(ascii: "<")) }
            && self.describedForms.allSatisfy {
                Set($0.field(DataForm.formTypeField)?.values ?? []).count == 1
            }
    }

    private var formTexts: [String] {
        self.describedForms.flatMap { form in form.fields.flatMap { [$0.name ?? ""] + $0.values } }
    }

    /// The forms that count: those whose FORM_TYPE is hidden (§5.4).
    private var describedForms: [DataForm] {
        self.forms.filter { $0.field(DataForm.formTypeField)?.kind == .hidden }
    }

    /// §5.1, with every list in the order of its bytes.
    private var canonicalText: String {
        let identities = self.identities.sorted {
            Self.precedes(
                [$0.category, $0.type, $0.language ?? ""], [$1.category, $1.type, $1.language ?? ""])
        }
        var text = identities.map { Self.line($0) + "<" }.joined()
        text += self.features.sorted(by: Self.precedes).map { $0 + "<" }.joined()
        let forms = self.describedForms.sorted { Self.precedes($0.formType ?? "", $1.formType ?? "") }
        for form in forms {
            text += (form.formType ?? "") + "<"
            let fields = form.fields.filter { $0.name != nil && $0.name != DataForm.formTypeField }
            for field in fields.sorted(by: { Self.precedes($0.name ?? "", $1.name ?? "") }) {
                text += (field.name ?? "") + "<"
                text += field.values.sorted(by: Self.precedes).map { $0 + "<" }.joined()
            }
        }
        return text
    }

    private static func line(_ identity: Identity) -> String {
        "\(identity.category)/\(identity.type)/\(identity.language ?? "")/\(identity.name ?? "")"
    }

    /// Order by bytes (RFC 4790 §9.3), which is not that of Swift's strings.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func precedes(_ left: [String], _ right: [String]) -> Bool {
        for (a, b) in zip(left, right) where a != b { return Self.precedes(a, b) }
        return false
    }
}

extension HashFunction {
    /// The function of that name in the registry of hash functions' textual names; nil if it is none of ours.
    package init?(textualName name: String) {
        switch name {
        case "sha-1": self = .sha1
        case "sha-256": self = .sha256
        case _: return nil
        }
    }
}

package import CloudModel
import XMPP

extension Grant.Subject {
    /// Reads an address, `domain:DOMAIN` or `role:ROLE`; nil if it is none of them.
    ///
    /// Addresses are prepared (RFC 7622): a grant to `Alice@Paris.test` must match the `alice@paris.test` that a
    /// stream proves.
    package init?(text: String) {
        if let domain = Self.rest(of: text, after: "domain:") {
            guard let address = Self.bare(domain), address.local == nil else { return nil }
            self = .domain(address.domain)
        } else if let role = Self.rest(of: text, after: "role:") {
            guard !role.isEmpty else { return nil }
            self = .role(role)
        } else {
            guard let address = Self.bare(text) else { return nil }
            self = .address(address.description)
        }
    }

    package var text: String {
        switch self {
        case .address(let address): address
        case .domain(let domain): "domain:\(domain)"
        case .role(let role): "role:\(role)"
        }
    }

    private static func bare(_ text: String) -> JID? {
        do throws(JIDError) {
            return try JID(text).bare
        } catch {
            return nil
        }
    }

    private static func rest(of text: String, after prefix: String) -> String? {
        text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
    }
}

extension Grant.Permissions {
    /// The permissions that are no operations of the catalogue: what one site's processes ask of another's.
    package static let protocolNouns: Set<String> = ["reservation"]

    /// Reads `all`, a noun (`machine`) or a permission (`machine.start`); nil if no operation has that name.
    package init?(text: String) {
        let nouns = Set(Catalogue.operations.filter { $0.words.count > 1 }.map(\.noun))
            .union(Self.protocolNouns)
        let noun = text.split(separator: ".").first.map(String.init) ?? ""
        if text == "all" {
            self = .all
        } else if nouns.contains(text) {
            self = .noun(text)
        } else if Catalogue.operation(text) != nil || (Self.protocolNouns.contains(noun) && noun != text) {
            self = .exactly(Permission(text))
        } else {
            return nil
        }
    }

    package var text: String {
        switch self {
        case .exactly(let permission): permission.name
        case .noun(let noun): noun
        case .all: "all"
        }
    }
}

extension Grant.Scope {
    /// Reads `site` or `own`.
    package init?(text: String) {
        switch text {
        case "site": self = .site
        case "own": self = .own
        default: return nil
        }
    }

    package var text: String {
        switch self {
        case .site: "site"
        case .own: "own"
        }
    }
}

extension Grant {
    /// Reads `SUBJECT PERMISSIONS [SCOPE]` as a configuration file has it; the scope is `site` if it is left out.
    package init(text: String) throws(OperationError) {
        let words = text.split(separator: " ").map(String.init)
        guard (2...3).contains(words.count), let subject = Subject(text: words[0]) else {
            throw OperationError(
                .badRequest, "\(text.quoted) is no grant", next: "write: SUBJECT PERMISSIONS [site|own]")
        }
        let scope = words.count == 3 ? words[2] : "site"
        self = try Self(subject: subject.text, permissions: words[1], scope: scope)
    }

    /// Reads the three parts as an operation has them.
    package init(subject: String, permissions: String, scope: String) throws(OperationError) {
        guard let readSubject = Subject(text: subject) else {
            throw OperationError(
                .badRequest, "“\(subject)” is no subject", next: "give an address, domain:DOMAIN or role:ROLE"
            )
        }
        guard let readPermissions = Permissions(text: permissions) else {
            let names = Catalogue.operations.map(\.name) + Catalogue.operations.map(\.noun) + ["all"]
            let guess = Suggestion.closest(to: permissions, among: names)
            throw OperationError(
                .badRequest, "“\(permissions)” is no permission",
                next: guess.map { "did you mean \($0)?" } ?? "give an operation, a noun or all")
        }
        guard let readScope = Scope(text: scope) else {
            throw OperationError(.badRequest, "“\(scope)” is no scope", next: "give site or own")
        }
        self.init(subject: readSubject, permissions: readPermissions, scope: readScope)
    }
}

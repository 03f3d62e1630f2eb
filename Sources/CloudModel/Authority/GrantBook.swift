/// The grants of one site or coordinator, and the answer to "may they?".
package struct GrantBook: Hashable, Codable, Sendable {
    /// Who asks, as the stream or token proved it.
    package struct Caller: Hashable, Sendable {
        /// The bare JID, prepared.
        package let address: String
        package let domain: String

        package init(address: String, domain: String) {
            self.address = address
            self.domain = domain
        }
    }

    package var grants: [Grant]
    /// Role name → bare JIDs that hold it.
    package var roles: [String: Set<String>]
    /// Bare addresses of sites whose grants do not count, whatever they say.
    package var suspensions: [String: Suspension]

    package init(
        grants: [Grant], roles: [String: Set<String>] = [:], suspensions: [String: Suspension] = [:]
    ) {
        self.grants = grants
        self.roles = roles
        self.suspensions = suspensions
    }

    /// The widest scope in which `caller` holds `permission`; nil if none does.
    package func scope(of permission: Permission, for caller: Caller) -> Grant.Scope? {
        guard self.suspension(of: caller) == nil else { return nil }
        var widest: Grant.Scope?
        for grant in self.grants where self.applies(grant, to: caller) && grant.permissions.cover(permission)
        {
            switch grant.scope {
            case .site: return .site
            case .own: widest = .own
            }
        }
        return widest
    }

    /// Why no grant counts for `caller`; nil if they do.
    package func suspension(of caller: Caller) -> Suspension? {
        if let suspension = self.suspensions[caller.address] { return suspension }
        switch self.suspensions[caller.domain] {
        // Whoever shows another key may have taken the domain, and speaks for everybody in it.
        case .quarantined: return .quarantined
        case .notAllied, .none: return nil
        }
    }

    private func applies(_ grant: Grant, to caller: Caller) -> Bool {
        switch grant.subject {
        case .address(let address): caller.address == address
        case .domain(let domain): caller.domain == domain && self.suspensions[domain] == nil
        case .role(let role): self.roles[role]?.contains(caller.address) ?? false
        }
    }
}

extension Grant.Permissions {
    /// Whether `permission` is among these.
    package func cover(_ permission: Permission) -> Bool {
        switch self {
        case .exactly(let granted): granted == permission
        case .noun(let noun): permission.name.hasPrefix(noun + ".")
        case .all: true
        }
    }
}

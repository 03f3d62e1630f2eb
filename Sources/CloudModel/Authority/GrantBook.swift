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

    package init(grants: [Grant], roles: [String: Set<String>] = [:]) {
        self.grants = grants
        self.roles = roles
    }

    /// The widest scope in which `caller` holds `permission`; nil if none does.
    package func scope(of permission: Permission, for caller: Caller) -> Grant.Scope? {
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

    private func applies(_ grant: Grant, to caller: Caller) -> Bool {
        switch grant.subject {
        case .address(let address): caller.address == address
        case .domain(let domain): caller.domain == domain
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

/// One statement of who may do what to what.
///
/// Nothing is allowed that no grant allows.
package struct Grant: Hashable, Codable, Sendable {
    package enum Subject: Hashable, Codable, Sendable {
        /// One bare JID.
        case address(String)
        /// Every JID of a domain, the domain itself included.
        case domain(String)
        /// Everybody who holds the role; roles are given to addresses in the owner's configuration.
        case role(String)
    }

    /// Which permissions: one, all of one noun, or all.
    package enum Permissions: Hashable, Codable, Sendable {
        case exactly(Permission)
        /// `machine` covers `machine.start`, `machine.stop`, ….
        case noun(String)
        case all
    }

    package enum Scope: Hashable, Codable, Sendable {
        /// Everything at this site.
        case site
        /// Only what the subject made itself.
        case own
    }

    package let subject: Subject
    package let permissions: Permissions
    package let scope: Scope

    package init(subject: Subject, permissions: Permissions, scope: Scope) {
        self.subject = subject
        self.permissions = permissions
        self.scope = scope
    }
}

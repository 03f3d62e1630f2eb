/// What a site says about itself when it invites or accepts.
package struct Introduction: Hashable, Sendable {
    package let name: String
    package let role: MemberRole
    package let key: SiteKey
    /// A line for the other site's admins.
    package let note: String?

    package init(name: String, role: MemberRole, key: SiteKey, note: String? = nil) {
        self.name = name
        self.role = role
        self.key = key
        self.note = note
    }
}

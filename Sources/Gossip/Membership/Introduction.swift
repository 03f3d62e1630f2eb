/// What a site says about itself when it invites or accepts.
package struct Introduction: Hashable, Sendable {
    package let name: String
    package let role: MemberRole
    package let key: SiteKey

    package init(name: String, role: MemberRole, key: SiteKey) {
        self.name = name
        self.role = role
        self.key = key
    }
}

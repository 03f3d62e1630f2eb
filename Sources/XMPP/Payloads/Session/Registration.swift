package import XML

/// What a client may do with its own account by itself (XEP-0077): ask, change the password, delete it.
package struct Registration: Payload {
    package static let elementName = "query"
    package static let namespace = Namespace.registration

    /// Whether there is an account already: only in an answer.
    package var isRegistered: Bool
    package var username: String?
    package var password: String?
    /// Whether the account is to go.
    package var isRemoval: Bool

    package init(
        isRegistered: Bool = false, username: String? = nil, password: String? = nil, isRemoval: Bool = false
    ) {
        self.isRegistered = isRegistered
        self.username = username
        self.password = password
        self.isRemoval = isRemoval
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.isRegistered = element.child("registered") != nil
        self.username = element.child("username")?.text
        self.password = element.child("password")?.text
        self.isRemoval = element.child("remove") != nil
    }

    package var element: Element {
        var children: [Element] = []
        if self.isRegistered { children.append(Element("registered", namespace: Self.namespace)) }
        if let username { children.append(Element("username", namespace: Self.namespace, text: username)) }
        if let password { children.append(Element("password", namespace: Self.namespace, text: password)) }
        if self.isRemoval { children.append(Element("remove", namespace: Self.namespace)) }
        return Element(Self.elementName, namespace: Self.namespace, [:], children)
    }
}

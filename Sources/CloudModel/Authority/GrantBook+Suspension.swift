extension GrantBook {
    /// Why the grants of a site do not count while its standing lasts.
    package enum Suspension: String, Hashable, Codable, Sendable {
        /// The alliance with it has ended, or it only asks for one: its own grants and those of its domain do not
        /// count; people who were granted something by their own address keep that.
        case notAllied = "not-allied"
        /// It shows another key than the accepted one: besides, nobody of its domain is believed.
        case quarantined
    }
}

extension GrantBook.Suspension {
    /// Why `address` is refused, in words.
    package func reason(for address: String) -> String {
        switch self {
        case .notAllied: "\(address) is not allied with this site, so what was granted to it does not count"
        case .quarantined:
            "\(address) is quarantined because its site shows another key, so what was granted to it does not count"
        }
    }

    /// What the owner of the site that refuses can do.
    package var next: String {
        switch self {
        case .notAllied: "its owner can: site invite, or site accept, with the address of the site"
        case .quarantined:
            "its owner compares the new key and then can: site accept, with the address of the site"
        }
    }
}

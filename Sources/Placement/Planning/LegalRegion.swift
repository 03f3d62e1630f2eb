/// Groups of countries that have a law on data or trade in common.
///
/// Membership as of 2026, ISO 3166-1 alpha-2. A name here says where a site is, not whether a law is kept there.
package enum LegalRegion: String, Hashable, Codable, Sendable, CaseIterable {
    /// The European Union.
    case eu
    /// The European Economic Area: the European Union, Iceland, Liechtenstein and Norway.
    case eea
    /// The European Free Trade Association.
    case efta
    /// The Association of Southeast Asian Nations.
    case asean
    /// The full members of Mercosur.
    case mercosur

    package var countries: Set<String> {
        switch self {
        case .eu:
            [
                "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
                "IT",
                "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
            ]
        case .eea: Self.eu.countries.union(["IS", "LI", "NO"])
        case .efta: ["CH", "IS", "LI", "NO"]
        case .asean: ["BN", "ID", "KH", "LA", "MM", "MY", "PH", "SG", "TH", "TL", "VN"]
        case .mercosur: ["AR", "BO", "BR", "PY", "UY"]
        }
    }

    /// The names there are, for an explanation.
    package static var names: String { Self.allCases.map(\.rawValue).joined(separator: ", ") }
}

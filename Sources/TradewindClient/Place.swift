/// Where users are, or a workload that uses another one.
public struct Place: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    /// A place as the server writes it: `JP`, `tokyo.example`, `workload/db` or `35.68/139.69`.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Anywhere in a country.
    ///
    /// - Parameter code: its two letters (ISO 3166-1).
    public static func country(_ code: String) -> Self {
        Self(rawValue: code)
    }

    /// At a site of the federation, by its address.
    public static func site(_ address: String) -> Self {
        Self(rawValue: address)
    }

    /// Wherever another workload runs, by its name.
    public static func workload(_ name: String) -> Self {
        Self(rawValue: "workload/\(name)")
    }

    /// At a position, in degrees.
    public static func position(latitude: Double, longitude: Double) -> Self {
        Self(rawValue: "\(latitude)/\(longitude)")
    }
}

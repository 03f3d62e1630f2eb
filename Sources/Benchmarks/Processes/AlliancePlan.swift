/// Which processes to start, and how far apart they are.
struct AlliancePlan: Sendable {
    struct Place: Sendable {
        let domain: String
        let country: String
        let latitude: Double
        let longitude: Double
    }

    static let paris = Place(domain: "paris.test", country: "FR", latitude: 48.86, longitude: 2.35)
    static let tokyo = Place(domain: "tokyo.test", country: "JP", latitude: 35.68, longitude: 139.69)
    static let virginia = Place(domain: "virginia.test", country: "US", latitude: 38.95, longitude: -77.45)
    static let coordinator = Place(
        domain: "coordinator.test", country: "FR", latitude: 48.86, longitude: 2.35)

    let sites: [Place]
    let hasCoordinator: Bool
    /// One-way delay between any two processes in milliseconds; 0 leads them straight to each other.
    var delay = 0

    var members: [Place] { self.sites + (self.hasCoordinator ? [Self.coordinator] : []) }
}

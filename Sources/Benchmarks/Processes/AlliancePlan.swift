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
    static let secondCoordinator = Place(
        domain: "coordinator2.test", country: "FR", latitude: 48.86, longitude: 2.35)

    /// Ten sites in as many countries.
    static let ten: [Place] = [
        paris, tokyo, virginia,
        Place(domain: "frankfurt.test", country: "DE", latitude: 50.11, longitude: 8.68),
        Place(domain: "london.test", country: "GB", latitude: 51.51, longitude: -0.13),
        Place(domain: "mumbai.test", country: "IN", latitude: 19.08, longitude: 72.88),
        Place(domain: "seoul.test", country: "KR", latitude: 37.57, longitude: 126.98),
        Place(domain: "singapore.test", country: "SG", latitude: 1.35, longitude: 103.82),
        Place(domain: "stockholm.test", country: "SE", latitude: 59.33, longitude: 18.07),
        Place(domain: "sydney.test", country: "AU", latitude: -33.87, longitude: 151.21),
    ]

    let sites: [Place]
    /// In the order in which they follow the sites.
    let coordinators: [Place]
    /// Whether the sites are allies of the coordinator only, not of each other.
    var isStar = false
    /// One-way delay between any two processes in milliseconds; 0 leads them straight to each other.
    var delay = 0
    /// What each site offers; usually room for many thousand small machines, so that capacity never decides.
    var offered = (vcpus: 65_536, memory: "16T", disk: "64T")
    /// Lines for the section `coordinator` of the coordinators' configurations.
    var coordinatorSettings: [String] = []

    var members: [Place] { self.sites + self.coordinators }
}

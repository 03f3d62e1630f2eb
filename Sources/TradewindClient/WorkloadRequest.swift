/// What to run, and where it may or should be; what is nil is left to the server.
public struct WorkloadRequest: Hashable, Sendable, Encodable {
    /// 1–48 characters of `a–z`, `0–9` and inner `-`; no two workloads of a coordinator have the same.
    public var name: String
    /// A path on the sites or an http(s) URL.
    public var image: String
    /// How many machines.
    public var replicas: Int?
    /// `qcow2`, `raw` or `kernel`.
    public var format: String?
    /// The image's SHA-256 in hexadecimal; required for a URL.
    public var sha256: String?
    /// Path or URL of the initial file system, for the format `kernel`.
    public var initramfs: String?
    /// Its SHA-256 in hexadecimal.
    public var initramfsSHA256: String?
    /// The kernel's command line, for the format `kernel`.
    public var commandLine: String?
    /// Virtual processors of each machine.
    public var vcpus: Int?
    /// Memory of each machine in mebibytes.
    public var memoryMebibytes: Int?
    /// Disk of each machine in mebibytes.
    public var diskMebibytes: Int?
    /// Where the users are: sites, countries, `workload/NAME` or `LATITUDE/LONGITUDE`, each with `:SHARE` if not alike.
    public var audience: [String]?
    /// The response time aimed at in milliseconds: nearer is no better.
    public var targetMilliseconds: Double?
    /// Only sites in these countries (two letters).
    public var countries: [String]?
    /// Only sites where a common law holds: `eu`, `eea`, `efta`, `asean`, `mercosur`.
    public var regions: [String]?
    /// Only sites with these labels, as `name:value`.
    public var labels: [String]?
    /// Only sites with these features.
    public var features: [String]?
    /// Only sites with this hypervisor.
    public var hypervisor: String?
    /// Only these sites.
    public var only: [String]?
    /// None of these sites.
    public var avoid: [String]?
    /// The longest round trip to the audience in milliseconds.
    public var maxLatencyMilliseconds: Double?
    /// Whether all replicas are placed or none.
    public var gang: Bool?
    /// The most that a replica may cost an hour, in the coordinator's currency.
    public var maxPrice: Double?
    /// The most that a replica may emit, in grams of CO2e an hour.
    public var maxCarbon: Double?
    /// Only sites that have a replica of one of these workloads.
    public var beside: [String]?
    /// No site that has a replica of any of these workloads.
    public var apart: [String]?
    /// Only sites this near to a replica of other workloads, as `NAME:MILLISECONDS` of round trip.
    public var within: [String]?
    /// The most replicas at one site.
    public var perSite: Int?
    /// Whether replicas at one site run on different hosts (`apart`) or all on one (`together`).
    public var hosts: String?
    /// Whose turn it is first where room is scarce: the higher.
    public var priority: Int?
    /// Seconds after which a site that cannot reach the coordinator stops a replica, so that it may be started elsewhere.
    public var leaseSeconds: Int?
    /// Replicas that must run while others are moved.
    public var minimum: Int?
    /// Points for a millisecond to the users.
    public var latencyWeight: Double?
    /// Points for a unit of currency an hour.
    public var priceWeight: Double?
    /// Points for a gram of CO2e an hour.
    public var carbonWeight: Double?
    /// Points for a percent of load.
    public var loadWeight: Double?
    /// Points for a percent of room taken.
    public var roomWeight: Double?

    /// The response time in milliseconds that users are to get: replicas are added, moved and removed for it.
    public var followTargetMilliseconds: Double?
    /// How many percent of the responses are to take no longer.
    public var followPercentile: Int?
    /// The fewest replicas while users are followed.
    public var followMinimum: Int?
    /// The most replicas while users are followed.
    public var followMaximum: Int?
    /// The most changes an hour.
    public var followChanges: Int?
    /// The most that all replicas may cost an hour, in the coordinator's currency.
    public var followCost: Double?
    /// Seconds to wait after a change before the next.
    public var followPauseSeconds: Int?
    /// The peak hours in UTC, such as `08:00-20:00`.
    public var peak: String?
    /// The response time in milliseconds that will do outside the peak.
    public var offPeakTargetMilliseconds: Double?
    /// The fewest replicas outside the peak.
    public var offPeakMinimum: Int?

    /// A request with the server's usual values for everything else.
    public init(name: String, image: String, replicas: Int? = nil) {
        self.name = name
        self.image = image
        self.replicas = replicas
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, image, replicas, format, sha256, initramfs
        case initramfsSHA256 = "initramfs-sha256"
        case commandLine = "command-line"
        case vcpus
        case memoryMebibytes = "memory"
        case diskMebibytes = "disk"
        case audience
        case targetMilliseconds = "target"
        case countries, regions, labels, features, hypervisor, only, avoid
        case maxLatencyMilliseconds = "max-latency"
        case gang
        case maxPrice = "max-price"
        case maxCarbon = "max-carbon"
        case beside, apart, within
        case perSite = "per-site"
        case hosts, priority
        case leaseSeconds = "lease"
        case minimum
        case latencyWeight = "weight-latency"
        case priceWeight = "weight-price"
        case carbonWeight = "weight-carbon"
        case loadWeight = "weight-load"
        case roomWeight = "weight-room"
        case followTargetMilliseconds = "follow-target"
        case followPercentile = "follow-percentile"
        case followMinimum = "follow-minimum"
        case followMaximum = "follow-maximum"
        case followChanges = "follow-changes"
        case followCost = "follow-cost"
        case followPauseSeconds = "follow-pause"
        case peak
        case offPeakTargetMilliseconds = "off-peak-target"
        case offPeakMinimum = "off-peak-minimum"
    }
}

/// What to run, and where it may or should be; what is nil is left to the server.
public struct WorkloadRequest: Hashable, Sendable {
    /// What an image is; a later server may take others.
    public struct Format: RawRepresentable, Hashable, Sendable, Codable {
        public let rawValue: String

        /// A format as the server calls it.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// A disk in QEMU's format.
        public static let qcow2 = Self(rawValue: "qcow2")
        /// A disk, byte for byte.
        public static let raw = Self(rawValue: "raw")
        /// A Linux kernel, with or without an initial file system.
        public static let kernel = Self(rawValue: "kernel")
    }

    /// How replicas at one site are spread over its hosts; a later server may know other ways.
    public struct Hosts: RawRepresentable, Hashable, Sendable, Codable {
        public let rawValue: String

        /// A way as the server calls it.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Each on another host.
        public static let apart = Self(rawValue: "apart")
        /// All on one.
        public static let together = Self(rawValue: "together")
    }

    /// 1–48 characters of `a–z`, `0–9` and inner `-`; no two workloads of a coordinator have the same.
    public var name: String
    /// A path on the sites or an http(s) URL.
    public var image: String
    /// How many machines.
    public var replicas: Int?
    /// What the image is.
    public var format: Format?
    /// The image's SHA-256 in hexadecimal; required for a URL.
    public var sha256: String?
    /// Path or URL of the initial file system, for a kernel.
    public var initramfs: String?
    /// Its SHA-256 in hexadecimal.
    public var initramfsSHA256: String?
    /// The kernel's command line.
    public var commandLine: String?
    /// Virtual processors of each machine.
    public var vcpus: Int?
    /// Memory of each machine in mebibytes.
    public var memoryMebibytes: Int?
    /// Disk of each machine in mebibytes.
    public var diskMebibytes: Int?
    /// Where the users are, and how many are at each place in relation to the others.
    public var audience: [Place: Double]?
    /// The response time aimed at: nearer is no better.
    public var target: Duration?
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
    /// The longest round trip to the audience.
    public var maxLatency: Duration?
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
    /// Only sites from which a round trip to a replica of these workloads takes no longer than this.
    public var within: [String: Duration]?
    /// The most replicas at one site.
    public var perSite: Int?
    /// How replicas at one site are spread over its hosts.
    public var hosts: Hosts?
    /// Whose turn it is first where room is scarce: the higher.
    public var priority: Int?
    /// After how long a site that cannot reach the coordinator stops a replica, so that it may be started elsewhere; in
    /// whole seconds.
    public var lease: Duration?
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
    /// What users are to get, and what may be done for it; nil if they are not followed.
    public var following: Following?

    /// A request with the server's usual values for everything else.
    public init(name: String, image: String, replicas: Int? = nil) {
        self.name = name
        self.image = image
        self.replicas = replicas
    }
}

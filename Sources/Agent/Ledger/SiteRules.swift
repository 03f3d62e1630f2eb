package import CloudModel

/// What a site allows those who ask it for room.
package struct SiteRules: Hashable, Sendable {
    /// The share of a site that one holder may use, holds included.
    package struct Quota: Hashable, Sendable {
        /// Nil for no limit on that.
        package var resources: Resources?
        package var machines: Int?

        package init(resources: Resources? = nil, machines: Int? = nil) {
            self.resources = resources
            self.machines = machines
        }

        package static let unlimited = Self()
    }

    /// How much more a site promises of each resource than its hosts have, in hundredths: 100 promises what there is.
    ///
    /// Machines seldom use all that they were promised. Processors bear it best; memory that is promised twice may be
    /// missing one day, and a full disk stops every machine on it.
    package struct Overcommitment: Hashable, Sendable {
        /// The ratios that can be asked for, in hundredths.
        package static let range = 100...1_600

        package var vcpus: Int
        package var memory: Int
        package var disk: Int

        package init(vcpus: Int = 100, memory: Int = 100, disk: Int = 100) {
            self.vcpus = vcpus
            self.memory = memory
            self.disk = disk
        }

        /// What is promised of a host that has `total`, rounded down.
        package func promised(of total: Resources) -> Resources {
            func share(_ amount: Int64, _ ratio: Int) -> Int64 {
                let (product, overflow) = amount.multipliedReportingOverflow(by: Int64(ratio))
                return overflow ? amount : product / 100
            }
            return Resources(
                vcpus: Int(share(Int64(total.vcpus), self.vcpus)),
                memory: Mebibytes(share(total.memory.count, self.memory)),
                disk: Mebibytes(share(total.disk.count, self.disk)))
        }
    }

    /// The longest that a reservation is held, whatever was asked.
    package static let holdMax = Duration.seconds(600)

    /// How long a reservation is held when nobody says.
    package static let holdDefault = Duration.seconds(60)

    /// The most labels that a machine may have, and the most bytes that a label's name or value may take.
    package static let labelsMax = 32
    package static let labelBytesMax = 128

    /// The largest machine that is a sensible request: beyond these a number is a mistake.
    package static let largestMachine = Resources(
        vcpus: 1_024, memory: .gibibytes(65_536), disk: .gibibytes(1_048_576))

    /// The most bytes of an image's location or of a kernel's command line.
    package static let imageTextBytesMax = 2_048

    /// Quotas of holders that differ from `defaultQuota`.
    package var quotas: [SiteID: Quota]
    package var defaultQuota: Quota
    /// What all holders of a domain may have together, besides the quota of each.
    package var domainQuotas: [String: Quota]
    package var overcommitment: Overcommitment
    /// The most reservations that one holder may have `held` at a time.
    package var heldPerHolderMax: Int
    /// How long an ended reservation or a deleted machine is remembered, so that late questions are answered.
    package var memory: Duration
    /// The most ended reservations, and the most deleted machines, that are remembered; the oldest go first.
    package var memoryMax: Int

    package init(
        quotas: [SiteID: Quota] = [:], defaultQuota: Quota = .unlimited,
        domainQuotas: [String: Quota] = [:], overcommitment: Overcommitment = Overcommitment(),
        heldPerHolderMax: Int = 256, memory: Duration = .seconds(86_400), memoryMax: Int = 10_000
    ) {
        self.quotas = quotas
        self.defaultQuota = defaultQuota
        self.domainQuotas = domainQuotas
        self.overcommitment = overcommitment
        self.heldPerHolderMax = heldPerHolderMax
        self.memory = memory
        self.memoryMax = memoryMax
    }
}

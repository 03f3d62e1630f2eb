/// What the federation protocol accepts at most; whatever is beyond is refused while it is read.
///
/// The quantities are far above any real site and far below overflow: a thousand of the largest add up without a trap.
package enum WireLimits {
    /// Processors of one machine, host or site.
    package static let vcpus = 1_000_000
    /// Memory or disk of one machine, host or site, in MiB: one exbibyte.
    package static let mebibytes: Int64 = 1 << 40
    /// Machines or hosts that a site may say it has.
    package static let population = 10_000_000
    /// Index of a replica; also the most replicas that a workload can have.
    package static let replicas = 1_000_000
    /// How long a site may be asked to hold capacity: one day, in milliseconds.
    package static let holdMilliseconds: Int64 = 86_400_000
    /// How long a row may claim to hold: a reader caps it further, in milliseconds.
    package static let lifetimeMilliseconds: Int64 = 86_400_000
    /// The last instant of the year 9999, in milliseconds since 1970.
    package static let instantMilliseconds: Int64 = 253_402_300_799_999
    /// Any price, in millionths of a currency unit.
    package static let priceMicros: Int64 = 1_000_000_000_000

    /// A name for people, a label's value, a hypervisor's name, in bytes of UTF-8.
    package static let shortText = 255
    /// A path, an URL, a command line, a reason, in bytes of UTF-8.
    package static let longText = 2_048
    /// A bare JID: two parts of 1,023 bytes and the `@` (RFC 7622 §3.1).
    package static let address = 2_047
    /// Labels of a machine or site.
    package static let labels = 64
    /// Hypervisors that a site names.
    package static let hypervisors = 16
    /// Round trips that a site tells.
    package static let roundTrips = 16
    /// The longest round trip that a site may tell, in milliseconds.
    package static let roundTripMilliseconds = 10_000.0
    /// Machines in one list; a longer list is continued by the next query.
    package static let machinesPerList = 100
    /// Leases that one request names.
    package static let leasesPerRequest = 250
    /// For how long a site may say that it has been hot: beyond a year it makes no difference.
    package static let heatSeconds = 31_536_000
    /// Payload of a row, in bytes before Base64.
    package static let rowPayload = 4_096
    /// A signature, in bytes before Base64; Ed25519 needs 64.
    package static let signature = 96
}

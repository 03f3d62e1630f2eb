package import CloudModel

/// How much a request may ask for; everything beyond is refused before any work is done on it.
package enum SpecificationLimits {
    /// The most characters of a workload's name: its machines are named after it, with a number behind.
    package static let name = 48
    package static let replicas = 1...1_000
    package static let vcpus = 1...1_024
    /// 1 MiB to 64 TiB.
    package static let memory = Mebibytes(1)...Mebibytes.gibibytes(65_536)
    /// 0 to 1 PiB; zero for a machine that needs no disk of its own.
    package static let disk = Mebibytes.zero...Mebibytes.gibibytes(1_048_576)
    /// Parts of an audience.
    package static let shares = 64
    /// Weight of one part of an audience: far from where a number is too small to be divided by.
    package static let shareWeight = 0.000_001...1_000_000.0
    /// Weight of one objective; at least zero.
    package static let objectiveWeight = 1_000_000.0
    package static let constraints = 64
    /// Countries or sites named by one constraint.
    package static let listed = 1_000
    /// Bytes of a label's name and of its value.
    package static let labelName = 1...63
    package static let labelValue = 255
    /// Bytes of a path or URL.
    package static let location = 2_048
    /// Bytes of a kernel command line: what Linux takes on x86.
    package static let commandLine = 2_048
    /// Bytes of a site's address (RFC 7622: two parts of 1,023 and the `@`).
    package static let address = 2_047
}

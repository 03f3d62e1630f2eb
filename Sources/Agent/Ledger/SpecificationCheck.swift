package import CloudModel
import Federation

/// What makes a machine specification one that a site can be asked for.
package enum SpecificationCheck {
    package static func check(_ specification: MachineSpecification) throws(SiteRefusal) {
        try Self.check(name: specification.name)
        try Self.check(specification.resources)
        try Self.check(specification.image)
        if let seconds = specification.leaseSeconds, !KeepingWishes.leaseRange.contains(seconds) {
            let range = KeepingWishes.leaseRange
            throw SiteRefusal(
                .badRequest, "a lease of \(seconds) s",
                next: "ask for one of \(range.lowerBound) to \(range.upperBound) s, or none")
        }
        guard specification.labels.count <= SiteRules.labelsMax else {
            throw SiteRefusal(.badRequest, "more than \(SiteRules.labelsMax) labels")
        }
        for (name, value) in specification.labels.sorted(by: { $0.key < $1.key }) {
            guard (1...SiteRules.labelBytesMax).contains(name.utf8.count),
                value.utf8.count <= SiteRules.labelBytesMax
            else {
                throw SiteRefusal(
                    .badRequest, "a label's name or value has more than \(SiteRules.labelBytesMax) bytes")
            }
        }
    }

    private static func check(name: String) throws(SiteRefusal) {
        guard MachineSpecification.isName(name) else {
            throw SiteRefusal(
                .badRequest, "\(name.prefix(80)) is not a name for a machine",
                next: "use 1 to 63 characters of a–z, 0–9 and inner -")
        }
    }

    private static func check(_ resources: Resources) throws(SiteRefusal) {
        guard resources.vcpus >= 1, resources.memory >= Mebibytes(1), resources.disk >= .zero else {
            throw SiteRefusal(
                .badRequest, "\(resources) is not a machine",
                next: "ask for at least 1 vCPU and 1 MiB of memory")
        }
        guard SiteRules.largestMachine.covers(resources) else {
            throw SiteRefusal(
                .badRequest, "\(resources) is more than any machine can have",
                next: "at most \(SiteRules.largestMachine)")
        }
    }

    private static func check(_ image: ImageReference) throws(SiteRefusal) {
        try Self.check(location: image.location, sha256: image.sha256)
        switch image.format {
        case .qcow2, .raw:
            guard image.initramfs == nil, image.commandLine == nil else {
                throw SiteRefusal(
                    .badRequest, "an initial file system or command line belongs to format kernel only")
            }
        case .kernel:
            if let initramfs = image.initramfs {
                try Self.check(location: initramfs, sha256: image.initramfsSHA256)
            }
            if let commandLine = image.commandLine {
                let isPlain = commandLine.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
                guard commandLine.utf8.count <= SiteRules.imageTextBytesMax, isPlain else {
                    throw SiteRefusal(.badRequest, "the kernel's command line is too long or not plain text")
                }
            }
        }
    }

    private static func check(location: String, sha256: String?) throws(SiteRefusal) {
        guard (1...SiteRules.imageTextBytesMax).contains(location.utf8.count) else {
            throw SiteRefusal(.badRequest, "an image's location is empty or too long")
        }
        if let sha256 {
            guard ImageReference.isChecksum(sha256) else {
                throw SiteRefusal(
                    .badRequest, "\(sha256.prefix(80)) is not a SHA-256",
                    next: "give 64 lower-case hexadecimal digits, as sha256sum prints them")
            }
        } else if ImageReference.needsChecksum(location) {
            throw SiteRefusal(
                .badRequest, "the image \(location) has no checksum",
                next: "give its sha256; only an image by path on the site may go without")
        }
    }
}

package import CloudModel

extension WorkloadSpecification {
    /// Checks everything that does not depend on any site; throws all problems at once.
    package func validate() throws(SpecificationError) {
        let problems =
            self.nameProblems() + self.sizeProblems() + self.image.problems() + self.audience.problems()
            + self.constraints.problems() + self.objectives.problems() + self.keepingProblems()
            + (self.following?.problems(running: self.keeping?.minimum ?? 0) ?? [])
        guard problems.isEmpty else { throw SpecificationError(problems) }
        // Only what is in itself well formed can be compared.
        let contradictions = self.contradictions()
        guard contradictions.isEmpty else { throw SpecificationError(contradictions) }
    }

    private func nameProblems() -> [SpecificationError.Problem] {
        guard MachineSpecification.isName(self.name, atMost: SpecificationLimits.name) else {
            return [
                .init("name", "must be 1 to 48 characters of a–z, 0–9 and -, with no - at either end")
            ]
        }
        return []
    }

    private func keepingProblems() -> [SpecificationError.Problem] {
        var problems: [SpecificationError.Problem] = []
        let leases = KeepingWishes.leaseRange
        if let seconds = self.keeping?.leaseSeconds, !leases.contains(seconds) {
            problems.append(
                .init("lease", "\(seconds) s is not between \(leases.lowerBound) and \(leases.upperBound)"))
        }
        if let minimum = self.keeping?.minimum, minimum < 0 || minimum > self.replicas {
            problems.append(.init("minimum", "\(minimum) is not between 0 and \(self.replicas) replicas"))
        }
        let priorities = WorkloadSpecification.priorities
        if let priority, !priorities.contains(priority) {
            problems.append(
                .init(
                    "priority",
                    "\(priority) is not between \(priorities.lowerBound) and \(priorities.upperBound)"))
        }
        return problems
    }

    private func sizeProblems() -> [SpecificationError.Problem] {
        var problems: [SpecificationError.Problem] = []
        func check<Amount: Comparable>(_ field: String, _ amount: Amount, _ range: ClosedRange<Amount>) {
            guard !range.contains(amount) else { return }
            problems.append(
                .init(field, "\(amount) is not between \(range.lowerBound) and \(range.upperBound)"))
        }
        check("replicas", self.replicas, SpecificationLimits.replicas)
        check("vcpus", self.resources.vcpus, SpecificationLimits.vcpus)
        check("memory", self.resources.memory, SpecificationLimits.memory)
        check("disk", self.resources.disk, SpecificationLimits.disk)
        switch self.spread {
        case .pack: break
        case .atMostPerSite(let limit): check("per-site", limit, 1...SpecificationLimits.replicas.upperBound)
        }
        return problems
    }
}

extension ImageReference {
    fileprivate func problems() -> [SpecificationError.Problem] {
        var problems = Self.problems(at: "image", self.location, sha256: self.sha256)
        switch self.format {
        case .kernel:
            if let initramfs {
                problems += Self.problems(at: "initramfs", initramfs, sha256: self.initramfsSHA256)
            } else if self.initramfsSHA256 != nil {
                problems.append(.init("initramfs-sha256", "there is no initramfs"))
            }
            if let commandLine, commandLine.utf8.count > SpecificationLimits.commandLine {
                problems.append(
                    .init("command-line", "is longer than \(SpecificationLimits.commandLine) bytes"))
            }
        case .qcow2, .raw:
            if self.initramfs != nil || self.initramfsSHA256 != nil || self.commandLine != nil {
                problems.append(
                    .init("image", "initramfs and command line go only with an image of the format kernel"))
            }
        }
        return problems
    }

    private static func problems(
        at field: String, _ location: String, sha256: String?
    ) -> [SpecificationError.Problem] {
        var problems: [SpecificationError.Problem] = []
        let isURL = location.hasPrefix("https://") || location.hasPrefix("http://")
        if !isURL, !location.hasPrefix("/") {
            problems.append(.init(field, "must be an absolute path or an http: or https: URL"))
        }
        if location.utf8.count > SpecificationLimits.location {
            problems.append(.init(field, "is longer than \(SpecificationLimits.location) bytes"))
        }
        if location.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            problems.append(.init(field, "contains a control character"))
        }
        if let sha256 {
            if !Self.isChecksum(sha256) {
                problems.append(
                    .init(Self.checksumField(of: field), "must be 64 digits of lower-case hexadecimal"))
            }
        } else if isURL {
            problems.append(
                .init(Self.checksumField(of: field), "is required when the image comes from a URL"))
        }
        return problems
    }

    /// The parameter that carries the checksum of the file at `field`.
    private static func checksumField(of field: String) -> String {
        field == "image" ? "sha256" : "\(field)-sha256"
    }
}

extension Audience {
    fileprivate func problems() -> [SpecificationError.Problem] {
        guard self.shares.count <= SpecificationLimits.shares else {
            return [
                .init("audience", "has \(self.shares.count) places, at most \(SpecificationLimits.shares)")
            ]
        }
        var problems: [SpecificationError.Problem] = []
        if let target {
            problems += Constraint.boundProblems("target", target, Constraint.latencies, "milliseconds")
        }
        if self.target != nil, self.shares.isEmpty {
            problems.append(.init("target", "a response time needs an audience"))
        }
        for share in self.shares {
            if !SpecificationLimits.shareWeight.contains(share.weight) {
                problems.append(
                    .init("audience", "a weight of \(share.weight) is not a number from 0.000001 to 1000000"))
            }
            switch share.place {
            case .position: break
            case .country(let code):
                if Countries.position(of: code) == nil {
                    problems.append(.init("audience", "\(code) is no ISO 3166 country code such as FR"))
                }
            case .site(let site):
                problems += site.problems(at: "audience")
            case .workload(let name):
                if !MachineSpecification.isName(name, atMost: SpecificationLimits.name) {
                    problems.append(.init("audience", "workload/ is followed by the name of a workload"))
                }
            }
        }
        return problems
    }
}

extension SiteID {
    fileprivate func problems(at field: String) -> [SpecificationError.Problem] {
        guard (1...SpecificationLimits.address).contains(self.address.utf8.count) else {
            return [.init(field, "a site's address has 1 to \(SpecificationLimits.address) bytes")]
        }
        return []
    }
}

extension Objectives {
    fileprivate func problems() -> [SpecificationError.Problem] {
        var problems: [SpecificationError.Problem] = []
        let weights = [
            ("latency", self.latency), ("price", self.price), ("carbon", self.carbon), ("load", self.load),
            ("room", self.room),
        ]
        for (name, weight) in weights
        where !weight.isFinite || weight < 0 || weight > SpecificationLimits.objectiveWeight {
            problems.append(.init("weight-\(name)", "must be a number from 0 to 1000000"))
        }
        if problems.isEmpty, weights.allSatisfy({ $0.1 == 0 }) {
            problems.append(.init("weight-latency", "at least one weight must be above 0"))
        }
        return problems
    }
}

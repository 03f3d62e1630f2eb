extension WorkloadRequest: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, image, replicas, format, sha256, initramfs
        case initramfsSHA256 = "initramfs-sha256"
        case commandLine = "command-line"
        case vcpus, memory, disk, audience, target, countries, regions, labels, features, hypervisor, only,
            avoid
        case maxLatency = "max-latency"
        case gang
        case maxPrice = "max-price"
        case maxCarbon = "max-carbon"
        case beside, apart, within
        case perSite = "per-site"
        case hosts, priority, lease, minimum
        case latencyWeight = "weight-latency"
        case priceWeight = "weight-price"
        case carbonWeight = "weight-carbon"
        case loadWeight = "weight-load"
        case roomWeight = "weight-room"
    }

    /// Writes the parameters of the server's `workload.place`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.name, forKey: .name)
        try container.encode(self.image, forKey: .image)
        try container.encodeIfPresent(self.replicas, forKey: .replicas)
        try container.encodeIfPresent(self.format, forKey: .format)
        try container.encodeIfPresent(self.sha256, forKey: .sha256)
        try container.encodeIfPresent(self.initramfs, forKey: .initramfs)
        try container.encodeIfPresent(self.initramfsSHA256, forKey: .initramfsSHA256)
        try container.encodeIfPresent(self.commandLine, forKey: .commandLine)
        try container.encodeIfPresent(self.vcpus, forKey: .vcpus)
        try container.encodeIfPresent(self.memoryMebibytes, forKey: .memory)
        try container.encodeIfPresent(self.diskMebibytes, forKey: .disk)
        try self.encodeConstraints(to: &container)
        try container.encodeIfPresent(self.gang, forKey: .gang)
        try container.encodeIfPresent(self.priority, forKey: .priority)
        try container.encodeIfPresent(self.lease.map { $0.milliseconds / 1_000 }, forKey: .lease)
        try container.encodeIfPresent(self.minimum, forKey: .minimum)
        try container.encodeIfPresent(self.latencyWeight, forKey: .latencyWeight)
        try container.encodeIfPresent(self.priceWeight, forKey: .priceWeight)
        try container.encodeIfPresent(self.carbonWeight, forKey: .carbonWeight)
        try container.encodeIfPresent(self.loadWeight, forKey: .loadWeight)
        try container.encodeIfPresent(self.roomWeight, forKey: .roomWeight)
        try self.following?.encode(to: encoder)
    }

    /// Where it may or should be.
    private func encodeConstraints(to container: inout KeyedEncodingContainer<CodingKeys>) throws {
        let audience = self.audience?.map { "\($0.key.rawValue):\($0.value)" }.sorted()
        try container.encodeIfPresent(audience, forKey: .audience)
        try container.encodeIfPresent(self.target?.milliseconds, forKey: .target)
        try container.encodeIfPresent(self.countries, forKey: .countries)
        try container.encodeIfPresent(self.regions, forKey: .regions)
        try container.encodeIfPresent(self.labels, forKey: .labels)
        try container.encodeIfPresent(self.features, forKey: .features)
        try container.encodeIfPresent(self.hypervisor, forKey: .hypervisor)
        try container.encodeIfPresent(self.only, forKey: .only)
        try container.encodeIfPresent(self.avoid, forKey: .avoid)
        try container.encodeIfPresent(self.maxLatency?.milliseconds, forKey: .maxLatency)
        try container.encodeIfPresent(self.maxPrice, forKey: .maxPrice)
        try container.encodeIfPresent(self.maxCarbon, forKey: .maxCarbon)
        try container.encodeIfPresent(self.beside, forKey: .beside)
        try container.encodeIfPresent(self.apart, forKey: .apart)
        let within = self.within?.map { "\($0.key):\($0.value.milliseconds)" }.sorted()
        try container.encodeIfPresent(within, forKey: .within)
        try container.encodeIfPresent(self.perSite, forKey: .perSite)
        try container.encodeIfPresent(self.hosts, forKey: .hosts)
    }
}

extension Following: Encodable {
    private enum CodingKeys: String, CodingKey {
        case target = "follow-target"
        case percentile = "follow-percentile"
        case minimum = "follow-minimum"
        case maximum = "follow-maximum"
        case changes = "follow-changes"
        case cost = "follow-cost"
        case pause = "follow-pause"
        case peak
        case offPeakTarget = "off-peak-target"
        case offPeakMinimum = "off-peak-minimum"
    }

    /// Writes the parameters of the server's `workload.place` that are about following users.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.target.milliseconds, forKey: .target)
        try container.encode(self.maximum, forKey: .maximum)
        try container.encodeIfPresent(self.percentile, forKey: .percentile)
        try container.encodeIfPresent(self.minimum, forKey: .minimum)
        try container.encodeIfPresent(self.changes, forKey: .changes)
        try container.encodeIfPresent(self.cost, forKey: .cost)
        // Longer than any server takes, and short enough for a whole number.
        let pause = self.pause.map { "\(Int64(max(-1, min($0.milliseconds.rounded(.up), 1e15))))ms" }
        try container.encodeIfPresent(pause, forKey: .pause)
        try container.encodeIfPresent(self.peak, forKey: .peak)
        try container.encodeIfPresent(self.offPeakTarget?.milliseconds, forKey: .offPeakTarget)
        try container.encodeIfPresent(self.offPeakMinimum, forKey: .offPeakMinimum)
    }
}

import Agent
import CloudModel
import Coordinator
import Gossip
import Operations
import Participant
import Placement
import XMPP

extension SiteRules {
    /// What the section `agent` says about quotas.
    init(_ file: ConfigurationFile) throws(OperationError) {
        self.init()
        self.defaultQuota = try Quota(file)
        for text in try file.list("agent.quotas") {
            let isDomain = text.hasPrefix("@")
            let (site, quota) = try Self.quota(isDomain ? String(text.dropFirst()) : text, in: file)
            if isDomain {
                self.domainQuotas[site.domain] = quota
            } else {
                self.quotas[site] = quota
            }
        }
        self.overcommitment = try Overcommitment(file)
        self.heldPerHolderMax =
            try file.integer("agent.held-per-holder", in: 1...65_536) ?? self.heldPerHolderMax
        self.memory =
            try file.duration("agent.remembrance", in: Duration.seconds(60)...(.seconds(31_536_000)))
            ?? self.memory
    }

    /// `ADDRESS vcpus=4 memory=8G disk=20G machines=10`.
    private static func quota(
        _ text: String, in file: ConfigurationFile
    ) throws(OperationError) -> (SiteID, Quota) {
        let wish =
            "a list of texts ADDRESS vcpus=N memory=SIZE disk=SIZE machines=N, or @DOMAIN in place of ADDRESS"
        let words = text.split(separator: " ").map(String.init)
        let address: JID
        do {
            address = try JID(words.first ?? "")
        } catch {
            throw file.problem("agent.quotas", "\(wish); “\(text)” begins with no address: \(error)")
        }
        var parts: [String: String] = [:]
        for word in words.dropFirst() {
            let pair = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2, parts.updateValue(pair[1], forKey: pair[0]) == nil else {
                throw file.problem("agent.quotas", "\(wish); “\(word)” is not one of them, or there twice")
            }
        }
        let known: Set = ["vcpus", "memory", "disk", "machines"]
        guard !parts.isEmpty, known.isSuperset(of: parts.keys) else {
            throw file.problem("agent.quotas", "\(wish); “\(text)” is none")
        }
        func number(_ name: String, _ kind: Parameter.Kind) throws(OperationError) -> Int64? {
            guard let part = parts[name] else { return nil }
            guard let value = try file.reading(part, as: kind, of: "agent.quotas").integer else { return nil }
            return value
        }
        let quota = Quota(
            vcpus: try number("vcpus", .integer(0...65_536)), memory: try number("memory", .size),
            disk: try number("disk", .size), machines: try number("machines", .integer(0...1_000_000)))
        return (SiteID(address.bare.description), quota)
    }
}

extension SiteRules.Overcommitment {
    /// What `agent.overcommit` says; what is not said is not overcommitted.
    fileprivate init(_ file: ConfigurationFile) throws(OperationError) {
        func ratio(_ name: String) throws(OperationError) -> Int {
            let key = "agent.overcommit.\(name)"
            guard let number = try file.number(key) else { return Self.range.lowerBound }
            let least = Double(Self.range.lowerBound) / 100
            let most = Double(Self.range.upperBound) / 100
            guard number.isFinite, (least...most).contains(number) else {
                throw file.problem(key, "a number from \(Int(least)) to \(Int(most))")
            }
            return Int((number * 100).rounded())
        }
        self.init(vcpus: try ratio("vcpus"), memory: try ratio("memory"), disk: try ratio("disk"))
    }
}

extension SiteRules.Quota {
    /// What everybody may have who is not named in `agent.quotas`.
    fileprivate init(_ file: ConfigurationFile) throws(OperationError) {
        self.init(
            vcpus: try file.integer("agent.quota.vcpus", in: 0...65_536).map { Int64($0) },
            memory: try file.size("agent.quota.memory"), disk: try file.size("agent.quota.disk"),
            machines: try file.integer("agent.quota.machines", in: 0...1_000_000).map { Int64($0) })
    }

    /// What is not said is not limited.
    fileprivate init(vcpus: Int64?, memory: Int64?, disk: Int64?, machines: Int64?) {
        let largest = Resources(vcpus: .max, memory: Mebibytes(.max), disk: Mebibytes(.max))
        let isLimited = vcpus != nil || memory != nil || disk != nil
        self.init(
            resources: isLimited
                ? Resources(
                    vcpus: vcpus.map { Int($0) } ?? largest.vcpus,
                    memory: memory.map { Mebibytes($0) } ?? largest.memory,
                    disk: disk.map { Mebibytes($0) } ?? largest.disk) : nil,
            machines: machines.map { Int($0) })
    }
}

extension Price {
    /// What `agent.price` says; nil if it is not there.
    init?(_ file: ConfigurationFile) throws(OperationError) {
        let currency = try file.text("agent.price.currency")
        let most = 1_000_000_000_000
        let vcpu = try file.integer("agent.price.micros-per-vcpu-hour", in: 0...most)
        let gibibyte = try file.integer("agent.price.micros-per-gib-hour", in: 0...most)
        guard file.has("agent.price") else { return nil }
        guard let currency, let vcpu, let gibibyte else {
            throw file.problem(
                "agent.price", "given in full: currency, micros-per-vcpu-hour and micros-per-gib-hour")
        }
        let isCode = currency.utf8.count == 3 && currency.utf8.allSatisfy { (65...90).contains($0) }
        guard isCode else { throw file.problem("agent.price.currency", "a code of three letters, like EUR") }
        self.init(
            currency: currency, microsPerVCPUHour: Int64(vcpu), microsPerGibibyteHour: Int64(gibibyte))
    }
}

extension Carbon {
    /// What `agent.carbon` says; nil if it is not there.
    init?(_ file: ConfigurationFile) throws(OperationError) {
        let intensity = try file.number("agent.carbon.grams-per-kwh")
        let watts = try file.number("agent.carbon.watts-per-vcpu")
        let embodied = try file.number("agent.carbon.embodied-grams-per-vcpu-hour") ?? 0
        guard file.has("agent.carbon") else { return nil }
        guard let intensity, let watts else {
            throw file.problem("agent.carbon", "given with grams-per-kwh and watts-per-vcpu")
        }
        guard
            let carbon = Self(
                gramsPerKilowattHour: intensity, wattsPerVCPU: watts, embodiedGramsPerVCPUHour: embodied)
        else {
            throw file.problem(
                "agent.carbon", "numbers from 0 to 5000 g/kWh, 1000 W and 1000 g a processor and hour")
        }
        self = carbon
    }
}

extension PlanningRules {
    /// What `coordinator.currency` and `coordinator.exchange-rates` say.
    init(_ file: ConfigurationFile) throws(OperationError) {
        self.init()
        let wish = "a code of three letters, like EUR"
        func isCode(_ text: some StringProtocol) -> Bool {
            text.utf8.count == 3 && text.utf8.allSatisfy { (65...90).contains($0) }
        }
        if let currency = try file.text("coordinator.currency") {
            guard isCode(currency) else { throw file.problem("coordinator.currency", wish) }
            self.currency = currency
        }
        for entry in try file.list("coordinator.exchange-rates") {
            let parts = entry.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, isCode(parts[0]), let rate = Double(parts[1]), rate.isFinite, rate > 0
            else {
                throw file.problem(
                    "coordinator.exchange-rates", "entries like USD:0.92, what one dollar is worth here")
            }
            self.exchangeRates[String(parts[0])] = rate
        }
    }
}

extension Coordinator.Configuration {
    /// What the section `coordinator` says besides whether there is one.
    init(_ file: ConfigurationFile, address: SiteID) throws(OperationError) {
        self.init(address: address, rules: try PlanningRules(file))
        let day = Duration.seconds(86_400)
        self.requestTimeout =
            try file.duration("coordinator.request-timeout", in: Duration.seconds(1)...(.seconds(120)))
            ?? self.requestTimeout
        self.holdFor =
            try file.duration("coordinator.hold-for", in: Duration.seconds(1)...SiteRules.holdMax)
            ?? self.holdFor
        guard self.holdFor > self.requestTimeout * 2 else {
            throw file.problem(
                "coordinator.hold-for", "more than twice coordinator.request-timeout, or holds run out early")
        }
        self.patience =
            try file.duration("coordinator.patience", in: Duration.seconds(1)...RemoteOperations.waitMax)
            ?? self.patience
        self.workloadLimit =
            try file.integer("coordinator.workloads", in: 1...1_000_000) ?? self.workloadLimit
        self.removedLimit =
            try file.integer("coordinator.removed-workloads", in: 1...1_000_000) ?? self.removedLimit
        self.applicationLimit =
            try file.integer("coordinator.applications", in: 1...100_000) ?? self.applicationLimit
        self.remembrance =
            try file.duration("coordinator.remembrance", in: Duration.seconds(60)...(day * 365))
            ?? self.remembrance
        self.rebalancing = try RebalancingPolicy(file)
    }
}

extension FederationService.Configuration {
    /// What the section `federation` says.
    init(_ file: ConfigurationFile, name: String, role: MemberRole) throws(OperationError) {
        self.init(name: name, role: role)
        let usual = Duration.seconds(1)...(.seconds(3_600))
        func read(_ key: String, _ value: inout Duration) throws(OperationError) {
            value = try file.duration("federation.\(key)", in: usual) ?? value
        }
        // Others rely on hearing from us within ten seconds.
        let heartbeat = try file.duration("federation.heartbeat", in: Duration.seconds(1)...(.seconds(10)))
        if let heartbeat {
            self.alliance.publication.heartbeat = heartbeat
            self.alliance.publication.lifetime = heartbeat * 3
        }
        try read("ping-interval", &self.alliance.contact.pingInterval)
        try read("ping-timeout", &self.alliance.contact.pingTimeout)
        try read("suspect-after", &self.alliance.contact.suspectAfter)
        try read("unreachable-after", &self.alliance.contact.unreachableAfter)
        try read("retry-interval", &self.alliance.retryInterval)
        try read("answer-timeout", &self.answerTimeout)
        guard self.alliance.contact.suspectAfter < self.alliance.contact.unreachableAfter else {
            throw file.problem("federation.suspect-after", "less than federation.unreachable-after")
        }
        self.alliance.membership.sites =
            try file.integer("federation.sites", in: 1...65_536) ?? self.alliance.membership.sites
        self.alliance.rows.sites = self.alliance.membership.sites
        self.alliance.membership.unanswered =
            try file.integer("federation.invitations", in: 0...65_536) ?? self.alliance.membership.unanswered
    }
}

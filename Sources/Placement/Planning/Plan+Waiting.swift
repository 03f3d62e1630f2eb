import CloudModel

extension Plan {
    /// Whether some site is out only for reasons that pass by themselves: it is out of reach, busy or full.
    package var mayChange: Bool {
        self.verdicts.isEmpty
            || self.verdicts.contains { !$0.isFeasible && $0.objections.allSatisfy(\.kind.mayPass) }
    }
}

extension Objection.Kind {
    /// Whether it may be over in a while though nobody asks for something else.
    fileprivate var mayPass: Bool {
        switch self {
        case .policy, .unreachable, .unheard, .stale, .hot, .report, .room: true
        case .country, .region, .label, .feature, .hypervisor, .only, .avoid, .latency, .price, .carbon,
            .beside, .apart, .within, .spread, .hosts, .refused:
            false
        }
    }
}

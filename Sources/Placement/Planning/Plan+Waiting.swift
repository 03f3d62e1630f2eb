import CloudModel

extension Plan {
    /// Whether what keeps it from being complete may pass by itself.
    ///
    /// A site may be out of reach, busy or full, one that can take some replicas may be able to take more later, and
    /// what is not known yet may be learnt.
    package var mayChange: Bool {
        self.verdicts.isEmpty
            || self.verdicts.contains { verdict in
                verdict.isFeasible
                    ? !self.isComplete
                    : verdict.objections.allSatisfy { $0.kind.mayPass || $0.isUnknown == true }
            }
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

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
                    : verdict.objections.allSatisfy(\.mayPass)
            }
    }

    /// Whether a site is out as nothing is heard of it, and for nothing else that its first report could not change.
    package var mayChangeOnceHeard: Bool {
        self.verdicts.contains { verdict in
            verdict.objections.contains { $0.kind == .unreachable || $0.kind == .unheard }
                && verdict.objections.allSatisfy(\.mayPass)
        }
    }
}

extension Objection {
    /// Whether it may be over in a while, or only says that something is not known yet.
    fileprivate var mayPass: Bool { self.kind.mayPass || self.isUnknown == true }
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

import CloudModel
import Operations
import Placement
import Testing

/// What the server may write where it chooses one of several words, and other things of its own: apart from the client
/// library, whose types have the same names.
enum ServerWords {
    static let workloadStates = Set(Workload.State.allCases.map(\.rawValue))
    static let replicaChanges = Set(Workload.Replica.Change.allCases.map(\.rawValue))
    static let machineStates = Set(MachineState.allCases.map(\.rawValue))
    static let eventKinds = Set(WorkloadEvent.Kind.allCases.map(\.rawValue))
    static let applicationStates = Set(Application.State.allCases.map(\.rawValue))
    static let partStates = Set(Application.Part.State.allCases.map(\.rawValue))
    static let applicationChanges = Set(ApplicationChange.Kind.allCases.map(\.rawValue))
    static let errorCodes = Set(OperationError.Code.allCases.map(\.rawValue))
    static let hostWishes = Set(HostWish.allCases.map(\.rawValue))
    static let imageFormats = Set(ImageReference.Format.allCases.map(\.rawValue))

    /// A workload of which one replica runs, and another one is in `state` and subject to `change`, if that is said.
    static func workload(second state: String, _ change: String? = nil) throws -> String {
        let state = try #require(MachineState(rawValue: state))
        let change = try change.map { try #require(Workload.Replica.Change(rawValue: $0)) }
        let id = try #require(WorkloadID("00000000-0000-4000-8000-000000000000"))
        let site = SiteID("tokyo.test")
        let machine = MachineID(derivedFrom: id, path: [1])
        return try ValueEncoder().encode(
            Workload(
                id: id, owner: "alice@paris.test", specification: CoordinatorBench.specification(),
                state: .placed,
                replicas: [
                    .init(index: 0, epoch: 1, site: site, machine: machine, state: .running),
                    .init(index: 1, epoch: 1, site: site, machine: machine, state: state, change: change),
                ], created: Instant(millisecondsSinceEpoch: 0))
        ).json()
    }
}

import Foundation
import Testing
import TradewindClient

@Suite("The words of the client library")
struct ClientWordsTests {
    private func texts(_ words: [some RawRepresentable<String>]) -> Set<String> {
        Set(words.map(\.rawValue))
    }

    @Test("Every word of the server has a name in the library, and the library names no others")
    func words() {
        #expect(
            self.texts([.placing, .placed, .failed, .removing, .removed] as [WorkloadStatus.State])
                == ServerWords.workloadStates)
        #expect(
            self.texts([.added, .moving, .dropped] as [WorkloadStatus.Replica.Change])
                == ServerWords.replicaChanges)
        let states: [MachineState] = [
            .creating, .starting, .running, .suspended, .stopping, .stopped, .failed, .deleted,
        ]
        #expect(self.texts(states) == ServerWords.machineStates)
        let kinds: [WorkloadEvent.Kind] = [
            .refused, .placed, .unplaceable, .running, .failed, .stopped, .deleted, .restarting, .replacing,
            .leaving, .moving, .added, .dropped, .lost, .waiting, .removed,
        ]
        #expect(self.texts(kinds) == ServerWords.eventKinds)
        #expect(self.texts([.apart, .together] as [WorkloadRequest.Hosts]) == ServerWords.hostWishes)
        #expect(self.texts([.qcow2, .raw, .kernel] as [WorkloadRequest.Format]) == ServerWords.imageFormats)
        let codes: [TradewindError.Code] = [
            .badRequest, .unauthenticated, .forbidden, .notFound, .conflict, .keyReused, .refused, .tooLarge,
            .tooMany, .notOffered, .unconfirmed, .unavailable, .timeout, .cancelled, .internalError,
        ]
        #expect(self.texts(codes) == ServerWords.errorCodes)
    }

    @Test("So has every word about applications")
    func applicationWords() {
        let states: [ApplicationStatus.State] = [
            .applying, .running, .failed, .cancelled, .removing, .removed,
        ]
        #expect(self.texts(states) == ServerWords.applicationStates)
        let partStates: [ApplicationStatus.Part.State] = [
            .waiting, .placing, .starting, .running, .replacing, .cancelled, .failed, .removing, .removed,
        ]
        #expect(self.texts(partStates) == ServerWords.partStates)
        let changes: [ApplicationPlan.Change.Kind] = [.add, .scale, .replace, .remove, .unchanged]
        #expect(self.texts(changes) == ServerWords.applicationChanges)
    }

    @Test("A replica that is being dropped is none of those that must run")
    func dropped() throws {
        func status(_ json: String) throws -> WorkloadStatus {
            try JSONDecoder().decode(WorkloadStatus.self, from: Data(json.utf8))
        }
        let shrinking = try status(ServerWords.workload(second: "stopping", "dropped"))
        #expect(shrinking.isRunning)
        #expect(shrinking.replicas[1].change == .dropped)
        #expect(try !status(ServerWords.workload(second: "stopping")).isRunning)
        #expect(try !status(ServerWords.workload(second: "creating", "added")).isRunning)
        #expect(try status(ServerWords.workload(second: "running")).isRunning)
    }
}

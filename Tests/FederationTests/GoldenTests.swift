import CloudModel
import Cryptography
import Federation
import Foundation
import Gossip
import Testing
import XML
import XMPP

@Suite("Golden files")
struct GoldenTests {
    /// Reads the golden file, compares with `value`, prints it, compares with the file.
    private func check<Value: Payload>(_ name: String, _ value: Value) throws {
        let golden = try GoldenFile.element(name)
        #expect(try Value(parsing: golden) == value, "\(name) read")
        #expect(value.element.sortingAttributes == golden, "\(name) written")
        var extended = golden
        extended.attributes.append(.init(name: "later", value: "1"))
        extended.append(Element("later", namespace: "urn:example:2"))
        extended.append(Element("later", namespace: Namespace.federation))
        #expect(try Value(parsing: extended) == value, "\(name) with unknown content")
        var renamed = golden
        renamed.name += "x"
        #expect(throws: PayloadError.self) { try Value(parsing: renamed) }
        var foreign = golden
        foreign.namespace = "urn:tradewind:federation:2"
        #expect(throws: PayloadError.self) { try Value(parsing: foreign) }
    }

    @Test("Reservation and commitment")
    func reservation() throws {
        let id = try Samples.reservationID()
        try self.check(
            "ReserveRequest",
            ReserveRequest(
                id: id, specification: Samples.specification, replica: try Samples.replica(),
                holdFor: .seconds(60)))
        try self.check(
            "ReserveRequest-minimal",
            ReserveRequest(
                id: id, specification: Samples.smallSpecification, replica: nil, holdFor: .milliseconds(1)))
        try self.check("ReservationAnswer", ReservationAnswer(reservation: try Samples.reservation()))
        try self.check(
            "ReservationAnswer-committed", ReservationAnswer(reservation: try Samples.committedReservation()))
        try self.check(
            "ReservationAnswer-counted",
            ReservationAnswer(reservation: try Samples.reservation(), generation: 413))
        try self.check("CommitRequest", CommitRequest(id: id))
        try self.check("MachineAnswer", MachineAnswer(machine: try Samples.machine()))
        try self.check("ReleaseRequest", ReleaseRequest(id: id))
        try self.check("ReservationQuery", ReservationQuery(id: id))
        try self.check("Refusal", Refusal(reason: .noRoom, capacity: Samples.capacity))
        try self.check("Refusal-bare", Refusal(reason: .notGranted))
    }

    @Test("Machines")
    func machines() throws {
        let workload = try Samples.replica().workload
        try self.check("MachineQuery", MachineQuery(workload: workload, after: try Samples.machineID()))
        try self.check("MachineQuery-all", MachineQuery(workload: nil))
        try self.check("MachineList", MachineList(machines: [try Samples.machine()], isComplete: false))
        try self.check("MachineList-empty", MachineList(machines: []))
        try self.check("MachineReport", MachineReport(machine: try Samples.failedMachine()))
        try self.check("MachineReport-halted", MachineReport(machine: try Samples.haltedMachine()))
        try self.check(
            "RestartRequest",
            RestartRequest(machine: try Samples.machineID(), replica: try Samples.replica()))
    }

    @Test("Leases")
    func leases() throws {
        let machine = try Samples.machineID()
        let other = try #require(MachineID("d1d8a7b4-3e62-4f95-8b1a-6d0c9e2f7a54"))
        try self.check(
            "LeaseRequest",
            LeaseRequest(leases: [.init(machine: machine, replica: try Samples.replica())]))
        try self.check("LeaseAnswer", LeaseAnswer(granted: [machine], over: [other]))
        try self.check("LeaseAnswer-empty", LeaseAnswer(granted: [], over: []))
    }

    @Test("A request for more leases than a stanza takes is refused")
    func leaseLimit() throws {
        let lease = LeaseRequest.Lease(machine: try Samples.machineID(), replica: try Samples.replica())
        let most = LeaseRequest(leases: Array(repeating: lease, count: WireLimits.leasesPerRequest))
        #expect(try LeaseRequest(parsing: most.element) == most)
        let tooMany = LeaseRequest(leases: most.leases + [lease])
        #expect(throws: PayloadError.self) { try LeaseRequest(parsing: tooMany.element) }
    }

    @Test("Rows and membership")
    func rows() throws {
        let envelope = try GoldenFile.element("RowEnvelope")
        let text = try #require(envelope.child("payload")).text
        let payload = try #require(Base64.decode(text))
        #expect(
            String(decoding: payload, as: UTF8.self).hasPrefix("<site xmlns='urn:tradewind:federation:1'"))
        // A row from before round trips were told.
        let old = try SiteDescription(parsing: try Element(parsing: payload))
        #expect(old.roundTrips.isEmpty && old.site == SiteID("paris.test"))
        try self.check("RowEnvelope", RowEnvelope(row: try Samples.row(payload: payload)))
        try self.check("RowRequest", RowRequest(origin: SiteID("paris.test")))
        try self.check("Invitation", Invitation(name: "Paris", role: .agent, key: try Samples.key()))
        let note = "Shall we share the night shift?"
        try self.check(
            "Invitation-note", Invitation(name: "Paris", role: .agent, key: try Samples.key(), note: note))
        try self.check(
            "Acceptance", Acceptance(name: "Coordinator", role: .coordinator, key: try Samples.key()))
        try self.check("Departure", Departure(reason: "moving house"))
        try self.check("Departure-silent", Departure())
    }

    @Test("Nouns")
    func nouns() throws {
        try self.check("SiteDescription", Samples.site())
        try self.check("SiteDescription-minimal", Samples.bareSite)
        var emptied = Samples.bareSite
        emptied.isBeingEmptied = true
        try self.check("SiteDescription-emptied", emptied)
        try self.check("Capacity", Samples.capacity)
        try self.check("Capacity-hot", Samples.hotCapacity)
        try self.check("Machine", try Samples.machine())
        try self.check("Machine-failed", try Samples.failedMachine())
        try self.check("MachineSpecification", Samples.specification)
        try self.check("MachineSpecification-minimal", Samples.smallSpecification)
        var replica = Samples.smallSpecification
        (replica.leaseSeconds, replica.hosts) = (60, .apart)
        try self.check("MachineSpecification-replica", replica)
        try self.check("Reservation", try Samples.reservation())
        try self.check("ReplicaReference", try Samples.replica())
        try self.check("ImageReference", Samples.image)
    }

    @Test("The schema accepts every golden file")
    func schema() throws {
        let names = try GoldenFile.names()
        #expect(names.count >= 30)
        let files = names.map { GoldenFile.folder.appending(path: $0).path }
        let (status, output) = try Self.xmllint(["--noout", "--relaxng", GoldenFile.schema.path] + files)
        #expect(status == 0, "\(output)")
    }

    @Test("The schema refuses what the reader refuses")
    func schemaRefuses() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "tradewind-schema-\(getpid()).xml")
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: file) } }
        try Data("<reserve xmlns='urn:tradewind:federation:1' id='x' hold-ms='0'/>".utf8).write(to: file)
        let (status, _) = try Self.xmllint(["--noout", "--relaxng", GoldenFile.schema.path, file.path])
        #expect(status != 0)
    }

    private static func xmllint(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let tool = URL(filePath: "/usr/bin/xmllint")
        try #require(
            FileManager.default.isExecutableFile(atPath: tool.path),
            "xmllint is missing: install the Debian package libxml2-utils")
        let process = Process()
        let pipe = Pipe()
        process.executableURL = tool
        process.arguments = arguments
        process.standardError = pipe
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

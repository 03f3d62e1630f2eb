import CloudModel
import Operations
import Testing

@Suite("Nouns from arguments")
struct NounTests {
    private let alice = GrantBook.Caller(address: "alice@paris.test", domain: "paris.test")

    private func invocation(_ name: String, _ arguments: [String: Value]) throws -> Invocation {
        let operation = try #require(Catalogue.operation(name))
        return Invocation(operation: name, arguments: try operation.checked(arguments), caller: self.alice)
    }

    @Test("A workload with everything")
    func readsWorkload() throws {
        let specification = try WorkloadSpecification(
            self.invocation(
                "workload.place",
                [
                    "name": "web", "replicas": 2, "image": "/img/web.qcow2", "memory": "2G", "disk": "10G",
                    "vcpus": 4, "audience": "tokyo.test:0.7,fr:0.2,35.5/-139.25,workload/db:2",
                    "countries": "JP,fr",
                    "labels": ["tier:1"], "hypervisor": "kvm", "only": "tokyo.test,paris.test",
                    "avoid": "lima.test", "max-latency": 80, "per-site": 1, "weight-load": 2,
                    "regions": "EEA", "features": "gpu", "max-price": 0.5, "max-carbon": 3,
                    "beside": "db", "apart": "batch,tests", "target": 50, "weight-price": 100,
                    "weight-carbon": 0.5,
                ]))
        #expect(specification.replicas == 2)
        #expect(specification.resources == Resources(vcpus: 4, memory: .gibibytes(2), disk: .gibibytes(10)))
        let position = try #require(Position(latitude: 35.5, longitude: -139.25))
        #expect(
            specification.audience.shares == [
                .init(place: .site(SiteID("tokyo.test")), weight: 0.7),
                .init(place: .country("FR"), weight: 0.2), .init(place: .position(position), weight: 1),
                .init(place: .workload("db"), weight: 2),
            ])
        #expect(
            specification.constraints == [
                .country(["JP", "FR"]), .region(["eea"]), .label(name: "tier", value: "1"), .feature("gpu"),
                .hypervisor("kvm"),
                .only([SiteID("tokyo.test"), SiteID("paris.test")]), .avoid([SiteID("lima.test")]),
                .latencyAtMost(milliseconds: 80), .priceAtMost(perHour: 0.5),
                .carbonAtMost(gramsPerHour: 3), .beside(["db"]), .apart(["batch", "tests"]),
            ])
        #expect(specification.spread == .atMostPerSite(1))
        #expect(
            specification.objectives == Objectives(latency: 1, price: 100, carbon: 0.5, load: 2, room: 0.25))
        #expect(specification.audience.target == 50)
    }

    @Test("A workload with nothing but what is needed")
    func readsSmallWorkload() throws {
        let specification = try WorkloadSpecification(
            self.invocation("workload.plan", ["name": "web", "image": "/img/web.qcow2"]))
        #expect(specification.audience == .anywhere)
        #expect(specification.spread == .pack)
        #expect(specification.constraints.isEmpty)
        #expect(specification.objectives == Objectives())
    }

    @Test(
        "Places that are none",
        arguments: ["tokyo", "tokyo.test:0", "tokyo.test:-1", "91/0", "a/b", "x.test:"])
    func refusesPlaces(entry: String) {
        #expect(throws: OperationError.self) { try Audience(entries: [entry]) }
    }

    @Test("Images: a URL needs its checksum, kernels have parts that disks have not")
    func checksImages() throws {
        let url: [String: Value] = ["name": "a", "image": "https://images.test/web.qcow2"]
        let error = #expect(throws: OperationError.self) {
            try MachineSpecification(self.invocation("machine.create", url))
        }
        #expect(error?.next == "add sha256=… (64 hexadecimal digits)")
        #expect(throws: OperationError.self) {
            try MachineSpecification(
                self.invocation("machine.create", url.merging(["sha256": "abc"]) { $1 }))
        }
        #expect(throws: OperationError.self) {
            try MachineSpecification(
                self.invocation("machine.create", ["name": "a", "image": "/a", "initramfs": "/b"]))
        }
        let kernel = try MachineSpecification(
            self.invocation(
                "machine.create",
                [
                    "name": "a", "image": "/vmlinuz", "format": "kernel", "initramfs": "/initrd",
                    "command-line": "console=ttyS0", "labels": "role:web",
                ]))
        #expect(kernel.image.format == .kernel)
        #expect(kernel.image.commandLine == "console=ttyS0")
        #expect(kernel.labels == ["role": "web"])
    }

    @Test("Labels are name:value; a value may be empty, a name may not")
    func readsLabels() throws {
        func labels(_ text: String) throws -> [String: String] {
            try MachineSpecification(
                self.invocation("machine.create", ["name": "a", "image": "/a", "labels": [.string(text)]])
            ).labels
        }
        #expect(try labels("a:") == ["a": ""])
        #expect(try labels("a:b:c") == ["a": "b:c"])
        #expect(throws: OperationError.self) { try labels("a") }
        #expect(throws: OperationError.self) { try labels(":b") }
    }
}

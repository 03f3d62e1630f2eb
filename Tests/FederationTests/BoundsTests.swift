import CloudModel
import Federation
import Gossip
import TestRandomness
import Testing
import XML
import XMPP

/// Changes the golden files at one place each; the reader must say what is wrong and never trap.
@Suite("What a reader refuses")
struct BoundsTests {
    /// Sets `attribute` of the descendant at `path`, then reads.
    private func read<Value: Payload>(
        _ type: Value.Type, _ file: String, _ path: [String] = [], setting attribute: String,
        to value: String?
    ) throws -> Value {
        try Value(
            parsing: Self.change(try GoldenFile.element(file), path[...]) { $0[attribute: attribute] = value }
        )
    }

    private static func change(
        _ element: Element, _ path: ArraySlice<String>, _ body: (inout Element) -> Void
    ) throws -> Element {
        var element = element
        guard let name = path.first else {
            body(&element)
            return element
        }
        let index = try #require(
            element.children.firstIndex {
                if case .element(let child) = $0 { child.name == name } else { false }
            })
        guard case .element(let child) = element.children[index] else { return element }
        element.children[index] = .element(try self.change(child, path.dropFirst(), body))
        return element
    }

    @Test("A reason not to run that a later release knows is taken for an order: it is left so")
    func laterHalt() throws {
        let path = [Machine.elementName]
        let report = try self.read(
            MachineReport.self, "MachineReport-halted", path, setting: "halt", to: "quarantined")
        #expect(report.machine.halt == .ordered)
        let known = try self.read(
            MachineReport.self, "MachineReport-halted", path, setting: "halt", to: "lease")
        #expect(known.machine.halt == .lease)
    }

    @Test(
        "Quantities at and beyond their edges",
        arguments: [
            ("vcpus", "1000000", true), ("vcpus", "1000001", false), ("vcpus", "0", false),
            ("vcpus", "-1", false),
            ("vcpus", "9223372036854775808", false), ("vcpus", "2.0", false), ("vcpus", "", false),
            ("vcpus", "0x2", false), ("vcpus", " 2", false), ("vcpus", "٢", false),
            ("memory-mib", "1099511627776", true), ("memory-mib", "1099511627777", false),
            ("memory-mib", "0", false), ("disk-mib", "0", true), ("disk-mib", "-1", false),
            ("name", String(repeating: "a", count: 63), true),
            ("name", String(repeating: "a", count: 64), false),
            ("name", "", false), ("name", "-a", false), ("name", "a-", false), ("name", "A", false),
            ("name", "a/../b", false), ("name", "é", false),
        ])
    func specification(attribute: String, value: String, isGood: Bool) throws {
        if isGood {
            _ = try self.read(
                MachineSpecification.self, "MachineSpecification", setting: attribute, to: value)
        } else {
            #expect(throws: PayloadError.self) {
                try self.read(
                    MachineSpecification.self, "MachineSpecification", setting: attribute, to: value)
            }
        }
    }

    @Test(
        "Capacity must be possible",
        arguments: [
            (["free"], "vcpus", "17"), (["largest-free-slot"], "memory-mib", "20481"),
            ([], "load-share", "1.01"),
            ([], "load-share", "nan"), ([], "load-share", "inf"), ([], "load-share", "-0.1"),
            ([], "load-share", "0x1p-1"), ([], "machines", "10000001"), ([], "hosts", "-1"),
            ([], "generation", "-1"), ([], "generation", "1.5"), ([], "generation", ""),
        ])
    func capacity(path: [String], attribute: String, value: String) {
        #expect(throws: PayloadError.self) {
            try self.read(Capacity.self, "Capacity", path, setting: attribute, to: value)
        }
    }

    @Test(
        "The number of changes in an answer is one, or left out",
        arguments: [
            ("0", true), ("9223372036854775807", true), (nil, true), ("9223372036854775808", false),
            ("-1", false), ("1.5", false), ("", false), (" 1", false),
        ])
    func answerGeneration(value: String?, isGood: Bool) throws {
        func read() throws -> ReservationAnswer {
            try self.read(
                ReservationAnswer.self, "ReservationAnswer-counted", setting: "generation", to: value)
        }
        if isGood {
            #expect(try read().generation == value.flatMap { Int($0) })
        } else {
            #expect(throws: PayloadError.self) { try read() }
        }
    }

    @Test(
        "What a site says of its load must be sound",
        arguments: [
            ("usage", "memory", "1.01"), ("usage", "disk", "-0.1"), ("usage", "disk-busy", "nan"),
            ("usage", "memory-pressure", ""), ("usage", "io-pressure", "2"), ("heat", "share", "1.01"),
            ("heat", "seconds", "-1"), ("heat", "seconds", "31536001"),
        ])
    func load(child: String, attribute: String, value: String) {
        #expect(throws: PayloadError.self) {
            try self.read(Capacity.self, "Capacity-hot", [child], setting: attribute, to: value)
        }
    }

    @Test("A site that is hot for a reason of a later release is hot")
    func laterHeat() throws {
        let capacity = try self.read(
            Capacity.self, "Capacity-hot", ["heat"], setting: "figure", to: "phase-of-the-moon")
        let heat = try #require(capacity.heat)
        #expect(heat.figure == nil)
        #expect(heat.text == "is hot for 2 min")
    }

    @Test(
        "A site's description must be sound",
        arguments: [
            (["position"], "latitude-deg", "90.1"), (["position"], "longitude-deg", "-180.1"),
            ([], "country", "fr"), ([], "country", "FRA"), ([], "policy", "ajar"),
            ([], "address", "paris.test/x"),
            ([], "address", ""), (["price"], "currency", "EURO"),
            (["price"], "micros-per-vcpu-hour", "-1"), ([], "reported-unix-ms", "253402300800000"),
            ([], "name", String(repeating: "x", count: 256)),
            (["round-trip"], "ms", "10000.1"), (["round-trip"], "ms", "-0.1"), (["round-trip"], "ms", "nan"),
            (["carbon"], "grams-per-kwh", "5001"), (["carbon"], "watts-per-vcpu", "nan"),
            (["carbon"], "embodied-grams-per-vcpu-hour", "-0.1"),
            (["round-trip"], "to", "tokyo.test/x"), (["round-trip"], "to", "cloud@chat.test"),
        ])
    func site(path: [String], attribute: String, value: String) {
        #expect(throws: PayloadError.self) {
            try self.read(SiteDescription.self, "SiteDescription", path, setting: attribute, to: value)
        }
    }

    @Test("A site tells at most sixteen round trips")
    func roundTrips() throws {
        var site = Samples.site()
        for (count, isGood) in [(16, true), (17, false)] {
            site.roundTrips = (0..<count).map {
                MeasuredPath(to: SiteID("s\($0).test"), milliseconds: 10_000)
            }
            if isGood {
                #expect(try SiteDescription(parsing: site.element) == site)
            } else {
                #expect(throws: PayloadError.self) { try SiteDescription(parsing: site.element) }
            }
        }
    }

    @Test("An address is prepared while it is read, so that equal sites are equal")
    func address() throws {
        let read = try self.read(
            SiteDescription.self, "SiteDescription", setting: "address", to: "PARIS.Test.")
        #expect(read.site == SiteID("paris.test"))
        #expect(try SiteID(preparing: "Cloud@Chat.test") == SiteID("cloud@chat.test"))
        #expect(try SiteID("cloud@chat.test").jid().description == "cloud@chat.test/tradewind")
        #expect(try SiteID("paris.test").jid().description == "paris.test")
        #expect(throws: SiteAddressError.self) { try SiteID(preparing: "paris.test/admin") }
        #expect(throws: SiteAddressError.self) { try SiteID(preparing: "") }
    }

    @Test(
        "Ids, times and choices",
        arguments: [
            ("id", "7f3e9c52"), ("id", nil), ("hold-ms", "0"), ("hold-ms", "86400001"), ("hold-ms", nil),
        ])
    func reserve(attribute: String, value: String?) {
        #expect(throws: PayloadError.self) {
            try self.read(ReserveRequest.self, "ReserveRequest", setting: attribute, to: value)
        }
    }

    @Test("Rows: sizes, versions and Base64")
    func row() throws {
        for (attribute, value) in [
            ("incarnation", "-1"), ("incarnation", "9223372036854775808"), ("sequence", "x"),
            ("lifetime-ms", "0"),
            ("origin", "a b"), ("schema", String(repeating: "s", count: 256)),
        ] {
            #expect(throws: PayloadError.self) {
                try self.read(RowEnvelope.self, "RowEnvelope", setting: attribute, to: value)
            }
        }
        let golden = try GoldenFile.element("RowEnvelope")
        for (child, text) in [
            ("payload", String(repeating: "AAAA", count: 1_366)), ("payload", "Zg="), ("key", "AAAA"),
            ("signature", String(repeating: "AAAA", count: 33)),
        ] {
            let bad = try Self.change(golden, [child]) { $0.children = [.text(text)] }
            #expect(throws: PayloadError.self) { try RowEnvelope(parsing: bad) }
        }
        let largest = Array(repeating: UInt8(7), count: WireLimits.rowPayload)
        let row = try Samples.row(payload: largest)
        #expect(try RowEnvelope(parsing: RowEnvelope(row: row).element).row == row)
    }

    @Test("A list holds a bounded number of machines and says whether more follow")
    func list() throws {
        var generator = SystemRandomNumberGenerator()
        let machine = try Samples.machine()
        let many = (0...WireLimits.machinesPerList).map { _ in
            Machine(
                id: MachineID(randomUsing: &generator), site: machine.site,
                specification: machine.specification,
                state: .running, replica: machine.replica, created: machine.created, changed: machine.changed)
        }
        let first = MachineList(of: many, answering: MachineQuery(workload: machine.replica?.workload))
        #expect(first.machines.count == WireLimits.machinesPerList && !first.isComplete)
        let rest = MachineList(
            of: many, answering: MachineQuery(workload: nil, after: first.machines.last?.id))
        #expect(rest.machines.count == 1 && rest.isComplete)
        #expect(Set(first.machines + rest.machines) == Set(many))
        #expect(throws: PayloadError.self) { try MachineList(parsing: MachineList(machines: many).element) }
        #expect(throws: PayloadError.self) {
            try MachineList(parsing: MachineList(machines: [], isComplete: false).element)
        }
    }

    @Test("Labels: too many, too long, twice, nameless")
    func labels() throws {
        func specification(_ labels: [Element]) -> Element {
            var element = Samples.smallSpecification.element
            element.children += labels.map(Element.Node.element)
            return element
        }
        func label(_ name: String?, _ text: String) -> Element {
            var element = Element("label", namespace: Namespace.federation, text: text)
            element[attribute: "name"] = name
            return element
        }
        let most = (0..<WireLimits.labels).map { label("n\($0)", "v") }
        #expect(try MachineSpecification(parsing: specification(most)).labels.count == WireLimits.labels)
        let bad = [
            most + [label("more", "v")], [label("a", "1"), label("a", "2")], [label(nil, "v")],
            [label("", "v")],
            [label("a", String(repeating: "v", count: WireLimits.shortText + 1))],
        ]
        for labels in bad {
            #expect(throws: PayloadError.self) { try MachineSpecification(parsing: specification(labels)) }
        }
    }

    @Test("A refusal of a later version is read as `other`, and travels in a stanza error")
    func refusal() throws {
        let later = try self.read(Refusal.self, "Refusal", setting: "reason", to: "too-warm")
        #expect(later == Refusal(reason: .other, capacity: Samples.capacity))
        for reason in Refusal.Reason.allCases {
            let error = Refusal(reason: reason).stanzaError("web-0 was not reserved; try another site")
            #expect(Refusal(in: error) == Refusal(reason: reason))
            #expect(error.condition == reason.condition)
        }
        #expect(Refusal(in: StanzaError(.forbidden)) == nil)
        let broken = Element("refusal", namespace: Namespace.federation)
        #expect(Refusal(in: StanzaError(.forbidden, detail: broken)) == nil)
    }

    @Test(
        "Any one attribute or child gone or garbled: read or refused, never a trap",
        arguments: 0 as UInt64..<200)
    func garbage(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for name in try GoldenFile.names() {
            var element = try GoldenFile.element(String(name.dropLast(4)))
            for _ in 0..<Int.random(in: 1...3, using: &generator) { Self.garble(&element, using: &generator) }
            Self.readAsEverything(element)
        }
    }

    private static func garble(_ element: inout Element, using generator: inout SeededGenerator) {
        let texts = [
            "", "-1", "99999999999999999999", "\u{FFFD}", "nan", "1e308", "true", "a.test/b", "=", "'",
        ]
        if let index = element.children.indices.randomElement(using: &generator),
            Bool.random(using: &generator)
        {
            switch element.children[index] {
            case .element(var child):
                self.garble(&child, using: &generator)
                element.children[index] = .element(child)
            case .text:
                element.children[index] = .text(texts.randomElement(using: &generator) ?? "")
            }
        } else if let index = element.attributes.indices.randomElement(using: &generator) {
            element.attributes[index].value = texts.randomElement(using: &generator) ?? ""
        } else if let index = element.children.indices.randomElement(using: &generator) {
            element.children.remove(at: index)
        }
    }

    private static func readAsEverything(_ element: Element) {
        func read<Value: Payload>(_ type: Value.Type) {
            guard let value = try? Value(parsing: element) else { return }
            #expect((try? Value(parsing: value.element)) == value)
        }
        read(ReserveRequest.self)
        read(ReservationAnswer.self)
        read(CommitRequest.self)
        read(MachineAnswer.self)
        read(MachineList.self)
        read(MachineReport.self)
        read(Refusal.self)
        read(RowEnvelope.self)
        read(RowRequest.self)
        read(Invitation.self)
        read(Acceptance.self)
        read(Departure.self)
        read(SiteDescription.self)
        read(Capacity.self)
    }
}

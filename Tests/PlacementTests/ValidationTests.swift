import CloudModel
import Placement
import Testing

@Suite("Requests for workloads")
struct ValidationTests {
    private func problems(_ change: (inout WorkloadSpecification) -> Void) -> [String] {
        var specification = Samples.specification(near: [.country("FR")])
        change(&specification)
        do throws(SpecificationError) {
            try specification.validate()
            return []
        } catch {
            return error.problems.map(\.field)
        }
    }

    @Test("An ordinary request is fine")
    func ordinary() {
        #expect(self.problems { _ in } == [])
    }

    @Test(
        "Names", arguments: ["", "-a", "a-", "A", "a_b", "é", String(repeating: "a", count: 49), "a b"])
    func badName(name: String) {
        #expect(self.problems { $0.name = name } == ["name"])
    }

    @Test("The longest name is fine")
    func longestName() {
        #expect(self.problems { $0.name = String(repeating: "a", count: 48) } == [])
    }

    @Test(
        "Replicas, 1 to 1,000",
        arguments: [
            (0, false), (1, true), (1_000, true), (1_001, false), (1_000_000_000, false), (-1, false),
        ])
    func replicas(count: Int, isFine: Bool) {
        #expect(self.problems { $0.replicas = count } == (isFine ? [] : ["replicas"]))
    }

    @Test("Sizes at their edges")
    func sizes() {
        #expect(self.problems { $0.resources.vcpus = 0 } == ["vcpus"])
        #expect(self.problems { $0.resources.vcpus = 1_024 } == [])
        #expect(self.problems { $0.resources.vcpus = 1_025 } == ["vcpus"])
        #expect(self.problems { $0.resources.memory = .zero } == ["memory"])
        #expect(self.problems { $0.resources.memory = Mebibytes(-1) } == ["memory"])
        #expect(self.problems { $0.resources.memory = .gibibytes(65_536) } == [])
        #expect(self.problems { $0.resources.memory = Mebibytes(65_536 * 1_024 + 1) } == ["memory"])
        #expect(self.problems { $0.resources.disk = .zero } == [])
        #expect(self.problems { $0.resources.disk = Mebibytes(-1) } == ["disk"])
        #expect(self.problems { $0.resources.disk = .gibibytes(1_048_577) } == ["disk"])
        #expect(self.problems { $0.spread = .atMostPerSite(0) } == ["per-site"])
    }

    @Test("A lease of 10 s to a day, and no minimum above the number of replicas")
    func keeping() {
        for (seconds, isFine) in [(9, false), (10, true), (86_400, true), (86_401, false), (-1, false)] {
            #expect(
                self.problems { $0.keeping = KeepingWishes(leaseSeconds: seconds) }
                    == (isFine ? [] : ["lease"]))
        }
        for (minimum, isFine) in [(-1, false), (0, true), (2, true), (3, false)] {
            #expect(
                self.problems {
                    $0.replicas = 2
                    $0.keeping = KeepingWishes(minimum: minimum)
                } == (isFine ? [] : ["minimum"]))
        }
    }

    @Test("Priorities, -100 to 100")
    func priorities() {
        for (priority, isFine) in [(-101, false), (-100, true), (0, true), (100, true), (101, false)] {
            #expect(self.problems { $0.priority = priority } == (isFine ? [] : ["priority"]))
        }
    }

    @Test("Weights are finite and not negative, and one of them counts")
    func weights() {
        for weight in [Double.nan, .infinity, -1, 1_000_000.1] {
            #expect(self.problems { $0.objectives.load = weight } == ["weight-load"])
        }
        #expect(self.problems { $0.objectives.load = 1_000_000 } == [])
        #expect(
            self.problems { $0.objectives = Objectives(latency: 0, load: 0, room: 0) } == ["weight-latency"])
        for weight in [Double.nan, .infinity, 0, -1, 1_000_001, .leastNonzeroMagnitude, 0.000_000_9] {
            #expect(self.problems { $0.audience.shares[0].weight = weight } == ["audience"])
        }
        for weight in [0.000_001, 1_000_000] {
            #expect(self.problems { $0.audience.shares[0].weight = weight } == [])
        }
    }

    @Test("At most 64 places and 64 constraints; countries that exist")
    func lists() {
        let share = Audience.Share(place: .country("FR"), weight: 1)
        #expect(self.problems { $0.audience.shares = Array(repeating: share, count: 64) } == [])
        #expect(self.problems { $0.audience.shares = Array(repeating: share, count: 65) } == ["audience"])
        #expect(self.problems { $0.audience.shares[0].place = .country("XX") } == ["audience"])
        #expect(self.problems { $0.audience.shares[0].place = .site(SiteID("")) } == ["audience"])
        let country = Constraint.country(["FR"])
        #expect(self.problems { $0.constraints = Array(repeating: country, count: 64) } == [])
        #expect(
            self.problems { $0.constraints = Array(repeating: country, count: 65) } == ["constraints"])
        #expect(self.problems { $0.constraints = [.country([])] } == ["countries"])
        #expect(self.problems { $0.constraints = [.country(["fr"])] } == ["countries"])
        let site = SiteID("a.test")
        #expect(self.problems { $0.constraints = [.only(Array(repeating: site, count: 1_000))] } == [])
        #expect(
            self.problems { $0.constraints = [.avoid(Array(repeating: site, count: 1_001))] } == ["avoid"])
        #expect(self.problems { $0.constraints = [.label(name: "", value: "")] } == ["labels"])
        for limit in [Double.nan, 0, -5, 60_001] {
            #expect(
                self.problems { $0.constraints = [.latencyAtMost(milliseconds: limit)] }
                    == ["max-latency"])
        }
    }

    @Test("Images: an absolute path or a URL with its checksum")
    func images() {
        #expect(self.problems { $0.image.location = "relative" } == ["image"])
        #expect(self.problems { $0.image.location = "https://example.org/a" } == ["sha256"])
        #expect(self.problems { $0.image.sha256 = "ABC" } == ["sha256"])
        #expect(self.problems { $0.image.sha256 = String(repeating: "0", count: 64) } == [])
        #expect(self.problems { $0.image.location = "/a\nb" } == ["image"])
        #expect(
            self.problems { $0.image.location = "/" + String(repeating: "a", count: 2_048) } == ["image"])
        #expect(self.problems { $0.image.commandLine = "console=ttyS0" } == ["image"])
        #expect(
            self.problems {
                $0.image.format = .kernel
                $0.image.initramfs = "https://example.org/initramfs"
            } == ["initramfs-sha256"])
    }

    @Test("A response time to aim at that is too short or too long is refused with the range that is taken")
    func targetRange() {
        var specification = Samples.specification(near: [.country("FR")])
        for target in [0.000_09, 60_000.1] {
            specification.audience.target = target
            let refused = specification
            let error = #expect(throws: SpecificationError.self) { try refused.validate() }
            #expect(error?.problems == [.init("target", "must be 0.0001 to 60000 milliseconds")])
        }
        for target in [0.000_1, 60_000] {
            #expect(self.problems { $0.audience.target = target } == [])
        }
    }

    @Test("Caps, targets, regions, features and other workloads at their edges")
    func wishes() {
        for bound in [Double.nan, .infinity, 0, -1, 1_000_001] {
            #expect(self.problems { $0.constraints = [.priceAtMost(perHour: bound)] } == ["max-price"])
            #expect(self.problems { $0.constraints = [.carbonAtMost(gramsPerHour: bound)] } == ["max-carbon"])
            #expect(self.problems { $0.audience.target = bound } == ["target"])
        }
        #expect(self.problems { $0.constraints = [.priceAtMost(perHour: 1_000_000)] } == [])
        #expect(self.problems { $0.audience = Audience(shares: [], target: 50) } == ["target"])
        #expect(self.problems { $0.constraints = [.region(["eu", "eea"])] } == [])
        #expect(self.problems { $0.constraints = [.region(["utopia"])] } == ["regions"])
        #expect(self.problems { $0.constraints = [.feature("")] } == ["features"])
        #expect(self.problems { $0.constraints = [.beside(["DB"])] } == ["beside"])
        #expect(self.problems { $0.constraints = [.apart([])] } == ["apart"])
        #expect(self.problems { $0.audience.shares[0].place = .workload("no name") } == ["audience"])
        for weight in [Double.nan, .infinity, -1, 1_000_001] {
            #expect(self.problems { $0.objectives.price = weight } == ["weight-price"])
            #expect(self.problems { $0.objectives.carbon = weight } == ["weight-carbon"])
        }
    }

    @Test("A megabyte where a name belongs is refused, and the error does not repeat it")
    func megabytes() {
        let text = String(repeating: "a", count: 1_000_000)
        #expect(self.problems { $0.constraints = [.label(name: "tier", value: text)] } == ["labels"])
        #expect(self.problems { $0.constraints = [.label(name: text, value: "")] } == ["labels"])
        #expect(self.problems { $0.constraints = [.hypervisor(text)] } == ["hypervisor"])
        var specification = Samples.specification(constraints: [.region([text]), .beside([text])])
        specification.audience.shares = [.init(place: .site(SiteID(text)), weight: 1)]
        let error = #expect(throws: SpecificationError.self) { try specification.validate() }
        #expect((error?.description.utf8.count ?? .max) < 1_000)
    }

    @Test("Constraints that no site can meet together are refused at once")
    func contradictions() {
        let (a, b) = (SiteID("a.test"), SiteID("b.test"))
        let cases: [([Constraint], String)] = [
            ([.country(["FR"]), .country(["DE"])], "countries"),
            ([.region(["eu"]), .country(["US"])], "countries"),
            ([.only([a, b]), .avoid([a, b])], "only"), ([.only([a]), .only([b])], "only"),
            ([.label(name: "tier", value: "1"), .label(name: "tier", value: "2")], "labels"),
            ([.label(name: "gpu", value: "no"), .feature("gpu")], "features"),
            ([.beside(["db"]), .apart(["db"])], "beside"), ([.beside(["web"])], "name"),
        ]
        for (constraints, field) in cases {
            #expect(self.problems { $0.constraints = constraints } == [field], "\(constraints)")
        }
        for constraints: [Constraint] in [
            [.region(["eu"]), .country(["FR", "US"])], [.only([a, b]), .avoid([b])],
            [.beside(["db", "cache"]), .apart(["db"])],
        ] {
            #expect(self.problems { $0.constraints = constraints } == [], "\(constraints)")
        }
        #expect(
            self.problems {
                $0.constraints = [.only([a, b])]
                $0.spread = .atMostPerSite(1)
                $0.replicas = 3
            } == ["per-site"])
    }

    @Test("All problems are named at once")
    func allAtOnce() {
        let fields = self.problems {
            $0.name = ""
            $0.replicas = 0
            $0.resources.memory = Mebibytes(-4)
        }
        #expect(fields == ["name", "replicas", "memory"])
    }
}

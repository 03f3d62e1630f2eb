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

    @Test("Weights are finite and not negative, and one of them counts")
    func weights() {
        for weight in [Double.nan, .infinity, -1, 1_000.1] {
            #expect(self.problems { $0.objectives.load = weight } == ["weight-load"])
        }
        #expect(self.problems { $0.objectives.load = 1_000 } == [])
        #expect(
            self.problems { $0.objectives = Objectives(latency: 0, load: 0, room: 0) } == ["weight-latency"])
        for weight in [Double.nan, .infinity, 0, -1, 1_000_001] {
            #expect(self.problems { $0.audience.shares[0].weight = weight } == ["audience"])
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

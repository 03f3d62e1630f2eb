import Testing

@Suite("Imports go down only")
struct ImportTests {
    @Test("Every target is on a floor")
    func targets() {
        let known = Set(Floors.ours.keys)
        for target in Set(Repository.sources.map(\.target)).subtracting(known).sorted() {
            Issue.record("Sources/\(target) is on no floor: say in Floors.ours what it may import")
        }
    }

    @Test("A target imports only what lies below it")
    func imports() {
        let support = Repository.tests.filter { $0.target == "TestSupport" }
        Violation.report((Repository.sources + support).flatMap(Self.violations))
    }

    @Test("The rule finds what it is there to find")
    func examples() {
        func advice(_ path: String, _ text: String) -> [Int] {
            Self.violations(in: SourceFile(path: path, text: text)).map(\.line)
        }
        #expect(advice("Sources/Gossip/A.swift", "import CloudModel\nimport XMPP\n") == [2])
        #expect(advice("Sources/XMPP/A.swift", "package import XML\nimport Foundation\n") == [2])
        #expect(advice("Sources/Placement/A.swift", "import Glibc\n// import Foundation\n") == [])
        #expect(advice("Sources/Agent/A.swift", "import Foundation\nimport GRDB\nimport Logging\n") == [2])
        #expect(
            advice("Sources/Storage/A.swift", "package import GRDB\nprivate import struct Agent.Ledger\n")
                == [2])
    }

    static func violations(in file: SourceFile) -> [Violation] {
        file.code.enumerated().compactMap { index, line in
            guard let module = self.importedModule(line),
                let advice = self.objection(to: module, in: file.target)
            else { return nil }
            return Violation(file: file.path, line: index + 1, advice: advice)
        }
    }

    private static func importedModule(_ line: String) -> String? {
        let words = line.split(separator: " ")
        guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count else { return nil }
        let kinds: Set<Substring> = [
            "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
        ]
        let name = words[(keyword + 1)...].first { !kinds.contains($0) }
        return name?.split(separator: ".").first.map(String.init)
    }

    private static func objection(to module: String, in target: String) -> String? {
        if Floors.ours[module] != nil {
            return Floors.ours[target]?.contains(module) == true
                ? nil
                : "\(target) must not import \(module), which is not below it: move the code, or pass a value in"
        }
        if Floors.pure.contains(target), Floors.pureForeign[target]?.contains(module) != true {
            return
                "\(target) is pure and imports nothing of others (\(module)): pass the value in as an argument"
        }
        if let homes = Floors.foreignHomes[module], !homes.contains(target) {
            let places = homes.isEmpty ? "nowhere" : "in \(homes.sorted().joined(separator: ", ")) only"
            return "\(module) is used \(places), not in \(target)"
        }
        return nil
    }
}

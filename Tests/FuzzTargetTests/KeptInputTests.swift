import Foundation
import FuzzTargets
import Testing

/// Seeds of the fuzzer and what it has found, each run through its target.
@Suite("Inputs that fuzzing keeps")
struct KeptInputTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The files below `folder/TARGET`, by name.
    private static func inputs(
        in folder: String, of target: FuzzTarget
    ) throws -> [(name: String, bytes: [UInt8])] {
        let directory = Self.root.appending(path: "\(folder)/\(target.rawValue)")
        return try FileManager.default.contentsOfDirectory(atPath: directory.path()).sorted().map { name in
            (name, Array(try Data(contentsOf: directory.appending(path: name))))
        }
    }

    @Test("Every seed is handled as it has to be", arguments: FuzzTarget.allCases)
    func seeds(target: FuzzTarget) throws {
        let inputs = try Self.inputs(in: "Interop/Fuzzing/Corpus", of: target)
        #expect(!inputs.isEmpty)
        Self.check(inputs, with: target)
    }

    @Test("Every input that was once a finding is handled as it has to be")
    func cases() throws {
        let folder = "Tests/FuzzTargetTests/Cases"
        let names = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appending(path: folder).path())
        #expect(!names.isEmpty)
        for name in names {
            let target = try #require(FuzzTarget(rawValue: name), "\(name) is no target")
            Self.check(try Self.inputs(in: folder, of: target), with: target)
        }
    }

    @Test("Seeds cut anywhere do no harm", arguments: FuzzTarget.allCases)
    func cutSeeds(target: FuzzTarget) throws {
        for (name, bytes) in try Self.inputs(in: "Interop/Fuzzing/Corpus", of: target) {
            for length in stride(from: 0, to: bytes.count, by: 7) {
                #expect(throws: Never.self, "\(name) cut at \(length)") {
                    try target.check(Array(bytes.prefix(length)))
                }
            }
        }
    }

    private static func check(_ inputs: [(name: String, bytes: [UInt8])], with target: FuzzTarget) {
        for (name, bytes) in inputs {
            #expect(throws: Never.self, "\(name)") { try target.check(bytes) }
        }
    }
}

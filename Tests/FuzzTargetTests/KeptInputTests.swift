import Foundation
import FuzzTargets
import Testing

/// Seeds of the fuzzer and what it has found, each run through its target.
@Suite("Inputs that fuzzing keeps")
struct KeptInputTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The files below `folder/TARGET`, by name.
    private static func inputs(in folder: String, of target: FuzzTarget) -> [(name: String, bytes: [UInt8])] {
        let directory = Self.root.appending(path: "\(folder)/\(target.rawValue)").path()
        return ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted().map {
            name in
            (name, Array(FileManager.default.contents(atPath: "\(directory)/\(name)") ?? Data()))
        }
    }

    @Test("Every seed is handled as it has to be", arguments: FuzzTarget.allCases)
    func seeds(target: FuzzTarget) throws {
        let inputs = Self.inputs(in: "Interop/Fuzzing/Corpus", of: target)
        #expect(!inputs.isEmpty)
        for (name, bytes) in inputs {
            #expect(throws: Never.self, "\(name)") { try target.check(bytes) }
        }
    }

    @Test("Every input that was once a finding is handled as it has to be", arguments: FuzzTarget.allCases)
    func cases(target: FuzzTarget) throws {
        for (name, bytes) in Self.inputs(in: "Tests/FuzzTargetTests/Cases", of: target) {
            #expect(throws: Never.self, "\(name)") { try target.check(bytes) }
        }
    }

    @Test("Seeds cut anywhere do no harm", arguments: FuzzTarget.allCases)
    func cutSeeds(target: FuzzTarget) throws {
        for (name, bytes) in Self.inputs(in: "Interop/Fuzzing/Corpus", of: target) {
            for length in stride(from: 0, to: bytes.count, by: 7) {
                #expect(throws: Never.self, "\(name) cut at \(length)") {
                    try target.check(Array(bytes.prefix(length)))
                }
            }
        }
    }
}

import ArgumentParser
import Foundation
import Operations
import TestSupport
import Testing

@testable import tradewind

@Suite("The lines by which pages set a site up")
struct SetupPageTests {
    private static let pages = ["README.md", "Sources/Coordinator/Coordinator.docc/Coordinator.md"]

    /// The lines of a page that begin with a word, without what is said behind them.
    private static func lines(_ page: String, _ start: String) throws -> [String] {
        try RepositoryFolder.text(of: page).replacing("\\\n", with: " ").split(separator: "\n")
            .filter { $0.hasPrefix("\(start) ") }
            .map { line in String(line[..<(line.firstRange(of: " #")?.lowerBound ?? line.endIndex)]) }
    }

    private static func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

    @Test("They make a coordinator to which other servers can connect", arguments: Self.pages)
    func coordinator(page: String) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tradewind-page-\(UUID().uuidString)").path
        defer {
            do {
                try FileManager.default.removeItem(atPath: folder)
            } catch {
                Issue.record("\(folder) is left behind: \(error)")
            }
        }
        let lines = try Self.lines(page, "tradewind init")
        var words = Self.words(try #require(lines.first { $0.contains("--coordinator") }))
        let option = try #require(words.firstIndex(of: "--directory"))
        let directory = words[option + 1]
        words[option + 1] = folder
        // One is made instead of the reader's own; libvirt's sockets would have too long a path.
        for name in ["--certificate", "--key"] {
            let index = try #require(words.firstIndex(of: name))
            words.removeSubrange(index...index + 1)
        }
        if !words.contains("--driver") { words += ["--driver", "memory"] }
        _ = try SiteSetup(try InitCommand.parse(Array(words.dropFirst(2)))).write()

        let edit = try #require(try Self.lines(page, "sed").first)
        let path = folder + "/tradewind.yaml"
        let shell = try Process.run(
            URL(filePath: "/bin/sh"),
            arguments: ["-c", edit.replacing("\(directory)/tradewind.yaml", with: path)])
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
        let configuration = try await ServeConfiguration.reading(path)
        #expect(configuration.isCoordinator)
        #expect(configuration.server?.serverHost == "0.0.0.0")
        #expect(configuration.server?.clientHost == "0.0.0.0")
    }

    @Test("Each of their commands is one", arguments: Self.pages)
    func commands(page: String) throws {
        let lines = try Self.lines(page, "tradewind")
        #expect(lines.count > 4)
        for line in lines {
            let words = Self.words(line)
            let rest = Array(words.dropFirst(2))
            switch words[1] {
            case "init": #expect(throws: Never.self, "\(line)") { try InitCommand.parse(rest) }
            case "serve": #expect(throws: Never.self, "\(line)") { try ServeCommand.parse(rest) }
            default:
                let tokens = try ClientArguments([words[1]] + rest).tokens
                #expect(throws: Never.self, "\(line)") {
                    try CommandReader(suggesting: Catalogue.operations).command(tokens)
                }
            }
        }
    }
}

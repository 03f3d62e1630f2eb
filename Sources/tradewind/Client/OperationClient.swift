import CloudModel
import Cryptography
import Foundation
import Operations
import ServerSentEvents
import WebRequests

/// Asks a running process to perform an operation and shows what it answers.
struct OperationClient {
    private let arguments: ClientArguments

    init(words: [String]) throws(OperationError) {
        self.arguments = try ClientArguments(words)
    }

    func run() async throws {
        if self.arguments.wantsHelp {
            print(try HelpText(permitted: Catalogue.operations).text(self.arguments.tokens.map(\.text)))
            return
        }
        let answer = try await self.answer()
        self.show(answer.result, answer.document, of: answer.operation)
    }

    /// What the process answers, told apart and as the document it sent.
    struct Answer {
        let operation: Operations.Operation
        let result: OperationResult
        let document: Value
    }

    /// Asks, and waits for the answer.
    func answer() async throws -> Answer {
        let command = try CommandReader(suggesting: Catalogue.operations).command(self.arguments.tokens)
        try self.confirm(command)
        let connection = try await Connection(
            self.arguments, environment: ProcessInfo.processInfo.environment)
        var members = Value.Object()
        let arguments = try DocumentFile.read(command.arguments, of: command.operation)
        for (name, value) in arguments.sorted(by: { $0.key < $1.key }) { members[name] = value }
        var random = SecureRandom()
        let request = try connection.request(
            command.operation.name, members, site: command.site?.address, streams: command.operation.isLong,
            key: command.operation.effect == .reads ? nil : Hexadecimal.encode(random.bytes(16)))
        let document = try await self.document(request, from: connection.server)
        return Answer(
            operation: command.operation, result: try Self.result(in: document), document: document)
    }

    /// Asks on the terminal before something is destroyed; without a terminal, `--yes` must say so.
    private func confirm(_ command: CommandReader.Command) throws(OperationError) {
        guard command.operation.destroys, !self.arguments.isConfirmed else { return }
        let subject = command.operation.parameters.filter(\.isPositional)
            .compactMap { command.arguments[$0.name]?.string }.joined(separator: " ")
        guard isatty(STDIN_FILENO) == 1 else {
            throw OperationError(
                .unconfirmed, "\(command.operation.phrase) \(subject) destroys something", next: "add --yes")
        }
        let site = command.site.map { " at \($0)" } ?? ""
        Self.tell("\(command.operation.summary): \(subject)\(site). Type yes to do it: ", terminator: "")
        guard readLine()?.lowercased() == "yes" else {
            throw OperationError(.cancelled, "nothing was done")
        }
    }

    /// The result document; progress is told on standard error meanwhile.
    private func document(_ request: WebRequest, from server: String) async throws -> Value {
        let reply: Reply
        do {
            reply = try await request.send { try await Self.reply($0) }
        } catch let error as WebFailure {
            throw OperationError(
                .unavailable, "\(server) does not answer: \(error)",
                next: "is tradewind serve running there? name another with --server URL")
        }
        let document: Value
        do throws(JSONParser.Problem) {
            document = try JSONParser.parse(reply.text)
        } catch {
            throw OperationError(
                .internalError, "\(server) answered with status \(reply.status) and no JSON",
                next: "is it a Tradewind process?")
        }
        if reply.isProblem { throw Self.error(in: document) }
        return document
    }

    /// What came of a request.
    private struct Reply {
        let status: Int
        let text: [UInt8]
        let isProblem: Bool
    }

    private static func reply(_ answer: WebAnswer) async throws -> Reply {
        guard answer.header("Content-Type")?.hasPrefix("text/event-stream") == true else {
            var body: [UInt8] = []
            try await answer.read { body += $0 }
            return Reply(
                status: answer.status, text: body, isProblem: !(200..<300).contains(answer.status))
        }
        var events = EventReader()
        var last: EventReader.Event?
        try await answer.read { piece in
            for event in try events.read(piece) {
                switch event.name {
                case "result", "problem": last = event
                case "workload": Self.tell(try Self.newsLine(event))
                default: Self.tell(try Self.line(event))
                }
            }
        }
        return Reply(
            status: answer.status, text: Array((last?.data ?? "").utf8), isProblem: last?.name == "problem")
    }

    private static func line(_ event: EventReader.Event) throws -> String {
        let value = try JSONParser.parse(event.data)
        var line = "\(value.value(at: "site")?.string ?? ""): \(value.value(at: "text")?.string ?? "")"
        if let step = value.value(at: "step")?.integer, let steps = value.value(at: "steps")?.integer {
            line += " (\(step) of \(steps))"
        }
        return line
    }

    /// `web: web-0 runs at tokyo.test`.
    private static func newsLine(_ event: EventReader.Event) throws -> String {
        let value = try JSONParser.parse(event.data)
        return "\(value.value(at: "name")?.string ?? ""): \(value.value(at: "event.text")?.string ?? "")"
    }

    static func error(in document: Value) -> OperationError {
        let code = document.value(at: "code")?.string.flatMap(OperationError.Code.init(rawValue:))
        return OperationError(
            code ?? .internalError, document.value(at: "detail")?.string ?? "the request failed",
            next: document.value(at: "next")?.string,
            site: document.value(at: "site")?.string.map { SiteID($0) })
    }

    static func result(in document: Value) throws(OperationError) -> OperationResult {
        guard let site = document.value(at: "site")?.string else {
            throw OperationError(.internalError, "the answer names no site")
        }
        return OperationResult(
            site: SiteID(site), value: document.value(at: "value") ?? .null,
            message: document.value(at: "message")?.string)
    }

    private func show(_ result: OperationResult, _ document: Value, of operation: Operations.Operation) {
        if self.arguments.isJSON {
            print(document.json(indented: true))
            return
        }
        let text = TextRenderer().text(of: result, layout: operation.layout)
        print(
            text.contains("\n")
                ? "\(result.site)\n\(text)" : "\(result.site): \(text.isEmpty ? "done" : text)")
    }

    static func tell(_ text: String, terminator: String = "\n") {
        FileHandle.standardError.write(Data((text + terminator).utf8))
    }
}

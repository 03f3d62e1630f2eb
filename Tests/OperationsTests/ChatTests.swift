import CloudModel
import Operations
import TestRandomness
import Testing

@Suite("Chat")
struct ChatTests {
    private static let paris = SiteID("paris.test")
    private let alice = GrantBook.Caller(address: "alice@paris.test", domain: "paris.test")
    private let start = Instant(millisecondsSinceEpoch: 1_000_000)

    private func permitted(_ names: String...) -> [Operations.Operation] {
        Catalogue.operations.filter { operation in
            names.contains(operation.name) || names.contains(operation.noun)
        }
    }

    @Test(
        "Words are cut at white space, kept by quotes",
        arguments: [
            ("machine start web-1", [.init("machine"), .init("start"), .init("web-1")]),
            ("  a\t b ", [.init("a"), .init("b")]),
            (#"command-line="console=ttyS0 quiet""#, [.init(key: "command-line", "console=ttyS0 quiet")]),
            ("“two words” 'it is'", [.init("two words"), .init("it is")]),
            (#"a "b \" c""#, [.init("a"), .init(#"b " c"#)]),
            ("Memory=2G x=", [.init(key: "memory", "2G"), .init(key: "x", "")]),
            ("http://h/?a=b", [.init("http://h/?a=b")]),
            ("note=a=b", [.init(key: "note", "a=b")]),
            ("\"\"", [.init("")]),
            ("", []),
        ] as [(String, [ChatTokenizer.Token])])
    func tokenizes(line: String, tokens: [ChatTokenizer.Token]) throws {
        #expect(try ChatTokenizer.tokens(of: line) == tokens)
    }

    @Test("An open quote and a line that is too long are refused")
    func refusesLines() throws {
        #expect(throws: OperationError.self) { try ChatTokenizer.tokens(of: "say \"hello") }
        let longest = String(repeating: "x", count: ChatTokenizer.lineLimit)
        #expect(try ChatTokenizer.tokens(of: longest).count == 1)
        #expect(throws: OperationError.self) { try ChatTokenizer.tokens(of: longest + "x") }
    }

    @Test("A command is an operation, its arguments and a site")
    func readsCommands() throws {
        let reader = CommandReader(suggesting: Catalogue.operations)
        let command = try reader.command(ChatTokenizer.tokens(of: "Machine Start web-1 at=tokyo.test"))
        #expect(command.operation.name == "machine.start")
        #expect(command.arguments == ["machine": "web-1"])
        #expect(command.site == SiteID("tokyo.test"))
        let place = try reader.command(
            ChatTokenizer.tokens(of: "workload place web image=/a.qcow2 replicas=2 audience=tokyo.test"))
        #expect(place.arguments["name"] == "web")
        #expect(place.arguments["audience"] == ["tokyo.test"])
        #expect(try reader.command(ChatTokenizer.tokens(of: "status")).operation.name == "status")
    }

    @Test(
        "A mistake is answered with what to write",
        arguments: [
            ("machine strat web-1", "did you mean “machine start”?"),
            ("start machine", "did you mean “machine start”?"),
            ("mahcine list", "did you mean “machine list”?"),
            ("start", "did you mean “machine start”?"),
            ("machine", "add one of: list, show, start"),
            ("machine frobnicate", "machine knows: list, show, start"),
            ("zzzzz", "write: help"),
            ("machine start", "write: machine start MACHINE"),
            ("machine start a b", "write: machine start MACHINE"),
            ("machine start a machine=b", "write: machine start MACHINE"),
            (
                "machine list state=on",
                "give state=creating|starting|running|suspended|stopping|stopped|failed"
            ),
            ("=", "write: help"),
        ])
    func guides(line: String, next: String) throws {
        let reader = CommandReader(
            suggesting: self.permitted("machine.list", "machine.show", "machine.start"))
        let error = #expect(throws: OperationError.self) {
            try reader.command(ChatTokenizer.tokens(of: line))
        }
        #expect(error?.next == next)
    }

    @Test("Help shows what the caller may do, and no more")
    func helps() throws {
        let help = HelpText(permitted: self.permitted("machine.list", "machine.force-off"))
        let overview = try help.text([])
        #expect(overview.contains("machine list       List the machines of a site"))
        #expect(!overview.contains("machine start"))
        #expect(try help.text(["machine"]).contains("machine force-off MACHINE"))
        let page = try help.text(["Machine", "force-off"])
        #expect(page.contains("a code is asked for first"))
        #expect(page.contains("machine  name or id of the machine"))
        let error = #expect(throws: OperationError.self) { try help.text(["machine", "start"]) }
        #expect(error?.code == .notFound)
        #expect(try HelpText(permitted: []).text([]).contains("no commands"))
        let create = try HelpText(permitted: Catalogue.operations).text(["machine", "create"])
        #expect(create.contains("memory            memory (a size such as 512M or 2G); 512 MiB if left out"))
    }

    @Test("What destroys is done only after the code, and then exactly what was asked")
    func confirms() throws {
        var core = ChatCore(site: Self.paris)
        var generator = SeededGenerator(seed: 7)
        let permitted = self.permitted("machine")
        func say(_ line: String, after: Duration = .zero) -> ChatCore.OnLine {
            core.receive(
                line, from: self.alice, permitted: permitted, now: self.start.advanced(by: after),
                using: &generator)
        }
        let code = try Self.code(in: say("machine delete web-1"))
        #expect(say("confirm 0000") == .say("paris.test: The code is wrong. Tries left: 2."))
        let expected = Invocation(
            operation: "machine.delete", arguments: ["machine": "web-1"], caller: self.alice)
        #expect(say("Confirm \(code.uppercased())", after: .seconds(60)) == .perform(expected))
        guard case .say(let again) = say("confirm \(code)") else {
            Issue.record("a code counted twice")
            return
        }
        #expect(again.contains("nothing to confirm"))
    }

    @Test("Whom nobody can know is told where to write, and nothing of the site")
    func strangers() {
        let core = ChatCore(site: Self.paris)
        for line in ["help", "?", "machine list", "confirm abcd"] {
            let text = core.text(forStranger: line, at: "paris.test")
            #expect(text.contains("Write to paris.test directly") && !text.contains("machine"))
        }
    }

    @Test("A code expires, is bound to its caller, has three tries and dies by cancel or a new question")
    func limitsCodes() throws {
        var desk = ConfirmationDesk()
        var generator = SeededGenerator(seed: 1)
        let delete = Invocation(operation: "machine.delete", arguments: ["machine": "a"], caller: self.alice)
        let first = desk.ask(about: delete, now: self.start, using: &generator)
        #expect(desk.answer(first, from: "bob@paris.test", now: self.start) == .nothingToConfirm)
        let late = self.start.advanced(by: ConfirmationDesk.lifetime + .milliseconds(1))
        #expect(desk.answer(first, from: self.alice.address, now: late) == .nothingToConfirm)

        let second = desk.ask(about: delete, now: self.start, using: &generator)
        for left in [2, 1, 0] {
            #expect(desk.answer("????", from: self.alice.address, now: self.start) == .wrong(triesLeft: left))
        }
        #expect(desk.answer(second, from: self.alice.address, now: self.start) == .nothingToConfirm)

        let third = desk.ask(about: delete, now: self.start, using: &generator)
        let fourth = desk.ask(about: delete, now: self.start, using: &generator)
        #expect(third != fourth)
        #expect(desk.answer(third, from: self.alice.address, now: self.start) == .wrong(triesLeft: 2))
        let cancelled = desk.cancel(for: self.alice.address)
        #expect(cancelled)
        #expect(desk.answer(fourth, from: self.alice.address, now: self.start) == .nothingToConfirm)
    }

    @Test("Open questions are limited; the oldest goes first")
    func limitsQuestions() {
        var desk = ConfirmationDesk()
        var generator = SeededGenerator(seed: 2)
        var codes: [String] = []
        for index in 0...ConfirmationDesk.questionsLimit {
            let caller = GrantBook.Caller(address: "user\(index)@paris.test", domain: "paris.test")
            let invocation = Invocation(operation: "machine.delete", caller: caller)
            codes.append(
                desk.ask(
                    about: invocation, now: self.start.advanced(by: .milliseconds(Int64(index))),
                    using: &generator))
        }
        #expect(desk.answer(codes[0], from: "user0@paris.test", now: self.start) == .nothingToConfirm)
        #expect(desk.answer("????", from: "user1@paris.test", now: self.start) == .wrong(triesLeft: 2))
    }

    @Test("Every answer names the site, and long ones are cut at a line")
    func wordsAnswers() throws {
        let core = ChatCore(site: Self.paris)
        let error = OperationError(.notFound, "there is no machine “x”", next: "write: machine list")
        #expect(
            core.text(of: error)
                == "paris.test: Not found: there is no machine “x”.\nNext: write: machine list")
        let result = OperationResult(site: SiteID("tokyo.test"), message: "machine web-1 is starting")
        #expect(core.text(of: result, for: "machine.start") == "tokyo.test: machine web-1 is starting")
        let line = String(repeating: "x", count: 99) + "\n"
        let plan = OperationResult(
            site: Self.paris, value: ["text": .string(String(repeating: line, count: 100))])
        let text = core.text(of: plan, for: "workload.plan")
        #expect(text.hasPrefix("paris.test: workload plan\n"))
        #expect(
            text.hasSuffix("… 41 more lines are left out. Narrow the question, or ask with the command line.")
        )
    }

    @Test("A long console is cut at its head: the newest lines are what is asked for")
    func keepsTheEndOfConsoles() {
        let lines = (0..<1_000).map { "line \($0) \(String(repeating: "x", count: 40))" }
        let console = OperationResult(
            site: Self.paris, value: ["text": .string(lines.joined(separator: "\n"))])
        let text = ChatCore(site: Self.paris).text(of: console, for: "machine.console")
        #expect(text.hasPrefix("paris.test: machine console\n… "))
        #expect(text.hasSuffix(lines[999]))
        #expect(!text.contains(lines[0]))
        let one = OperationResult(
            site: Self.paris, value: ["text": .string(String(repeating: "a", count: 9_000) + "z")])
        let cut = ChatCore(site: Self.paris).text(of: one, for: "machine.console")
        #expect(cut.hasSuffix("az"))
        #expect(cut.count < 6_200)
    }

    private static func code(in answer: ChatCore.OnLine) throws -> String {
        guard case .ask(let text, let replies) = answer,
            let word = replies.first?.text.split(separator: " ").last
        else { throw OperationError(.internalError, "no question was asked") }
        // Who has no buttons reads the same answers in the text.
        #expect(replies.allSatisfy { text.contains($0.text) })
        return String(word)
    }
}

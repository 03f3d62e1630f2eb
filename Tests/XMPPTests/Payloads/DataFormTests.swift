import Testing
import XMPP

@Suite("Filling in forms")
struct DataFormTests {
    static let form = DataForm(
        .form, title: "Create a machine",
        instructions: ["Fill in what you need.", "The rest has defaults."],
        fields: [
            .init(DataForm.formTypeField, .hidden, values: ["urn:tradewind:operation:1"]),
            .init(nil, .fixed, values: ["Size"]),
            .init(
                "name", .textSingle, label: "Name", description: "Lower-case letters, digits and hyphens",
                isRequired: true),
            .init("start", .boolean, label: "Start it now", values: ["1"]),
            .init(
                "size", .listSingle, values: ["small"],
                options: [.init("small", label: "1 processor"), .init("large")]),
            .init("tags", .listMulti, options: [.init("web"), .init("test")]),
            .init("owner", .jidSingle), .init("watchers", .jidMulti),
            .init("notes", .textMulti, values: ["one", "two"]), .init("password", .textPrivate),
        ])

    private static func submission(_ values: KeyValuePairs<String, [String]>) -> DataForm {
        DataForm(.submit, fields: values.map { .init($0.key, values: $0.value) })
    }

    @Test("XEP-0004 §3.3: Answers come out in one spelling, without what was not asked")
    func answers() throws {
        let answers = try Self.form.answers(
            in: Self.submission([
                DataForm.formTypeField: ["urn:tradewind:operation:1"], "name": ["web-1"], "start": ["true"],
                "size": ["large"], "tags": ["test", "web", "test"], "owner": ["Alice@PARIS.test"],
                "watchers": ["a.test", "A.test."], "notes": ["one", "", "two"], "stranger": ["x"],
            ]))
        #expect(
            answers == [
                DataForm.formTypeField: ["urn:tradewind:operation:1"], "name": ["web-1"], "start": ["1"],
                "size": ["large"], "tags": ["test", "web"], "owner": ["alice@paris.test"],
                "watchers": ["a.test", "a.test"], "notes": ["one", "", "two"],
            ])
    }

    @Test("XEP-0004 §3.6: What is left out or left empty is not there")
    func absent() throws {
        let answers = try Self.form.answers(
            in: Self.submission(["name": ["x"], "start": [], "owner": [""], "notes": [""]]))
        #expect(answers == ["name": ["x"]])
    }

    @Test(
        "XEP-0004 §4: Each answer that does not fit its field is named",
        arguments: [
            ("name", [], .missing), ("name", [""], .missing), ("name", ["a", "b"], .tooManyValues),
            ("start", ["yes"], .unusable("yes")), ("size", ["huge"], .unusable("huge")),
            ("size", ["small", "large"], .tooManyValues), ("tags", ["web", "x"], .unusable("x")),
            ("owner", ["a@@b"], .unusable("a@@b")), ("watchers", ["a.test", "@"], .unusable("@")),
            (DataForm.formTypeField, ["other"], .wrongForm),
        ] as [(String, [String], DataForm.Misfit.Reason)])
    func misfits(name: String, values: [String], reason: DataForm.Misfit.Reason) {
        var submission = Self.submission(["name": ["web-1"]])
        submission.fields.removeAll { $0.name == name }
        submission.fields.append(.init(name, values: values))
        let misfit = #expect(throws: DataForm.Misfit.self) { try Self.form.answers(in: submission) }
        #expect(misfit?.problems.map(\.field) == [name])
        #expect(misfit?.problems.map(\.reason) == [reason])
        #expect(misfit?.description.contains(name) == true)
    }

    @Test("All problems are told at once, in the order of the form")
    func several() {
        let submission = Self.submission(["size": ["x"], "start": ["y"]])
        let misfit = #expect(throws: DataForm.Misfit.self) { try Self.form.answers(in: submission) }
        #expect(misfit?.problems.map(\.field) == ["name", "start", "size"])
    }

    @Test("XEP-0004 §3.1: Only a submission is one")
    func notSubmitted() {
        let misfit = #expect(throws: DataForm.Misfit.self) { try Self.form.answers(in: DataForm(.cancel)) }
        #expect(misfit?.problems.map(\.reason) == [.notSubmitted])
    }
}

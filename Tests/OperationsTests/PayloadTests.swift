import CloudModel
import Operations
import Testing
import XML
import XMPP

@Suite("Payloads")
struct PayloadTests {
    @Test("An invocation travels")
    func carriesInvocations() throws {
        let invoke = Invoke(
            operation: "workload.place", arguments: ["name": "web", "only": ["a.test"], "vcpus": 2],
            behalf: "alice@paris.test", idempotencyKey: "k-1")
        #expect(try Invoke(parsing: invoke.element) == invoke)
        var element = invoke.element
        element.append(Element("later", namespace: "urn:example:later", text: "x"))
        #expect(try Invoke(parsing: element) == invoke)
    }

    @Test("What is no invocation says why")
    func refusesInvocations() {
        let namespace = Invoke.namespace
        let argument = Element("argument", namespace: namespace, ["name": "a"], [Value.null.element])
        let wrong = [
            Element("invoke", namespace: "urn:tradewind:operation:2"),
            Element("invoke", namespace: namespace),
            Element(
                "invoke", namespace: namespace,
                ["operation": "status", "key": String(repeating: "k", count: Invoke.keyLimit + 1)]),
            Element("invoke", namespace: namespace, ["operation": "status"], [argument, argument]),
            Element(
                "invoke", namespace: namespace, ["operation": "status"],
                [Element("argument", namespace: namespace, ["name": "a"])]),
        ]
        for element in wrong {
            #expect(throws: PayloadError.self) { try Invoke(parsing: element) }
        }
    }

    @Test(
        "Values that are none",
        arguments: [("boolean", "yes"), ("integer", "1.5"), ("number", "inf"), ("date", "x")])
    func refusesValues(name: String, text: String) {
        #expect(throws: PayloadError.self) {
            try Value(parsing: Element(name, namespace: Invoke.namespace, text: text))
        }
    }

    @Test("A result travels")
    func carriesResults() throws {
        for result in [
            OperationResult(site: SiteID("tokyo.test"), value: ["a": [1, 2.5, nil, true]], message: "done"),
            OperationResult(site: SiteID("tokyo.test")),
        ] {
            #expect(try Outcome(parsing: Outcome(result).element).result == result)
        }
    }

    @Test(
        "An error travels whole; one of a stranger keeps its meaning", arguments: OperationError.Code.allCases
    )
    func carriesErrors(code: OperationError.Code) {
        let error = OperationError(code, "no", next: "wait", site: SiteID("tokyo.test"))
        #expect(OperationError(error.stanzaError) == error)
        #expect(error.stanzaError.text == "no; wait")
        #expect(error.code.status >= 400)
        let bare = OperationError(StanzaError(.itemNotFound, text: "gone"))
        #expect(bare == OperationError(.notFound, "gone"))
        let later = Element("failure", namespace: Invoke.namespace, ["code": "eaten-by-whale"])
        #expect(OperationError(StanzaError(.conflict, detail: later)).code == .internalError)
    }
}

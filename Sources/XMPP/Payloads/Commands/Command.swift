package import XML

/// One step of an ad-hoc command, asked for or answered (XEP-0050).
package struct Command: Payload {
    package static let elementName = "command"
    package static let namespace = Namespace.commands

    /// The node under which an entity lists its commands (XEP-0050 §2.2).
    package static let listNode = Namespace.commands

    package enum Action: String, Hashable, Sendable, CaseIterable {
        case execute
        case cancel
        case prev
        case next
        case complete
    }

    package enum Status: String, Hashable, Sendable, CaseIterable {
        case executing
        case completed
        case canceled
    }

    /// What may be done next; `cancel` always may.
    package struct Choices: Hashable, Sendable {
        /// What `execute` stands for; nil for `next` if that is there, otherwise `complete`.
        package var standard: Action?
        package var hasPrevious: Bool
        package var hasNext: Bool
        package var hasComplete: Bool

        package init(
            standard: Action? = nil, hasPrevious: Bool = false, hasNext: Bool = false,
            hasComplete: Bool = false
        ) {
            self.standard = standard
            self.hasPrevious = hasPrevious
            self.hasNext = hasNext
            self.hasComplete = hasComplete
        }
    }

    /// Something to tell the person, beside or instead of a form.
    package struct Note: Hashable, Sendable {
        package enum Kind: String, Hashable, Sendable, CaseIterable {
            case info
            case warn
            case error
        }

        package var kind: Kind
        package var text: String

        package init(_ kind: Kind, _ text: String) {
            self.kind = kind
            self.text = text
        }
    }

    package var node: String
    /// Chosen by whoever carries the command out; nil in the first request.
    package var sessionID: String?
    /// Only in a request; nil means `execute`.
    package var action: Action?
    /// Only in an answer.
    package var status: Status?
    package var choices: Choices?
    package var notes: [Note]
    package var form: DataForm?

    package init(
        node: String, sessionID: String? = nil, action: Action? = nil, status: Status? = nil,
        choices: Choices? = nil, notes: [Note] = [], form: DataForm? = nil
    ) {
        self.node = node
        self.sessionID = sessionID
        self.action = action
        self.status = status
        self.choices = choices
        self.notes = notes
        self.form = form
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.node = try element.requiredAttribute("node")
        self.sessionID = element[attribute: "sessionid"]
        self.action = try Self.known(element, "action")
        self.status = try Self.known(element, "status")
        self.choices = element.child("actions").map(Choices.init(parsing:))
        self.notes = element.children("note").map { note in
            Note(note[attribute: "type"].flatMap(Note.Kind.init(rawValue:)) ?? .info, note.text)
        }
        self.form = try element.firstChild(DataForm.self)
    }

    package var element: Element {
        var children: [Element] = []
        if let choices { children.append(choices.element) }
        if let form { children.append(form.element) }
        children += self.notes.map { note in
            var element = Element("note", namespace: Self.namespace, text: note.text)
            element[attribute: "type"] = note.kind.rawValue
            return element
        }
        return Element(
            Self.elementName, namespace: Self.namespace,
            [
                "node": self.node, "sessionid": self.sessionID, "action": self.action?.rawValue,
                "status": self.status?.rawValue,
            ], children)
    }

    private static func known<Word: RawRepresentable<String>>(
        _ element: Element, _ name: String
    ) throws(PayloadError) -> Word? {
        guard let text = element[attribute: name] else { return nil }
        guard let word = Word(rawValue: text) else {
            throw PayloadError("the \(name) of <command/> cannot be '\(text)'")
        }
        return word
    }
}

extension Command.Choices {
    /// What a request with `action` asks for; nil if it is not among the choices (XEP-0050 §3.4).
    package func meaning(of action: Command.Action?) -> Command.Action? {
        switch action ?? .execute {
        case .execute: self.standard ?? (self.hasNext ? .next : .complete)
        case .cancel: .cancel
        case .prev: self.hasPrevious ? .prev : nil
        case .next: self.hasNext ? .next : nil
        case .complete: self.hasComplete ? .complete : nil
        }
    }

    fileprivate init(parsing element: Element) {
        self.init(
            standard: element[attribute: "execute"].flatMap(Command.Action.init(rawValue:)),
            hasPrevious: element.child("prev") != nil, hasNext: element.child("next") != nil,
            hasComplete: element.child("complete") != nil)
    }

    fileprivate var element: Element {
        let names = [("prev", self.hasPrevious), ("next", self.hasNext), ("complete", self.hasComplete)]
        return Element(
            "actions", namespace: Namespace.commands, ["execute": self.standard?.rawValue],
            names.compactMap { name, isThere in
                isThere ? Element(name, namespace: Namespace.commands) : nil
            })
    }
}

package import CloudModel

/// One thing that can be done: the single source of what chat, forms, the command line and HTTP offer.
package struct Operation: Hashable, Sendable {
    /// Which role carries it out.
    package enum Role: String, Hashable, Sendable {
        /// The agent of a site.
        case agent
        case coordinator
        /// Every process.
        case any
    }

    /// What it does to what it touches.
    package enum Effect: Hashable, Sendable {
        case reads
        case changes
        /// Something is lost that no other operation brings back: chat and forms ask for a confirmation
        /// first.
        case destroys
    }

    /// Where HTTP offers it: a method and a path below `/v1` whose `{…}` segments are parameters.
    package struct Route: Hashable, Sendable {
        package enum Method: String, Hashable, Sendable {
            case get = "GET"
            case post = "POST"
            case put = "PUT"
            case delete = "DELETE"
        }

        package let method: Method
        package let path: String

        package init(_ method: Method, _ path: String) {
            self.method = method
            self.path = path
        }

        /// The parameters that the path carries, in order.
        package var parameters: [String] {
            self.path.split(separator: "/").compactMap { segment in
                segment.first == "{" && segment.last == "}" ? String(segment.dropFirst().dropLast()) : nil
            }
        }
    }

    /// `noun.verb`, or one word; also the permission that it takes.
    package let name: String
    /// What it does, as a phrase that starts with a verb and has no full stop.
    package let summary: String
    package let role: Role
    package let effect: Effect
    package let parameters: [Parameter]
    package let route: Route
    /// How people see the result; JSON always carries all of it.
    package let layout: [Section]
    /// Whether it may take longer than a request should: progress is then reported.
    package let isLong: Bool
    /// Whether it takes a grant on the whole site although it only reads: it makes the site act towards strangers.
    package let concernsSite: Bool
    /// Whether it tells what happens from now on, without an end; its parameter `after` says where to resume.
    package let isFeed: Bool

    package init(
        _ name: String, _ summary: String, by role: Role, _ effect: Effect, _ route: Route,
        parameters: [Parameter] = [], layout: [Section] = [], isLong: Bool = false,
        concernsSite: Bool = false, isFeed: Bool = false
    ) {
        self.name = name
        self.summary = summary
        self.role = role
        self.effect = effect
        self.route = route
        self.parameters = parameters
        self.layout = layout
        self.isLong = isLong
        self.concernsSite = concernsSite
        self.isFeed = isFeed
    }

    package var permission: Permission { Permission(self.name) }

    package var destroys: Bool { self.effect == .destroys }

    /// The nouns whose objects belong to whoever made them.
    private static let ownedNouns: Set<String> = ["application", "machine", "reservation", "workload"]

    /// Whether a grant on what its subject made itself is enough; what changes the site as a whole needs one on
    /// the site.
    package var heedsOwnership: Bool {
        !self.concernsSite && (self.effect == .reads || Self.ownedNouns.contains(self.noun))
    }

    /// What a person types: `machine start`.
    package var words: [String] { self.name.split(separator: ".").map(String.init) }

    /// The words, joined.
    package var phrase: String { self.words.joined(separator: " ") }

    /// `machine`, or the whole name of an operation of one word.
    package var noun: String { self.words.first ?? self.name }

    package func parameter(_ name: String) -> Parameter? {
        self.parameters.first { $0.name == name }
    }

    /// How it is written: `machine start MACHINE [at=SITE]`.
    package var usage: String {
        var parts = [self.phrase]
        for parameter in self.parameters {
            let placeholder = parameter.placeholder
            let text = parameter.isPositional ? placeholder : "\(parameter.name)=\(placeholder)"
            parts.append(parameter.isRequired ? text : "[\(text)]")
        }
        return parts.joined(separator: " ")
    }
}

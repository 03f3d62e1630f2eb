/// Why something was not done, and what to do next.
public struct TradewindError: Error, Hashable, Sendable {
    /// The kind of an error; a later server may answer with kinds that this library has no name for.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        /// A code as the server writes it.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The arguments are wrong.
        public static let badRequest = Self(rawValue: "bad-request")
        /// The token is not known.
        public static let unauthenticated = Self(rawValue: "unauthenticated")
        /// No grant allows it.
        public static let forbidden = Self(rawValue: "forbidden")
        /// There is no such thing, or none that the caller may see.
        public static let notFound = Self(rawValue: "not-found")
        /// What there is is not in a state that allows it, or the name is taken.
        public static let conflict = Self(rawValue: "conflict")
        /// The idempotency key stands for another request.
        public static let keyReused = Self(rawValue: "key-reused")
        /// No site can or will take it.
        public static let refused = Self(rawValue: "refused")
        /// What was sent is larger than is taken.
        public static let tooLarge = Self(rawValue: "too-large")
        /// The caller asks for too much, or too often.
        public static let tooMany = Self(rawValue: "too-many")
        /// The process that was asked does not do such things.
        public static let notOffered = Self(rawValue: "not-offered")
        /// It would destroy something, and nobody has agreed to that.
        public static let unconfirmed = Self(rawValue: "unconfirmed")
        /// Out of reach for now.
        public static let unavailable = Self(rawValue: "unavailable")
        /// No answer in time; it may have happened.
        public static let timeout = Self(rawValue: "timeout")
        /// It was called off.
        public static let cancelled = Self(rawValue: "cancelled")
        /// A fault of the server.
        public static let internalError = Self(rawValue: "internal-error")
        /// No answer at all, however often it was asked; it may have happened.
        public static let unreachable = Self(rawValue: "unreachable")
        /// The answer is none that this library understands.
        public static let badAnswer = Self(rawValue: "bad-answer")
        /// The workload or the application could not be placed, or was removed meanwhile; the message says why.
        public static let failed = Self(rawValue: "failed")
    }

    /// What kind of error it is.
    public let code: Code
    /// What was tried and what went wrong.
    public let message: String
    /// What to do about it, where the server says so.
    public let next: String?
    /// The site whose answer it is, where the server says so.
    public let site: String?

    init(_ code: Code, _ message: String, next: String? = nil, site: String? = nil) {
        self.code = code
        self.message = message
        self.next = next
        self.site = site
    }

    /// Whether the same request may be answered otherwise in a moment, and the answer may be all that was lost.
    var isPassing: Bool { [.unavailable, .timeout, .unreachable].contains(self.code) }
}

extension TradewindError: CustomStringConvertible {
    /// The message, and what to do next.
    public var description: String { self.next.map { "\(self.message); \($0)" } ?? self.message }
}

package import CloudModel

/// Why an operation was not performed, and what to do next: one error for all faces.
package struct OperationError: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// The arguments are wrong.
        case badRequest = "bad-request"
        /// Nobody has proved who asks.
        case unauthenticated
        /// No grant allows it.
        case forbidden
        case notFound = "not-found"
        /// What was found is not in a state that allows it, or the name is taken.
        case conflict
        /// The idempotency key stands for another request.
        case keyReused = "key-reused"
        /// A site said no within its rights: no room, policy, quota. A normal answer; another site may say
        /// yes.
        case refused
        case tooLarge = "too-large"
        case tooMany = "too-many"
        /// No role of this process performs it.
        case notOffered = "not-offered"
        /// It would destroy something and has not been confirmed.
        case unconfirmed
        /// Out of reach for now: a site, the hypervisor, the disk.
        case unavailable
        /// No answer in time; it may have happened.
        case timeout
        case cancelled
        /// A fault of ours.
        case internalError = "internal-error"
    }

    package let code: Code
    /// What was tried, on what, and what went wrong.
    package let message: String
    /// What the caller can do about it; a phrase.
    package let next: String?
    /// Whose answer it is; nil for the site that was asked.
    package var site: SiteID?

    /// Somebody uses an idempotency key for another request than before, or under another grant
    /// (draft-ietf-httpapi-idempotency-key-header §2.7).
    package static func reused(key: String) -> Self {
        Self(
            .keyReused,
            "the idempotency key \(key.quoted) was used for another request, or under another grant",
            next: "use a new key for a new request")
    }

    package init(_ code: Code, _ message: String, next: String? = nil, site: SiteID? = nil) {
        self.code = code
        self.message = message
        self.next = next
        self.site = site
    }
}

extension OperationError.Code {
    /// The status HTTP answers with (RFC 9110 §15; 428 and 429 are RFC 6585).
    package var status: Int {
        switch self {
        case .badRequest: 400
        case .unauthenticated: 401
        case .forbidden: 403
        case .notFound: 404
        case .conflict, .refused: 409
        case .tooLarge: 413
        case .keyReused: 422
        case .unconfirmed: 428
        case .tooMany: 429
        case .cancelled: 499
        case .internalError: 500
        case .notOffered: 501
        case .unavailable: 503
        case .timeout: 504
        }
    }

    /// A few words that name the kind of error.
    package var title: String {
        switch self {
        case .badRequest: "The request is wrong"
        case .unauthenticated: "Not signed in"
        case .forbidden: "Not allowed"
        case .notFound: "Not found"
        case .conflict: "In conflict with the present state"
        case .keyReused: "The key stands for another request"
        case .refused: "The site refuses"
        case .tooLarge: "Too large"
        case .unconfirmed: "Not confirmed"
        case .tooMany: "Too many requests"
        case .cancelled: "Cancelled"
        case .internalError: "Internal error"
        case .notOffered: "Not offered here"
        case .unavailable: "Out of reach for now"
        case .timeout: "No answer in time"
        }
    }
}

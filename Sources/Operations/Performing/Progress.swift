package import CloudModel

/// How far a long operation is.
package struct Progress: Hashable, Sendable {
    package let site: SiteID
    /// What happens now: `machine web-1 is starting`.
    package let text: String
    /// Steps done and steps in all, where they are known.
    package let step: Int?
    package let steps: Int?

    package init(site: SiteID, text: String, step: Int? = nil, of steps: Int? = nil) {
        self.site = site
        self.text = text
        self.step = step
        self.steps = steps
    }
}

/// Takes the progress of one operation; returns when the face has taken it.
package typealias ProgressSink = @Sendable (Progress) async -> Void

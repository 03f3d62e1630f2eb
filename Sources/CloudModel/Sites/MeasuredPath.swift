/// A round trip that a site measured to another.
package struct MeasuredPath: Hashable, Codable, Sendable {
    /// The other end.
    package let site: SiteID
    package let milliseconds: Double

    package init(to site: SiteID, milliseconds: Double) {
        self.site = site
        self.milliseconds = milliseconds
    }
}

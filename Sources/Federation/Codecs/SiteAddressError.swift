/// Why a text is not the address of a site.
package struct SiteAddressError: Error, Hashable, Sendable, CustomStringConvertible {
    package let problem: String

    package var description: String { self.problem }
}

package import CloudModel

extension Audience {
    /// Reads entries such as `tokyo.test:0.7`, `JP`, `workload/db` and `35.68/139.69:2`; without a share each counts
    /// one.
    package init(entries: [String], target: Double? = nil) throws(OperationError) {
        var shares: [Share] = []
        for entry in entries { shares.append(try Self.share(entry)) }
        self.init(shares: shares, target: target)
    }

    private static func share(_ entry: String) throws(OperationError) -> Share {
        var placeText = Substring(entry)
        var weight = 1.0
        if let colon = entry.lastIndex(of: ":") {
            placeText = entry[..<colon]
            let text = entry[entry.index(after: colon)...]
            guard let number = Double(text), number.isFinite, number > 0 else {
                throw OperationError(
                    .badRequest,
                    "audience: the share of \(placeText.quoted) must be a number above zero; \(text.quoted) is not",
                    next: "write PLACE:SHARE, such as JP:0.7")
            }
            weight = number
        }
        guard let place = Self.place(placeText) else {
            throw OperationError(
                .badRequest, "audience: \(placeText.quoted) is no place",
                next:
                    "give a site (tokyo.example), a country (JP), workload/NAME or LATITUDE/LONGITUDE (35.68/139.69)"
            )
        }
        return Share(place: place, weight: weight)
    }

    private static let workloadPrefix = "workload/"

    /// Reads one place; nil if it is none.
    package static func place(_ text: Substring) -> Place? {
        if text.hasPrefix(Self.workloadPrefix) {
            return .workload(String(text.dropFirst(Self.workloadPrefix.count)))
        }
        if let slash = text.firstIndex(of: "/") {
            guard let latitude = Double(text[..<slash]),
                let longitude = Double(text[text.index(after: slash)...])
            else { return nil }
            return Position(latitude: latitude, longitude: longitude).map(Place.position)
        }
        if text.count == 2, text.allSatisfy({ $0.isASCII && $0.isLetter }) {
            return .country(text.uppercased())
        }
        // A site's address has a dot (a domain) or an at sign; `localhost` is the one domain without.
        guard text.contains(".") || text.contains("@") || text == "localhost" else { return nil }
        return .site(SiteID(String(text)))
    }
}

/// What a benchmark looks at in the API's account of a site.
struct SiteView: Decodable, Sendable {
    struct Capacity: Decodable, Sendable {}

    let site: String
    let standing: String?
    let capacity: Capacity?
    let roundTrip: Double?
}

extension Audience.Place {
    /// As people write it: `JP`, `tokyo.example`, `35.68/139.69` or `workload/NAME`.
    package var text: String {
        switch self {
        case .position(let position): "\(position.latitude)/\(position.longitude)"
        case .country(let code): code
        case .site(let site): site.address
        case .workload(let name): "workload/\(name)"
        }
    }
}

/// What a benchmark looks at in the API's account of a workload.
struct WorkloadView: Decodable, Sendable {
    struct Replica: Decodable, Sendable {
        let site: String?
        let machine: String?
        let state: String?
    }

    let state: String
    let reason: String?
    let replicas: [Replica]

    /// The parameters of a small workload of one replica near `audience`.
    static func parameters(name: String, audience: String, image: String) -> [String: String] {
        [
            "name": name, "audience": audience, "image": image, "format": "raw", "vcpus": "1",
            "memory": "64M", "disk": "64M",
        ]
    }
}

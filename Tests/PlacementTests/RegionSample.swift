import CloudModel

/// Measured round trips between a dozen AWS regions: the median over a year, in milliseconds.
///
/// Facts published by cloudping.co, table of 8 April 2022; positions to a tenth of a degree.
enum RegionSample {
    static let positions: [(name: String, latitude: Double, longitude: Double)] = [
        ("us-east-1", 39.0, -77.5),
        ("us-west-2", 45.9, -119.3),
        ("eu-west-1", 53.4, -6.2),
        ("eu-west-3", 48.6, 2.3),
        ("ap-northeast-1", 35.6, 139.7),
        ("ap-northeast-3", 34.7, 135.5),
        ("ap-southeast-1", 1.3, 103.7),
        ("ap-southeast-2", -33.9, 151.2),
        ("ap-south-1", 19.2, 73.0),
        ("sa-east-1", -23.5, -46.8),
        ("af-south-1", -33.9, 18.4),
        ("eu-central-1", 50.1, 8.6),
    ]

    /// Row and column in the order of `positions`; both directions averaged.
    static let milliseconds: [[Double]] = [
        [5, 70, 68, 83, 146, 152, 214, 199, 188, 116, 223, 91],
        [70, 3, 124, 139, 99, 100, 168, 141, 223, 180, 279, 146],
        [68, 124, 2, 19, 202, 208, 181, 257, 123, 179, 160, 26],
        [83, 139, 19, 2, 216, 222, 165, 280, 107, 198, 158, 10],
        [146, 99, 202, 216, 4, 11, 74, 111, 132, 258, 360, 225],
        [152, 100, 208, 222, 11, 2, 72, 120, 126, 264, 366, 226],
        [214, 168, 181, 165, 74, 72, 2, 94, 60, 324, 214, 157],
        [199, 141, 257, 280, 111, 120, 94, 3, 149, 313, 414, 268],
        [188, 223, 123, 107, 132, 126, 60, 149, 2, 302, 165, 122],
        [116, 180, 179, 198, 258, 264, 324, 313, 302, 4, 337, 205],
        [223, 279, 160, 158, 360, 366, 214, 414, 165, 337, 8, 164],
        [91, 146, 26, 10, 225, 226, 157, 268, 122, 205, 164, 3],
    ]
}

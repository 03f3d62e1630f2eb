package import CloudModel

/// Where the people of a country are, roughly.
package enum Countries {
    /// The approximate centre of population, to a tenth of a degree; nil for a code that is not assigned.
    ///
    /// `code` is ISO 3166-1 alpha-2, upper case. Good enough to tell Tokyo's users from Paris's; whoever needs more
    /// states positions.
    package static func position(of code: String) -> Position? {
        self.positions[code]
    }

    /// All codes, in alphabetical order.
    package static var codes: [String] { self.positions.keys.sorted() }

    private static let positions: [String: Position] = {
        var positions: [String: Position] = [:]
        for line in table.split(separator: "\n") {
            for entry in line.split(separator: ";") {
                let fields = entry.split(separator: " ")
                guard fields.count == 3, let latitude = Double(fields[1]), let longitude = Double(fields[2])
                else { continue }
                positions[String(fields[0])] = Position(latitude: latitude, longitude: longitude)
            }
        }
        return positions
    }()

    private static let table = """
        AD 42.5 1.5;AE 25.0 55.2;AF 34.5 68.0;AG 17.1 -61.8;AI 18.2 -63.1;AL 41.2 19.9;AM 40.2 44.5
        AO -9.5 14.0;AQ -77.8 166.7;AR -34.0 -60.5;AS -14.3 -170.7;AT 48.0 15.2;AU -33.0 147.5;AW 12.5 -70.0
        AX 60.2 20.0;AZ 40.4 48.8;BA 44.2 17.9;BB 13.1 -59.6;BD 23.8 90.3;BE 50.9 4.5;BF 12.3 -1.6;BG 42.6 24.5
        BH 26.2 50.6;BI -3.3 29.8;BJ 7.0 2.3;BL 17.9 -62.8;BM 32.3 -64.8;BN 4.9 114.9;BO -17.0 -66.0
        BQ 12.2 -68.3;BR -19.0 -45.5;BS 25.0 -77.4;BT 27.3 89.9;BV -54.4 3.4;BW -23.9 25.9;BY 53.8 27.8;BZ 17.5 -88.5
        CA 46.0 -81.0;CC -12.2 96.8;CD -4.3 21.5;CF 5.3 18.8;CG -4.3 14.9;CH 47.0 8.0;CI 6.3 -4.8;CK -21.2 -159.8
        CL -34.5 -71.0;CM 5.0 11.0;CN 32.5 113.5;CO 5.5 -74.8;CR 9.9 -84.1;CU 22.5 -80.5;CV 15.0 -23.6
        CW 12.1 -68.9;CX -10.4 105.7;CY 34.9 33.2;CZ 49.8 15.6;DE 50.8 9.5;DJ 11.6 43.1;DK 55.8 10.9
        DM 15.4 -61.4;DO 18.7 -70.2;DZ 36.2 3.5;EC -1.5 -79.3;EE 59.0 25.6;EG 30.0 31.2;EH 27.1 -13.2
        ER 15.3 38.9;ES 40.0 -3.0;ET 9.3 39.0;FI 61.5 25.0;FJ -17.9 178.0;FK -51.7 -57.9;FM 6.9 158.2
        FO 62.0 -6.9;FR 47.2 2.7;GA 0.2 10.2;GB 52.6 -1.5;GD 12.1 -61.7;GE 41.9 44.2;GF 4.9 -52.4;GG 49.5 -2.6
        GH 6.4 -0.8;GI 36.1 -5.4;GL 64.2 -51.7;GM 13.4 -16.4;GN 10.2 -12.3;GP 16.2 -61.5;GQ 2.8 9.8;GR 38.7 23.1
        GS -54.3 -36.5;GT 14.9 -90.8;GU 13.5 144.8;GW 11.9 -15.4;GY 6.7 -58.1;HK 22.3 114.2;HM -53.1 73.5
        HN 14.7 -87.3;HR 45.5 16.2;HT 18.8 -72.5;HU 47.3 19.3;ID -6.9 110.5;IE 53.2 -7.0;IL 32.0 34.9
        IM 54.2 -4.5;IN 22.5 79.5;IO -7.3 72.4;IQ 33.2 44.2;IR 34.5 51.8;IS 64.1 -21.7;IT 43.2 11.7;JE 49.2 -2.1
        JM 18.0 -77.0;JO 32.0 36.0;JP 35.6 137.8;KE -0.7 36.6;KG 42.0 74.0;KH 11.8 105.0;KI 1.4 173.0
        KM -11.8 43.4;KN 17.3 -62.7;KP 39.3 126.3;KR 36.7 127.5;KW 29.3 48.0;KY 19.3 -81.3;KZ 47.5 71.5
        LA 17.5 103.5;LB 33.9 35.6;LC 13.9 -61.0;LI 47.2 9.5;LK 7.2 80.4;LR 6.4 -10.3;LS -29.5 27.8
        LT 55.2 24.1;LU 49.6 6.1;LV 56.9 24.5;LY 32.3 15.5;MA 33.3 -6.9;MC 43.7 7.4;MD 47.1 28.7;ME 42.5 19.2
        MF 18.1 -63.1;MG -19.3 47.3;MH 7.1 171.2;MK 41.8 21.5;ML 13.0 -6.7;MM 19.5 95.9;MN 47.7 105.5
        MO 22.2 113.5;MP 15.2 145.7;MQ 14.6 -61.0;MR 17.8 -14.5;MS 16.8 -62.2;MT 35.9 14.5;MU -20.3 57.5
        MV 4.2 73.5;MW -14.3 34.7;MX 20.5 -100.5;MY 3.5 102.5;MZ -17.0 36.3;NA -19.5 16.8;NC -22.2 166.4
        NE 13.7 6.7;NF -29.0 168.0;NG 8.8 6.7;NI 12.4 -86.1;NL 52.1 5.2;NO 60.6 9.5;NP 27.6 85.1;NR -0.5 166.9
        NU -19.1 -169.9;NZ -39.3 175.2;OM 23.4 57.9;PA 8.8 -79.8;PE -10.8 -76.2;PF -17.6 -149.5;PG -6.2 145.2
        PH 13.0 121.7;PK 30.8 71.5;PL 51.8 19.3;PM 46.8 -56.2;PN -25.1 -130.1;PR 18.3 -66.3;PS 31.8 34.9
        PT 39.8 -8.7;PW 7.4 134.5;PY -25.4 -56.8;QA 25.3 51.5;RE -21.1 55.4;RO 45.6 25.3;RS 44.3 20.6
        RU 54.8 49.5;RW -2.0 30.0;SA 24.0 43.5;SB -9.2 160.0;SC -4.6 55.5;SD 14.3 31.8;SE 58.8 15.6;SG 1.3 103.8
        SH -15.9 -5.7;SI 46.1 14.8;SJ 78.2 15.6;SK 48.7 19.2;SL 8.3 -12.2;SM 43.9 12.5;SN 14.6 -16.3;SO 3.5 45.0
        SR 5.8 -55.2;SS 7.0 30.5;ST 0.3 6.7;SV 13.7 -89.1;SX 18.0 -63.1;SY 35.0 37.0;SZ -26.5 31.4;TC 21.8 -72.2
        TD 11.3 16.8;TF -49.4 70.2;TG 7.0 1.1;TH 14.3 101.2;TJ 38.5 69.3;TK -9.2 -171.8;TL -8.7 125.8
        TM 38.3 60.0;TN 35.9 10.2;TO -21.1 -175.2;TR 39.2 32.6;TT 10.6 -61.3;TV -8.5 179.2;TW 24.3 120.9
        TZ -5.8 35.2;UA 48.9 31.6;UG 0.9 32.3;UM 19.3 166.6;US 37.4 -92.3;UY -34.4 -56.0;UZ 40.3 67.7;VA 41.9 12.5
        VC 13.2 -61.2;VE 9.8 -67.8;VG 18.4 -64.6;VI 18.1 -64.8;VN 15.8 106.8;VU -17.2 168.0;WF -13.3 -176.2
        WS -13.8 -171.9;XK 42.6 21.0;YE 14.7 44.5;YT -12.8 45.2;ZA -27.8 28.6;ZM -14.0 28.6;ZW -18.7 30.5
        """
}

/// Certificates for tests alone, good from 2020 to 2120: a root whose key was thrown away, and what
/// it says of `localhost`.
enum TestCertificates {
    static let root = """
        -----BEGIN CERTIFICATE-----
        MIIBKzCB0qADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCVRlc3QgUm9v
        dDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
        VGVzdCBSb290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3ZXPMB8ZOm/V9KZ6
        JQXxOZc81n9AH26ClVrn/nviNWQyjy3EXdDvpAhqJZ3zKho/H6V3kAf3dRaxn3XB
        VMouFaMTMBEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBwyeAm
        GQPErKlbeK7tq8F11700As+HSsbBJkw+gY48RgIhAIHTqmMRj6RwNs4xZrt9XtHR
        b5WipsYMsxrryWRw27o7
        -----END CERTIFICATE-----
        """

    static let localhost = """
        -----BEGIN CERTIFICATE-----
        MIIBRDCB7KADAgECAgECMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCVRlc3QgUm9v
        dDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
        bG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3VBjfeDhK67HIpXV
        0ZCn777aA/YNvQXf8Gr4VtUG5IYQ/K6GD3fky8HTayZ4yM/HBrL6HtSzGBGX/LIA
        RlvgG6MtMCswFAYDVR0RBA0wC4IJbG9jYWxob3N0MBMGA1UdJQQMMAoGCCsGAQUF
        BwMBMAoGCCqGSM49BAMCA0cAMEQCIAOEFzg1QOWU8VxisUJYvTzhDpnLnUCCP+Ee
        USARdyq4AiASAtOiO66aHS/nPntqBQbPb9rg1bRzfBC8PGszZE6tnw==
        -----END CERTIFICATE-----
        """

    static let localhostKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKNttg0eRzytvVikX
        fKxluKgC/x4UMaprhIM6Rs6VbIqhRANCAATdUGN94OErrscildXRkKfvvtoD9g29
        Bd/wavhW1QbkhhD8roYPd+TLwdNrJnjIz8cGsvoe1LMYEZf8sgBGW+Ab
        -----END PRIVATE KEY-----
        """
}

/// Assertions signed once, far from these tests, by a key that was thrown away.
enum SignedAssertion {
    /// The public half of that key.
    static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvKDe1iE+CnNnKHrtMpH1
        CfKVBZnpBBZm7qJIhi9tVyLA5HgtmEEN5avlWomC6TOoh2P0s5W7Pj48G1PUCaN7
        26MDrlKRt32igKM8eQrl6zSNDWmDnX3xk25vUAO+789e6hGM1DaWGn4IJ/pmLunV
        SWZC7qv7GQUGl4MZEMym5ONzhE5FPnBSW1wa97QS7VymITfhcKXaHwCEZmomHYYX
        1aeZVur81gQ7y3aX45ZBAvK4tLC2B4rv0+geqyFVP9QcYzYUwPySMX+7/724KLLQ
        MagblG5gUCUfj6qh/dmSxqlDtfGe9U7UXE1nvaErjIm3J2JBUjvGgJFTTdaTsvOl
        fwIDAQAB
        -----END PUBLIC KEY-----
        """

    /// Good until the year 2100.
    static let good = """
        eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJkZW1vIiwic3ViIjoiZGVtb0BleGFtcGxlLmNvbSIsImF1ZCI6Imh0dHB\
        zOi8vbG9naW4uc2FsZXNmb3JjZS5jb20iLCJleHAiOjQxMDI0NDQ4MDB9.hHH-jt3VLkVTpTtOHh2-lY-a4pa3Rs\
        u8TADKklH37aL6_aPD09-gtJVveHWLo-Mjq1P9EZCY2gH5VAm8VCP1nPA3rBY2dNgrOesVSdomGgO5lFCXYFK2Ti\
        QcH_I6hH_3j8I0buEvqVVAEJ_RqW0P-3JWdC7_LFjL4rbh7gYL06KLDeHV4B-O8bj0u-PH20gN1MibeSIZglF2eJ\
        D7p88kDUWAL3juPR3ThqErU4642hzxXDQYNf9A8nHJiRvURDAZ27j0P-N1befSuhGY-Pp5lSlYBf0iJ_tSgIhdmC\
        3Oa0O1N3pBQNBJstJ0oVJBY8AcInTQegDeFqmNYLwqmJEGNg
        """

    /// Its time was over in 2001.
    static let expired = """
        eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJkZW1vIiwic3ViIjoiZGVtb0BleGFtcGxlLmNvbSIsImF1ZCI6Imh0dHB\
        zOi8vbG9naW4uc2FsZXNmb3JjZS5jb20iLCJleHAiOjEwMDAwMDAwMDB9.aNRn3A_k-KNTtQlJB3XWwrsu9gZjP8\
        ACSe1L8qRdV757eYcoOwe-dKtmw4xIKBwr4Xci-ctm8fFnu0lIfMfH4EnZz7Sw6ZOKgvM26q1_kbX0u8-VOYStug\
        SudWIXldLQktmUoId2yWo4gJMWqgMgolGFzxVHd0ZWSG57XVQNJHsnJy2mADDDGT1foNcpoE3fXWlycXo79HRq5k\
        EdRvrh3Oh8i6DAmyGk5nH3Cqv0Zv5AY88ysYl9K7e1rjQivP5UkZJg_leaqA0jl7vl-07IZ_nQSjTuqKxZLvQtcM\
        I0uv-FtbNvapgy6zAeVZ96vhTFLKk6dGygVscnedgv8I-NQQ
        """

    /// For a user who has approved nothing.
    static let stranger = """
        eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJkZW1vIiwic3ViIjoieEBleGFtcGxlLmNvbSIsImF1ZCI6Imh0dHBzOi8\
        vbG9naW4uc2FsZXNmb3JjZS5jb20iLCJleHAiOjQxMDI0NDQ4MDB9.pyx-46QweAwQizaBq9HK8O5OIEJ2fIGRTq\
        DH2o4p9muxGAZIDumqPeKtFuU1VBw_f-r8IhRgTfXSPHVpzsfvwtNXwMfU7DtPYl_5XucBd0jsyfddLw0YLMZeik\
        EmslwBEODTPfE6MncJtv8SLJ9FCj4aDrTw85N40V5cPJrqlFRxz19x4Z12oCPjsGMaWNfy3EWhZngULpjX46AqZD\
        s0-A6lA-Rgb4t9iBuWU0TyLhX4BLW4-VduDyVlo-4CYsQIa8ANHzNInKU1oLr3t92ekim94vuXiAkhyU-RFZ6ijG\
        d-d7tsqBNDiAZ0mIJ_aRla__314f8swsFKo6Rgp-foJg
        """

    /// For another audience.
    static let misdirected = """
        eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJkZW1vIiwic3ViIjoiZGVtb0BleGFtcGxlLmNvbSIsImF1ZCI6Imh0dHB\
        zOi8vZXhhbXBsZS5jb20iLCJleHAiOjQxMDI0NDQ4MDB9.Nduz2nS0_DQFS0B1seXLsnfPOUbcoepQmGOOjU6HyL\
        Es0dLIKsem_xVNGKm02Crs7h1JujkWx-C0fiY6n-phdoJuqnv0g8aVacHPv0p5e5m8mbA6Tm3jq2VxwdSu-h99S9\
        WEpwvWAry19aoA2mz06EbbeIBkEFESNYh9HU1mdhZhdZgMti3Ubtj0QYruwXVw9MjlM7_64jvCn5eKmGYOC4V9L3\
        FHtnNlaK1AFKk95HXtnBnzZ6jdnS5snpXyP90CcS9cHALgpcc3pLEv5ki_29_D-R8JsH898JIIKGmOm7XlVOEzJF\
        iTUFRN46CLzRfmTkbjVT8o4phYq_x-RMclPw
        """
}

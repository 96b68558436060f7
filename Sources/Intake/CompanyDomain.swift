/// The domain of an e-mail address, where it is a company's own: `ada@mail.example.org` gives
/// `mail.example.org`.
struct CompanyDomain {
    /// The domain, in lower case.
    let text: String

    /// Nil for what is no address, and for one of a provider that gives addresses to anybody.
    init?(_ address: String) {
        guard let sign = address.lastIndex(of: "@") else { return nil }
        var domain = address[address.index(after: sign)...].trimmed.lowercased()
        // As in Ada Byron <ada@example.org>, and as in a name that ends with the root.
        while let last = domain.last, last == ">" || last == "." { domain.removeLast() }
        guard domain.contains("."), !domain.contains(where: \.isWhitespace),
            !Self.freeMail.contains(domain), !Self.isOfFreeFamily(domain)
        else { return nil }
        text = domain
    }

    /// Providers with a domain in each country: `yahoo.co.uk`, `hotmail.fr`.
    private static func isOfFreeFamily(_ domain: String) -> Bool {
        guard let dot = domain.firstIndex(of: ".") else { return false }
        let countries = domain[domain.index(after: dot)...].split(separator: ".")
        return freeFamilies.contains(domain[..<dot]) && countries.count <= 2
            && countries.allSatisfy { $0.count <= 3 }
    }

    private static let freeFamilies: Set<Substring> = [
        "aol", "gmx", "googlemail", "hotmail", "live", "msn", "outlook", "rocketmail", "yahoo",
        "yandex", "ymail",
    ]

    /// Providers of addresses for anybody, and of addresses for an hour.
    private static let freeMail: Set<String> = Set(
        """
        10minutemail.com 126.com 163.com 1und1.de 263.net aim.com aliyun.com alice.it arcor.de
        att.net bellsouth.net bigpond.com bk.ru blueyonder.co.uk bluewin.ch bol.com.br btinternet.com
        btopenworld.com charter.net comcast.net cox.net daum.net duck.com earthlink.net email.com
        email.cz email.de fastmail.com fastmail.fm foxmail.com free.fr freemail.hu freenet.de
        frontier.com gmail.com guerrillamail.com hanmail.net hey.com hispeed.ch hushmail.com
        icloud.com ig.com.br inbox.com inbox.lv inbox.ru interia.pl juno.com kpnmail.nl laposte.net
        libero.it list.ru love.com mac.com mail.com mail.de mail.ee mail.ru mailbox.org mailinator.com
        me.com mindspring.com nate.com naver.com netscape.net netzero.net ntlworld.com o2.pl onet.pl
        optonline.net optusnet.com.au orange.fr pacbell.net planet.nl pm.me posteo.de proton.me
        protonmail.ch protonmail.com qq.com quicknet.nl rambler.ru rediffmail.com rogers.com
        sbcglobal.net seznam.cz sfr.fr shaw.ca sina.cn sina.com sky.com skynet.be sohu.com
        sympatico.ca t-online.de talktalk.net telenet.be telus.net temp-mail.org terra.com.br
        tin.it tiscali.it tuta.com tutanota.com tutanota.de ukr.net uol.com.br usa.net verizon.net
        videotron.ca virgilio.it virgin.net virginmedia.com wanadoo.fr web.de windowslive.com wp.pl
        xs4all.nl xtra.co.nz yeah.net yopmail.com ziggo.nl zoho.com zohomail.com zonnet.nl
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}

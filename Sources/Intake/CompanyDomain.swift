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
            !Self.freeMail.contains(domain), !Self.isOfFreeFamily(domain),
            !Self.isBelowFreeMail(domain)
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

    /// Providers that put a name before their domain, of a region or of a user: `tampabay.rr.com`.
    private static func isBelowFreeMail(_ domain: String) -> Bool {
        freeParents.contains(domain.split(separator: ".").suffix(2).joined(separator: "."))
    }

    private static let freeParents: Set<String> = [
        "anonaddy.com", "anonaddy.me", "mozmail.com", "rr.com",
    ]

    /// Providers of addresses for anybody, of addresses for an hour, and of addresses that hide one.
    private static let freeMail: Set<String> = Set(
        """
        10minutemail.com 126.com 163.com 1und1.de 263.net abv.bg aim.com aleeas.com alice.it
        aliyun.com ameritech.net aon.at arcor.de att.net azet.sk bbox.fr bell.net bellsouth.net
        bigpond.com bk.ru bluewin.ch blueyonder.co.uk bol.com.br btinternet.com btopenworld.com
        cableone.net casema.nl cegetel.net centrum.cz centrum.sk centurylink.net centurytel.net
        charter.net chello.at chello.nl citromail.hu club-internet.fr cogeco.ca comcast.net cox.net
        daum.net docomo.ne.jp duck.com earthlink.net eastlink.ca email.com email.cz email.de
        embarqmail.com ezweb.ne.jp fastmail.com fastmail.fm fastwebnet.it foxmail.com free.fr
        freemail.hu freenet.de frontier.com gmail.com guerrillamail.com hanmail.net hetnet.nl
        hey.com hispeed.ch home.nl hushmail.com i.softbank.jp icloud.com ig.com.br iinet.net.au
        inbox.com inbox.lv inbox.ru interia.eu interia.pl inwind.it iol.it juno.com kpnmail.nl
        laposte.net libero.it list.ru love.com mac.com mail.com mail.de mail.dk mail.ee mail.ru
        mailbox.org mailinator.com me.com mindspring.com nate.com naver.com netcologne.de
        netscape.net netzero.net neuf.fr ntlworld.com numericable.fr o2.pl onet.pl online.no op.pl
        optonline.net optusnet.com.au orange.fr otenet.gr ozemail.com.au pacbell.net passfwd.com
        passinbox.com passmail.com passmail.net planet.nl pm.me post.cz posteo.de
        privaterelay.appleid.com prodigy.net proton.me protonmail.ch protonmail.com qq.com
        quicknet.nl rambler.ru rediffmail.com roadrunner.com rogers.com sapo.pt sasktel.net
        sbcglobal.net seznam.cz sfr.fr shaw.ca simplelogin.co simplelogin.com sina.cn sina.com
        sky.com skynet.be slmail.me snet.net softbank.ne.jp sohu.com suddenlink.net swbell.net
        sympatico.ca t-online.de talktalk.net telefonica.net telenet.be telfort.nl telus.net
        temp-mail.org terra.com.br tin.it tiscali.it tuta.com tutanota.com tutanota.de ukr.net
        unitybox.de uol.com.br upcmail.nl usa.net verizon.net videotron.ca virgilio.it virgin.net
        virginmedia.com vodafonemail.de volny.cz vp.pl wanadoo.fr web.de westnet.com.au
        windowslive.com windstream.net wp.pl xs4all.nl xtra.co.nz yeah.net yopmail.com ziggo.nl
        zoho.com zohomail.com zonnet.nl zoznam.sk
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}

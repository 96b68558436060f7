import Foundation
import SalesforceSimulator
import TestSupport
import Testing

/// Commands on a machine where services are installed: with an /etc, a /var/lib and a systemctl of the
/// test's own, which nobody else sees.
@Suite(.enabled(if: InstalledMachine.isPossible, "needs root"), .timeLimit(.minutes(20)))
struct InstalledServiceTests {
    @Test func `a command in the wrong folder changes no queue and names the service's`()
        async throws
    {
        try await withFixture { fixture in
            let machine = InstalledMachine(fixture)
            let end = try await machine.run(
                """
                leadconvert migrate --db /var/lib/leadconvertd/queue.db
                mkdir elsewhere && cd elsewhere
                for command in pause resume status 'cancel --batch b' 'retry --all-failed' \\
                    'prune --older-than 1d'; do
                    leadconvert $command && exit 1
                    test $? = 66
                done
                ls
                leadconvert enqueue typo.csv && exit 1
                ls
                """)
            #expect(end.code == 0, "\(end.errors)")
            #expect(end.output.isEmpty)
            let path = "\(fixture.folder.path)/elsewhere/queue.db"
            let line = """
                leadconvert: There is no queue \(path). Name another with --db, --org or LEADCONVERT_DB: \
                leadconvertd.service has --db /var/lib/leadconvertd/queue.db.
                """
            #expect(end.errors.components(separatedBy: line).count == 7, "\(end.errors)")
        }
    }

    @Test func `a package that was only installed does not keep users from a queue of their own`()
        async throws
    {
        try await withFixture { fixture in
            let end = try await InstalledMachine(fixture).run(
                """
                as() { setpriv --reuid 4322 --regid 4322 --clear-groups "$@"; }
                printf 'SALESFORCE_LOGIN_URL=https://example.my.salesforce.com\\nSALESFORCE_CLIENT_ID=\\n' \\
                    >/etc/leadconvertd.env
                install -d -o 4322 /mnt/own
                cd /mnt/own
                as leadconvert pause
                rm queue.db*
                printf '%s\\n' "$login" >/etc/leadconvertd.env
                as leadconvert pause && exit 1
                test $? = 66 && test ! -e queue.db
                """)
            #expect(end.code == 0, "\(end.errors)")
            #expect(
                end.errors.hasSuffix(
                    "leadconvertd.service may have --db /var/lib/leadconvertd/queue.db.\n"),
                "\(end.errors)")
        }
    }

    @Test func `a service's settings that are of no use stop no command that needs none of them`()
        async throws
    {
        try await withFixture { fixture in
            let end = try await InstalledMachine(fixture).run(
                """
                export LEADCONVERT_DB=/var/lib/leadconvertd/queue.db
                leadconvert migrate
                echo 'no setting' >/etc/leadconvertd.env
                for command in pause resume status; do leadconvert $command >/dev/null; done
                leadconvert enqueue --lead-id 00Q000000000001 --converted-status Qualified
                echo said >&2
                printf 'leadId,convertedStatus\n00Q000000000002,Qualified\n' | leadconvert enqueue -
                leadconvert check --env-file /etc/leadconvertd.env >/dev/null && exit 1
                test $? = 78
                """)
            #expect(end.code == 0, "\(end.errors)")
            let parts = end.errors.components(separatedBy: "said\n")
            #expect(parts.first?.contains("leadconvertd.env") == false, "\(end.errors)")
            #expect(
                parts.last?.hasPrefix(
                    "It gives no status to rows that name none: /etc/leadconvertd.env: line 1 must be"
                )
                    == true, "\(end.errors)")
        }
    }

    @Test func `a command logs in as the service does, behind sudo`() async throws {
        try await withFixture { fixture in
            let end = try await InstalledMachine(fixture).run(
                """
                printf '%s\\n' "$login" >/etc/leadconvertd.env
                (umask 077; printf demo >/etc/leadconvertd/salesforce_client_secret)
                leadconvert migrate --db /var/lib/leadconvertd/queue.db
                for option in '--env-file /etc/leadconvertd.env' '--db /var/lib/leadconvertd/queue.db'; do
                    leadconvert check $option
                    for command in 'check' 'check --matches' 'enqueue --from-soql SELECT'; do
                        setpriv --reuid 4322 --regid 4321 --clear-groups leadconvert $command $option && exit 1
                        test $? = 77
                    done
                done
                """)
            #expect(end.code == 0, "\(end.errors)")
            #expect(
                end.output.components(separatedBy: "ok    login          a token for").count == 3)
            let said = "Type: sudo leadconvert check --env-file /etc/leadconvertd.env\n"
            #expect(
                end.output.contains("FAIL  settings       Only root may read the secrets of lead"))
            #expect(end.output.contains("do: \(said)"), "\(end.output)")
            #expect(
                end.errors.contains(
                    "Only root may read the secrets of leadconvertd.service. Type: sudo leadconvert check "
                        + "--matches --db /var/lib/leadconvertd/queue.db\n"), "\(end.errors)")
        }
    }

    @Test func `setup restarts a service that runs before it converts a lead through it`()
        async throws
    {
        try await withFixture { fixture in
            let leads = await fixture.simulator.addLeads(2)
            let machine = InstalledMachine(fixture)
            let end = try await machine.run(
                """
                mkfifo /mnt/orders /mnt/opened /mnt/ended
                # It runs the service, as systemd does: apart from those that ask for it.
                while read -r order </mnt/orders && test $order = start; do
                    CREDENTIALS_DIRECTORY=/etc/leadconvertd@acme STATE_DIRECTORY=/var/lib/leadconvertd@acme \\
                        sh -c 'echo $$ >/mnt/pid; exec leadconvertd --env-file /etc/leadconvertd@acme.env 2>&1' |
                        while read -r line; do
                            echo "$line" >&2
                            case $line in *'queue opened'*) echo >/mnt/opened ;; esac
                        done
                    echo >/mnt/ended
                done &
                cat >/mnt/bin/systemctl <<'END'
                #!/bin/sh
                echo "$@" >>/mnt/asked
                case $1 in
                daemon-reload) exit ;;
                is-active) test -e /mnt/pid; exit ;;
                restart) kill $(cat /mnt/pid) && read -r _ </mnt/ended ;;
                esac
                echo start >/mnt/orders
                read -r _ </mnt/opened
                END
                echo demo >/mnt/secret
                setup() {
                    leadconvert setup --org acme --host $host --client-id demo --client-secret-file \\
                        /mnt/secret --converted-status Qualified "$@" </dev/null
                }
                setup --lead-id \(leads[0])
                setup
                # The daemon reads no status, and the time of the file says nothing of its login.
                sed -i /CONVERTED_STATUS/d /etc/leadconvertd@acme.env
                setup
                touch /etc/leadconvertd@acme/salesforce_client_secret
                # Whatever comes after the check, the service has the login that it found right.
                setup --converted-status Nonsense && exit 1
                test $? = 78
                setup --lead-id \(leads[1])
                kill $(cat /mnt/pid) && read -r _ </mnt/ended
                echo stop >/mnt/orders
                cat /mnt/asked
                """)
            #expect(end.code == 0, "\(end.errors)")
            let unit = "leadconvertd@acme.service"
            let asked = [
                "daemon-reload", "is-active --quiet", "start", "daemon-reload", "is-active --quiet",
                "daemon-reload", "is-active --quiet", "daemon-reload", "is-active --quiet",
                "restart", "daemon-reload", "is-active --quiet",
            ].map { $0 == "daemon-reload" ? $0 : "\($0) \(unit)" }
            #expect(end.output.hasSuffix(asked.joined(separator: "\n") + "\n"), "\(end.output)")
            #expect(end.errors.contains("\(unit) runs with the login from before"))
            #expect(end.output.contains("  sudo systemctl enable --now \(unit)\n"))
            #expect(end.output.contains("  sudo systemctl enable \(unit)\n"))
            for lead in leads { #expect(end.output.contains("\(lead) converted: account 001")) }
        }
    }

    @Test func `setup can be run again where each login replaces the refresh token`() async throws {
        try await withFixture {
            $0.rotatesRefreshTokens = true
        } _: { fixture in
            let end = try await InstalledMachine(fixture).run(
                """
                echo demo-refresh-token >/mnt/token
                setup="leadconvert setup --org acme --converted-status Qualified"
                $setup --host $host --client-id demo --refresh-token-file /mnt/token
                $setup
                leadconvert check --org acme --use-refresh-token
                cmp /mnt/token /etc/leadconvertd@acme/salesforce_refresh_token
                stat -c '%a %U' /var/lib/leadconvertd@acme/salesforce_refresh_token
                CREDENTIALS_DIRECTORY=/etc/leadconvertd@acme STATE_DIRECTORY=/var/lib/leadconvertd@acme \\
                    leadconvertd --env-file /etc/leadconvertd@acme.env --until-empty
                """)
            #expect(end.code == 0, "\(end.errors)")
            #expect(
                end.output.components(separatedBy: "ok    login          a token for").count == 4)
            #expect(end.output.hasSuffix("600 leadconvert\n"), "\(end.output)")
        }
    }
}

/// A machine of the test's own: what stands in /etc, /var/lib, /run and /mnt is gone with the script.
struct InstalledMachine {
    static let isPossible: Bool = {
        guard geteuid() == 0,
            let process = try? Process.run(unshare.file, arguments: apart + ["true"])
        else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()
    /// With a /proc of its own: when it ends, whatever it has started ends.
    private static let apart = [
        "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
    ]
    private static let unshare = Program(file: URL(fileURLWithPath: "/usr/bin/unshare"))

    private let fixture: Fixture

    init(_ fixture: Fixture) {
        self.fixture = fixture
    }

    /// Runs a script of the shell there, to its first failure. Of the services' settings it has the
    /// login's, in `$login`.
    func run(_ script: String) async throws -> ProgramEnd {
        let start = """
            set -e
            umask 022
            mount -t tmpfs none /mnt
            mkdir -p /mnt/bin /mnt/lib /mnt/run/systemd/system
            cp -a /etc /mnt/etc
            echo leadconvert:x:4321:4321::/:/bin/false >>/mnt/etc/passwd
            echo leadconvert:x:4321: >>/mnt/etc/group
            for folder in etc run; do mount --bind /mnt/$folder /$folder; done
            mount --bind /mnt/lib /var/lib
            for program in \(Program.helper.path) \(Program.daemon.path); do
                ln -s $program /mnt/bin
            done
            # Nobody's own systemd is asked.
            printf '#!/bin/sh\\nexit 3\\n' >/mnt/bin/systemctl
            chmod 755 /mnt/bin/systemctl
            PATH=/mnt/bin:$PATH
            install -d -m 700 /etc/leadconvertd
            install -d -m 2770 -o leadconvert -g leadconvert /var/lib/leadconvertd

            """
        return try await Self.unshare.run(
            Self.apart + ["sh", "-c", start + script],
            environment: [
                "login": """
                SALESFORCE_LOGIN_URL=\(fixture.simulator.url)
                SALESFORCE_CLIENT_ID=demo
                """,
                "host": fixture.simulator.url,
            ], in: fixture.folder)
    }
}

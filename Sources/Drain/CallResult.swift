import Conversion
import Storage

/// What came of a call, with what it was for.
enum CallResult {
    case conversions(ClaimedCall, Reply<[LeadOutcome]>)
    case verification(ClaimedVerification, Reply<[LeadReading]>)
    case search(ClaimedSearch, Reply<Found>)
    case followUps(ClaimedFollowUps, Reply<[RecordOutcome]>)
    case followUpVerification(ClaimedFollowUps, Reply<[[String]]>)
    case login(Reply<Void>)
    case limits(Reply<Void>)

    /// What a search found, for each that it asked about.
    enum Found {
        case contacts([[FoundContact]])
        case accounts([[RecordID]])
    }

    /// A clear answer, as far as it tells of the way to Salesforce.
    enum Content {
        case converted([LeadOutcome])
        case verified([LeadReading])
        case searched
        case followedUp([RecordOutcome])
        case followUpsRead
        case loggedIn
        case limitsRead
    }

    /// What it tells of the way to Salesforce.
    var reply: Reply<Content> {
        switch self {
        case .conversions(_, let reply): reply.map { .converted($0) }
        case .verification(_, let reply): reply.map { .verified($0) }
        case .search(_, let reply): reply.map { _ in .searched }
        case .followUps(_, let reply): reply.map { .followedUp($0) }
        case .followUpVerification(_, let reply): reply.map { _ in .followUpsRead }
        case .login(let reply): reply.map { .loggedIn }
        case .limits(let reply): reply.map { .limitsRead }
        }
    }
}

extension InFlightCall {
    /// Makes the request and waits for what comes of it.
    /// - Parameter latest: When a conversion, or what follows one, must have left.
    func answer(
        through client: some SalesforceClient, before latest: ContinuousClock.Instant
    ) async -> CallResult {
        switch content {
        case .conversions(let call):
            .conversions(
                call,
                await client.convert(
                    call.jobs.map(\.conversion),
                    call.jobs.first?.policy.options ?? ConvertOptions(), before: latest))
        case .verification(let verification):
            .verification(
                verification, await client.verify(verification.jobs.map(\.job.conversion.leadID)))
        case .search(let search):
            switch search.kind {
            case .contact:
                .search(
                    search, await client.searchContacts(search.contactKeys).map { .contacts($0) })
            case .account:
                .search(search, await client.searchAccounts(search.groupKeys).map { .accounts($0) })
            }
        case .followUps(let call):
            .followUps(
                call,
                call.kind == .set
                    ? await client.update(call.updates, before: latest)
                        .map { call.outcomes(of: $0) }
                    : await client.create(call.followUps.compactMap(\.record), before: latest))
        case .followUpVerification(let verification):
            .followUpVerification(
                verification, await client.find(verification.followUps.compactMap(\.record)))
        case .login: .login(await client.logIn())
        case .limits: .limits(await client.readLimits())
        }
    }

    /// Not sent, where its claim is too old: waiting for a lock on the file, or a machine that was
    /// suspended, may lie between. What is asked after a call counts its lifetime from the claim.
    func tooOld(at now: Moment, _ options: DrainOptions) -> CallResult? {
        guard now.since(startedAt) > options.claimLastsMS else { return nil }
        return switch content {
        case .conversions(let call): .conversions(call, Reply(.refused(.late, .claimTooOld)))
        case .followUps(let call): .followUps(call, Reply(.refused(.late, .claimTooOld)))
        default: nil
        }
    }

    /// When its request must have left: the calls' lifetime counts from there.
    /// - Parameter instant: At most `now`, on the clock that the transport reads.
    func latestSendTime(
        from instant: ContinuousClock.Instant, at now: Moment, _ options: DrainOptions
    ) -> ContinuousClock.Instant {
        let most = options.claimLastsMS + options.connectTimeoutMS
        return instant + .milliseconds(max(0, most - now.since(startedAt)))
    }
}

import Conversion
import Storage

/// A call that is out.
struct InFlightCall {
    enum Content {
        case conversions(ClaimedCall)
        case verification(ClaimedVerification)
        case search(ClaimedSearch)
        case followUps(ClaimedFollowUps)
        /// Whether these notes or tasks are there.
        case followUpVerification(ClaimedFollowUps)
        case login
        case limits
    }

    var callID: Int64
    var startedAt: Moment
    var content: Content
    /// Whether it reads for one lead whose reading failed before while it was alone: that it fails
    /// again says nothing of the org.
    var isApart = false

    /// The call as far as its pace is concerned.
    var paced: PacedCall {
        var paced = PacedCall(
            id: callID, tier: .read, startedAt: startedAt, jobs: subjects, isApart: isApart)
        switch content {
        case .conversions(let call):
            paced.tier = .conversion
            paced.isHalf = call.jobs.first?.split != nil
        case .verification(let verification):
            paced.doubts = verification.jobs.map(\.pacedDoubt)
            paced.sentAt = verification.jobs.map(\.sentAt)
        case .search: break
        case .followUps(let call):
            paced.tier = .followUp
            paced.followUpKind = call.kind
            paced.isHalf = call.followUps.first?.split != nil
        // Numbers of follow-ups are no numbers of jobs, and reads count their failures by those.
        case .followUpVerification: paced.jobs = subjects.map { -$0 }
        case .login: paced.tier = .login
        case .limits: paced.tier = .limits
        }
        return paced
    }

    /// What it asks about or asks for, by number: jobs, groups of leads, or follow-ups.
    var subjects: [Int64] {
        switch content {
        case .conversions(let call): call.jobs.map(\.id)
        case .verification(let verification): verification.jobs.map(\.job.id)
        case .search(let search): search.subjects
        case .followUps(let call), .followUpVerification(let call): call.followUps.map(\.id)
        case .login, .limits: []
        }
    }

    /// What it reads, if it only reads.
    var readKind: ReadKind? {
        switch content {
        case .verification: .verification
        case .search(let search): .search(search.kind)
        case .followUpVerification: .followUpVerification
        case .conversions, .followUps, .login, .limits: nil
        }
    }

    var isConversion: Bool { if case .conversions = content { true } else { false } }
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

extension InDoubtJob {
    fileprivate var pacedDoubt: PacedCall.Doubt {
        switch doubt {
        case .noAnswer: .noAnswer
        case .unlisted: .refused(reason.code)
        case .refused, .crash, .failing, .answered: .other
        }
    }
}

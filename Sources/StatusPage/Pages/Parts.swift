import Conversion
import Storage

/// Failures by code, with a button for each group.
struct FailureTable {
    let context: PageContext
    let groups: [FailureGroup]
    var batch: String?
    let back: String

    var html: HTML {
        guard !groups.isEmpty else { return "<p class=\"quiet\">No lead has failed.</p>" }
        let all = groups.reduce(0) { $0 + $1.leads }
        return """
            <table class="list failures"><caption class="hidden">Failed leads by code</caption>\
            <thead><tr><th scope="col">Code</th><th scope="col" class="number">Leads</th>\
            <th scope="col">For example</th><th scope="col">Last</th>\
            <th scope="col"><span class="hidden">Actions</span></th></tr></thead>\
            <tbody>\(groups.map(row))</tbody></table>\
            \(groups.count > 1 ? retryAll(all) : .none)
            """
    }

    private func row(_ group: FailureGroup) -> HTML {
        let code = group.code ?? "no code"
        return """
            <tr><th scope="row"><a href="\(Link.failures(group.part, group.code, batch: batch))">\
            <bdi class="code">\(code)</bdi></a>\(group.part.label)</th>\
            <td class="number">\(group.leads.grouped)<span class="unit"> leads</span></td>\
            <td class="message"><bdi>\(group.example ?? "")</bdi></td>\
            <td class="when">\(group.lastAt?.html(on: context.now) ?? .none)</td>\
            <td class="actions">\(retry(group))</td></tr>
            """
    }

    private func retry(_ group: FailureGroup) -> HTML {
        guard let code = group.code else { return .none }
        return ActionButton(
            context: context,
            operation: .init(.retry, .code(code, batch: batch, part: group.part)), label: "Retry",
            description: "Retry \(group.leads.counted("lead")) that failed with \(code)"
                + group.part.words,
            back: back
        ).html
    }

    private func retryAll(_ leads: Int) -> HTML {
        ActionButton(
            context: context, operation: .init(.retry, batch.map { .batch($0) } ?? .allFailed),
            label: "Retry all \(leads.grouped)",
            description: "Retry all \(leads.counted("lead")) that failed",
            back: back
        ).html
    }
}

extension FailedPart {
    /// What a code in a list says of, where that is not the conversion.
    var label: HTML { self == .followUp ? " <small>after the conversion</small>" : .none }

    /// The same, behind what is said of leads.
    var words: String { self == .followUp ? " after the conversion" : "" }
}

/// What a batch has come to.
struct BatchBar {
    let batch: BatchSummary

    var html: HTML {
        PartsBar(parts: [
            .init(kind: "converted", name: "converted", count: batch.converted),
            .init(kind: "failed", name: "failed", count: batch.failed),
            .init(
                kind: "quiet", name: "cancelled or pruned", count: batch.cancelled + batch.pruned),
            .init(kind: "queued", name: "to go", count: batch.unsettled),
        ]).html
    }
}

/// What can be done to a batch.
struct BatchButtons {
    let context: PageContext
    let batch: BatchSummary
    let back: String
    /// Whether what can't be taken back is offered, too.
    var isComplete = false

    var html: HTML {
        var buttons: [HTML] = []
        let failed = batch.failed + batch.failedFollowUps
        if failed > 0 {
            buttons.append(
                button(
                    .retry, "Retry failed",
                    "Retry \(failed.counted("lead")) of batch \(batch.name) that failed"))
        }
        if batch.isPaused {
            buttons.append(button(.resume, "Resume", "Resume batch \(batch.name)"))
        } else if batch.unsettled > 0 {
            buttons.append(button(.pause, "Pause", "Pause batch \(batch.name)"))
        }
        if isComplete, batch.unsettled > 0 {
            buttons.append(
                button(.cancel, "Cancel", "Cancel what was not sent of batch \(batch.name)"))
        }
        return "\(buttons)"
    }

    private func button(
        _ action: PageOperation.Action, _ label: String, _ description: String
    ) -> HTML {
        ActionButton(
            context: context, operation: .init(action, .batch(batch.name)), label: label,
            description: description, back: back
        ).html
    }
}

/// A list of jobs, with a link to the rest.
struct JobTable {
    let context: PageContext
    let jobs: [JobSummary]
    let back: String
    /// The address of what follows; nil at the end.
    var next: String?

    var html: HTML {
        guard !jobs.isEmpty else { return "<p class=\"quiet\">There are none.</p>" }
        return """
            <table class="list"><caption class="hidden">Leads</caption><thead><tr>\
            <th scope="col">Lead</th><th scope="col">State</th><th scope="col">Batch</th>\
            <th scope="col">What it came to</th><th scope="col">When</th>\
            <th scope="col"><span class="hidden">Actions</span></th></tr></thead>\
            <tbody>\(jobs.map(row))</tbody></table>\
            \(next.map { "<p><a class=\"more\" href=\"\($0)\">More</a></p>" } ?? .none)
            """
    }

    private func row(_ job: JobSummary) -> HTML {
        """
        <tr><th scope="row"><a href="\(Link.lead(job.lead))"><code>\(job.lead)</code></a></th>\
        <td><span class="pill \(Labels.kind(of: job.state))">\(job.state.rawValue)</span></td>\
        <td>\(batch(job))</td><td class="message">\(result(job))</td>\
        <td class="when">\((job.finishedAt ?? job.runAt)?.html(on: context.now) ?? .none)</td>\
        <td class="actions">\(JobButtons(context: context, job: job, back: back).html)</td></tr>
        """
    }

    private func batch(_ job: JobSummary) -> HTML {
        job.batch.map { "<a href=\"\(Link.batch($0))\"><bdi>\($0)</bdi></a>" } ?? .none
    }

    private func result(_ job: JobSummary) -> HTML {
        if let code = job.code {
            return "<b class=\"code\">\(code)</b> <bdi>\(job.message ?? "")</bdi>"
        }
        let ids = [job.accountID, job.contactID, job.opportunityID].compactMap { $0 }
        return "<code>\(ids.joined(separator: " "))</code>"
    }
}

/// What can be done to a job.
struct JobButtons {
    let context: PageContext
    let job: JobSummary
    let back: String

    var html: HTML {
        switch job.state {
        case .failed: button(.retry, "Retry")
        case .converted where job.hasFailedFollowUp: button(.retry, "Retry what follows")
        case .queued, .held: button(.cancel, "Cancel")
        default: .none
        }
    }

    private func button(_ action: PageOperation.Action, _ label: String) -> HTML {
        ActionButton(
            context: context, operation: .init(action, .job(job.id)), label: label,
            description: "\(label) lead \(job.lead)", back: back
        ).html
    }
}

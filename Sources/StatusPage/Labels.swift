import Conversion

/// What the words of our tables are called on the page, and which colour they have.
enum Labels {
    static func outcome(_ outcome: String) -> String {
        switch outcome {
        case "already_converted": "converted already by someone else"
        case "retry": "put off"
        case "unknown": "no clear answer"
        case "not_sent": "took no effect"
        case "not_converted": "read as not converted"
        case "not_found": "not found"
        default: outcome
        }
    }

    /// The class of an outcome in the style sheet.
    static func kind(ofOutcome outcome: String?) -> String {
        switch outcome {
        case nil: "flight"
        case "converted", "already_converted", "done": "converted"
        case "failed": "failed"
        case "retry": "retried"
        default: "unclear"
        }
    }

    /// The class of a state in the style sheet.
    static func kind(of state: JobState) -> String {
        switch state {
        case .converted: "converted"
        case .failed: "failed"
        case .queued: "queued"
        case .sending, .verifying, .finishing: "flight"
        case .held, .cancelled: "quiet"
        }
    }

    /// What somebody did, after their name.
    static func action(_ action: String) -> String {
        switch action {
        case "retry": "retried"
        case "cancel": "cancelled"
        case "pause": "paused"
        case "resume": "resumed"
        case "prune": "pruned"
        default: action
        }
    }
}

-- The queue of leads to convert, and the record of what became of each.
--
-- To have a lead converted, insert a row into jobs. The least that works:
--
--     INSERT INTO jobs (lead_id, converted_status)
--     VALUES ('00QWs000001AbcDMAS', 'Closed - Converted');
--
-- You may also give: do_not_create_opportunity (0/1), opportunity_name, opportunity_id, account_id,
-- contact_id, owner_id, overwrite_lead_source (0/1), send_notification_email (0/1), batch_id,
-- position (its place in the batch), policy, priority (higher first), run_at (not before), group_key,
-- match_email, match_account (0/1), related_person_account_id;
-- and for what follows the conversion after_set, note_body, note_title, note_on,
-- task_subject, task_due; and extra, for an Apex action.
--
-- Leads of one company that each make an account make as many accounts. Give them the same
-- group_key, any text: the first that is converted makes the account, the others wait for it and
-- join it, those that are inserted later, too, until the converted ones are pruned: match_account finds
-- the account also then. An account_id that you give stays.
--
-- Two keys are the same if they differ in nothing but the case of the letters A to Z: ACME and Acme
-- are one group, MÜLLER and Müller are two. The same holds for the addresses of match_email. Both must
-- be UTF-8 without a NUL.
--
-- At one priority each call is shared equally among the batches that have leads due, what one can't
-- use goes to the others, and leads without a batch count as one batch; within a batch the order is
-- priority, run_at, id.
--
-- Give match_email, an e-mail address, and not contact_id: before the lead is converted, contacts of
-- that address are searched for, those of account_id if it is given. One: the lead is converted into
-- it and its account. None: a new contact is made. More, or one that has no account: the job fails
-- and names them; correct that in Salesforce, then retry. Leads of one address wait for each
-- other, because the first of them may make the contact that the others join.
--
-- Give match_account = 1 beside a group_key, and not account_id: before the first lead of the group is
-- converted, accounts are searched for whose name (or LEADCONVERT_MATCH_ACCOUNT_FIELD) is that key. One:
-- the group joins it. None: the first lead makes it. More: the job fails and names them. A lead that
-- has a match_email, too, has its contact searched for first, which brings its account. The columns
-- on_many_matches and on_no_match of policies change what becomes of many, and of none.
--
-- What is to follow once the lead is converted:
--   after_set     fields of the account, contact or opportunity that came of it, as JSON:
--                 {"Opportunity": {"StageName": "Discovery", "Amount": 5000}}; null empties a field
--   note_body     a note with this text, on the contact or on what note_on says (contact, account,
--                 opportunity), titled note_title or else its first line
--   task_subject  a task about the contact and the opportunity or else the account, due task_due
--                 (YYYY-MM-DD)
-- The job is finishing meanwhile. What fails of it for good leaves the job converted, with
-- after_code and after_message; leadconvert retry goes on with what is missing.
--
-- extra holds inputs of your own for an Apex action, as JSON: {"noteBody": "..."}.
--
-- The other columns are the daemon's; read them, don't write them.
--
-- Correct match_email or group_key of a job that is not in flight, and what was found by the old one is
-- forgotten: it is searched for again.
--
-- A job in flight, whose call may be running at Salesforce or be in doubt, stays as it is: it can't be
-- replaced or deleted, nor can what it asks for be changed, until it is settled.
-- To give up what is still to follow a conversion: UPDATE follow_ups SET state = 'failed'
-- WHERE job_id = ... AND state IN ('waiting', 'verifying').
--
-- A lead has one unsettled job at a time. A second INSERT for it fails; INSERT OR IGNORE skips it,
-- but it skips a row that breaks a rule just as silently, so load with plain INSERT. Load very many in
-- one transaction, after PRAGMA temp_store = MEMORY: without it SQLite comes to write each row's undo
-- to a file, which takes a quarter more time.
-- Ids have 15 or 18 characters; the 15-character form is completed to 18.
-- Times are UTC text like 2026-11-22T07:31:48.123Z; in SQL:
-- strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+15 minutes').
-- The rules are named constraints: what is refused says why.
--
-- To see what happened: SELECT * FROM run_history; failures; failures_by_code; batch_progress;
-- usage_by_hour. Who retried, cancelled, paused, resumed or pruned: SELECT * FROM operations.

PRAGMA application_id = 0x4C434E56;

CREATE TABLE policies (
    name TEXT NOT NULL PRIMARY KEY
        CONSTRAINT policy_name_must_not_be_empty CHECK (trim(name) <> '')
        CONSTRAINT policy_name_must_hold_no_nul CHECK (instr(name, char(0)) = 0),
    max_attempts INTEGER NOT NULL DEFAULT 5
        CONSTRAINT max_attempts_must_be_1_to_100 CHECK (max_attempts BETWEEN 1 AND 100),
    base_delay_ms INTEGER NOT NULL DEFAULT 10000
        CONSTRAINT base_delay_ms_must_be_0_to_one_day CHECK (base_delay_ms BETWEEN 0 AND 86400000),
    factor REAL NOT NULL DEFAULT 2
        CONSTRAINT factor_must_be_1_to_100 CHECK (factor BETWEEN 1 AND 100),
    max_delay_ms INTEGER NOT NULL DEFAULT 900000
        CONSTRAINT max_delay_ms_must_be_0_to_30_days CHECK (max_delay_ms BETWEEN 0 AND 2592000000),
    jitter REAL NOT NULL DEFAULT 0.5
        CONSTRAINT jitter_must_be_0_to_1 CHECK (jitter BETWEEN 0 AND 1),
    on_failure TEXT NOT NULL DEFAULT 'continue'
        CONSTRAINT on_failure_must_be_continue_or_pause CHECK (on_failure IN ('continue', 'pause')),
    allow_duplicates INTEGER NOT NULL DEFAULT 0
        CONSTRAINT allow_duplicates_must_be_0_or_1 CHECK (allow_duplicates IN (0, 1)),
    -- What becomes of a lead that a duplicate rule stops: allow passes rules that only warn, as
    -- allow_duplicates = 1 does; join converts it into the one record that the rule names.
    on_duplicates TEXT NOT NULL DEFAULT 'fail'
        CONSTRAINT on_duplicates_must_be_fail_allow_or_join
            CHECK (on_duplicates IN ('fail', 'allow', 'join')),
    -- Of several contacts, or accounts, that match: which one is meant.
    on_many_matches TEXT NOT NULL DEFAULT 'fail'
        CONSTRAINT on_many_matches_must_be_fail_oldest_or_newest
            CHECK (on_many_matches IN ('fail', 'oldest', 'newest')),
    -- Whether a lead that matches nothing makes new records.
    on_no_match TEXT NOT NULL DEFAULT 'create'
        CONSTRAINT on_no_match_must_be_create_or_fail CHECK (on_no_match IN ('create', 'fail')),
    -- The user who owns the new records where a queue or an inactive user owns the lead.
    fallback_owner TEXT
        CONSTRAINT fallback_owner_must_be_the_id_of_a_user_005
            CHECK (fallback_owner GLOB '005*' AND length(fallback_owner) IN (15, 18)
                AND fallback_owner NOT GLOB '*[^A-Za-z0-9]*'),
    suppress_feed INTEGER NOT NULL DEFAULT 0
        CONSTRAINT suppress_feed_must_be_0_or_1 CHECK (suppress_feed IN (0, 1)),
    truncate_fields INTEGER NOT NULL DEFAULT 0
        CONSTRAINT truncate_fields_must_be_0_or_1 CHECK (truncate_fields IN (0, 1))
) STRICT;

INSERT INTO policies (name) VALUES ('default');

-- The two columns say the same, and the last word counts.
CREATE TRIGGER policies_say_once_what_becomes_of_duplicates
AFTER UPDATE OF allow_duplicates, on_duplicates ON policies
WHEN NEW.allow_duplicates <> (NEW.on_duplicates = 'allow')
BEGIN
    UPDATE policies SET
        allow_duplicates = CASE WHEN NEW.on_duplicates = OLD.on_duplicates
            THEN allow_duplicates ELSE on_duplicates = 'allow' END,
        on_duplicates = CASE WHEN NEW.on_duplicates <> OLD.on_duplicates THEN on_duplicates
            WHEN NEW.allow_duplicates THEN 'allow' ELSE 'fail' END
    WHERE name = NEW.name;
END;

CREATE TRIGGER policies_say_once_what_becomes_of_duplicates_when_inserted AFTER INSERT ON policies
WHEN NEW.allow_duplicates <> (NEW.on_duplicates = 'allow')
BEGIN
    -- A word that was written says more than a number: only 'fail' may be just the default.
    UPDATE policies SET allow_duplicates = (on_duplicates <> 'join'),
        on_duplicates = iif(on_duplicates = 'join', 'join', 'allow')
    WHERE name = NEW.name;
END;

CREATE TRIGGER policies_default_stays_deleted BEFORE DELETE ON policies WHEN OLD.name = 'default'
BEGIN
    SELECT RAISE(ABORT, 'policy_default_must_stay: change its columns instead');
END;

CREATE TRIGGER policies_default_stays_named BEFORE UPDATE OF name ON policies
WHEN OLD.name = 'default' AND NEW.name <> 'default'
BEGIN
    SELECT RAISE(ABORT, 'policy_default_must_stay: change its other columns instead');
END;

CREATE TABLE batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL
        CONSTRAINT batch_name_must_be_new UNIQUE
        CONSTRAINT batch_name_must_not_be_empty CHECK (trim(name) <> '')
        CONSTRAINT batch_name_must_hold_no_nul CHECK (instr(name, char(0)) = 0),
    policy TEXT,
    -- Written by leadconvert pause and resume, which hold and release its jobs.
    paused INTEGER NOT NULL DEFAULT 0
        CONSTRAINT paused_must_be_0_or_1 CHECK (paused IN (0, 1)),
    -- The job whose failure paused it; null if somebody did.
    paused_by INTEGER,
    -- The last of its jobs that the daemon has held for that; null once it has held all.
    held_up_to INTEGER,
    total INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    finished_at TEXT,

    -- A program with its arguments, which the daemon runs without a shell whenever the batch has
    -- finished; it runs as the daemon's user (see LEADCONVERT_HOOKS in the manual).
    on_finish TEXT
        CONSTRAINT on_finish_must_not_be_empty CHECK (trim(on_finish) <> '')
        CONSTRAINT on_finish_must_hold_no_nul CHECK (instr(on_finish, char(0)) = 0),
    -- How often it was started; and of its run for the latest finish: begin, end, and the status as
    -- a shell tells it (128 + N: ended by signal N; 124: out of time; 126: not started; 127: not
    -- found), with the reason where there is more to say.
    on_finish_runs INTEGER NOT NULL DEFAULT 0,
    on_finish_started_at TEXT,
    on_finish_finished_at TEXT,
    on_finish_exit INTEGER
        CONSTRAINT on_finish_exit_must_be_0_to_255 CHECK (on_finish_exit BETWEEN 0 AND 255),
    on_finish_message TEXT,

    CONSTRAINT on_finish_exit_must_come_with_on_finish_finished_at
        CHECK ((on_finish_exit IS NULL) = (on_finish_finished_at IS NULL))
) STRICT;

CREATE INDEX batches_with_a_command_to_run ON batches (finished_at)
    WHERE on_finish IS NOT NULL AND finished_at IS NOT NULL AND on_finish_finished_at IS NULL;

CREATE INDEX batches_unfinished ON batches (id) WHERE finished_at IS NULL;

CREATE INDEX batches_to_hold ON batches (id) WHERE held_up_to IS NOT NULL;

CREATE TRIGGER batches_with_jobs_stay BEFORE DELETE ON batches
WHEN EXISTS (SELECT 1 FROM jobs WHERE batch_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'batch_with_jobs_must_stay: prune its jobs first');
END;

CREATE TRIGGER batches_with_jobs_stay_when_another_is_inserted BEFORE INSERT ON batches
WHEN EXISTS (
    SELECT 1 FROM jobs WHERE batch_id IN (NEW.id, (SELECT id FROM batches WHERE name = NEW.name)))
BEGIN
    INSERT OR IGNORE INTO replacements (batch) VALUES (1);
END;

CREATE TRIGGER batches_with_jobs_keep_their_id BEFORE UPDATE OF id ON batches
WHEN NEW.id <> OLD.id AND EXISTS (SELECT 1 FROM jobs WHERE batch_id IN (OLD.id, NEW.id))
BEGIN
    SELECT RAISE(ABORT, 'batch_with_jobs_must_stay: its id must not change');
END;

CREATE TRIGGER batches_take_no_name_of_another BEFORE UPDATE OF name ON batches
WHEN EXISTS (SELECT 1 FROM batches WHERE name = NEW.name AND id <> OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'batch_name_must_be_new: there is another of that name');
END;

CREATE TABLE jobs (
    -- The number after the greatest that SQLite knows there is none.
    id INTEGER PRIMARY KEY AUTOINCREMENT
        CONSTRAINT id_must_be_1_to_a_million_times_a_billion CHECK (id BETWEEN 1 AND 1000000000000000),

    -- IS NULL stands first, here and below: for a column that a row does not give, no function is called.
    lead_id TEXT NOT NULL,
    converted_status TEXT NOT NULL
        CONSTRAINT converted_status_must_not_be_empty CHECK (trim(converted_status) <> '')
        CONSTRAINT converted_status_must_hold_no_nul CHECK (instr(converted_status, char(0)) = 0)
        -- As long as a value of a picklist can be.
        CONSTRAINT converted_status_must_have_255_characters_at_most
            CHECK (length(converted_status) <= 255),
    do_not_create_opportunity INTEGER NOT NULL DEFAULT 0
        CONSTRAINT do_not_create_opportunity_must_be_0_or_1 CHECK (do_not_create_opportunity IN (0, 1)),
    -- Longer than any name in Salesforce, and short enough for a call of a hundred.
    opportunity_name TEXT
        CONSTRAINT opportunity_name_must_have_1000_characters_at_most
            CHECK (opportunity_name IS NULL OR length(opportunity_name) <= 1000)
        CONSTRAINT opportunity_name_must_hold_no_nul
            CHECK (opportunity_name IS NULL OR instr(opportunity_name, char(0)) = 0),
    opportunity_id TEXT,
    account_id TEXT,
    contact_id TEXT,
    owner_id TEXT,
    overwrite_lead_source INTEGER NOT NULL DEFAULT 0
        CONSTRAINT overwrite_lead_source_must_be_0_or_1 CHECK (overwrite_lead_source IN (0, 1)),
    send_notification_email INTEGER NOT NULL DEFAULT 0
        CONSTRAINT send_notification_email_must_be_0_or_1 CHECK (send_notification_email IN (0, 1)),
    batch_id INTEGER,
    position INTEGER
        CONSTRAINT position_must_be_within_a_million_times_a_billion
            CHECK (position BETWEEN -1000000000000000 AND 1000000000000000),
    policy TEXT,
    priority INTEGER NOT NULL DEFAULT 0,
    run_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        -- Years before 0000 are written with a sign, and would sort wrongly.
        CONSTRAINT run_at_must_be_in_the_years_0000_to_9999 CHECK (run_at GLOB '[0-9]*')
        -- '+0 days', or 30 February and 24 o'clock would be taken as they are written.
        CONSTRAINT run_at_must_be_utc_like_2026_11_22T07_31_48_123Z
            CHECK (strftime('%Y-%m-%dT%H:%M:%fZ', run_at, '+0 days') IS run_at),

    -- A to Z and a to z are the same: Acme = ACME.
    group_key TEXT COLLATE NOCASE
        CONSTRAINT group_key_must_not_be_empty CHECK (group_key IS NULL OR trim(group_key) <> '')
        CONSTRAINT group_key_must_have_255_characters_at_most
            CHECK (group_key IS NULL OR length(group_key) <= 255)
        CONSTRAINT group_key_must_hold_no_nul
            CHECK (group_key IS NULL OR instr(group_key, char(0)) = 0),
    match_email TEXT COLLATE NOCASE
        CONSTRAINT match_email_must_not_be_empty CHECK (match_email IS NULL OR match_email <> '')
        CONSTRAINT match_email_must_hold_no_nul
            CHECK (match_email IS NULL OR instr(match_email, char(0)) = 0)
        CONSTRAINT match_email_must_be_an_address_like_ada_at_example_org CHECK (match_email IS NULL OR
            match_email LIKE '%_@_%' AND match_email NOT GLOB '*[' || char(1) || '- ]*')
        -- Longer than any address in Salesforce.
        CONSTRAINT match_email_must_have_80_characters_at_most
            CHECK (match_email IS NULL OR length(match_email) <= 80),

    -- OR and not IN, here and below: for an IN of more than two, SQLite makes a table for each row.
    state TEXT NOT NULL DEFAULT 'queued' CONSTRAINT state_must_be_one_of_the_eight CHECK (
        state = 'queued' OR state = 'sending' OR state = 'verifying' OR state = 'held'
        OR state = 'converted' OR state = 'failed' OR state = 'cancelled' OR state = 'finishing'),
    attempts INTEGER NOT NULL DEFAULT 0
        CONSTRAINT attempts_must_be_0_to_1000000 CHECK (attempts BETWEEN 0 AND 1000000),
    result_account_id TEXT,
    result_contact_id TEXT,
    result_opportunity_id TEXT,
    error_code TEXT,
    error_message TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    finished_at TEXT,

    -- The call it is in, or was in last.
    call_id INTEGER,
    -- The number of that attempt in the run log, where it has no row in run_log_rows.
    log_id INTEGER,
    -- Why it is verifying: no_answer to its call, crash of the daemon, answered without a word on what
    -- it did, refused as converted already, or failing: refused for good, and read once before it fails.
    doubt TEXT CONSTRAINT doubt_must_be_one_of_the_six CHECK (
        doubt = 'no_answer' OR doubt = 'crash' OR doubt = 'answered' OR doubt = 'refused'
        OR doubt = 'unlisted' OR doubt = 'failing'),
    -- Whether a call without a clear answer carried it: that call may have converted it.
    may_be_converted INTEGER NOT NULL DEFAULT 0
        CONSTRAINT may_be_converted_must_be_0_or_1 CHECK (may_be_converted IN (0, 1)),
    -- Leads of a call that failed as a whole go on in halves, each half with a number of its own.
    split INTEGER,
    -- What looking for its contact came to; with contact, contact_id was put in by us, with account
    -- (a person account, which is its own contact) account_id, with contact_and_account both.
    matched TEXT CONSTRAINT matched_must_be_nothing_contact_account_or_contact_and_account CHECK (
        matched = 'nothing' OR matched = 'contact' OR matched = 'account'
        OR matched = 'contact_and_account'),
    -- Why it was put aside, so that a claim need not look at it again and again: 'time', its own; or
    -- 'account ...', 'group ...', 'address ...', those in use; or 'maker ...', the group whose account is
    -- about to be made. Null is not put aside.
    deferred_for TEXT,

    related_person_account_id TEXT,
    match_account INTEGER NOT NULL DEFAULT 0
        CONSTRAINT match_account_must_be_0_or_1 CHECK (match_account = 0 OR match_account = 1),
    -- What the search for its account came to; with account, account_id was put in by us.
    matched_account TEXT CONSTRAINT matched_account_must_be_nothing_or_account
        CHECK (matched_account = 'nothing' OR matched_account = 'account'),
    -- When that was searched for, or its contact: what was found long ago is searched for again.
    matched_at TEXT,
    -- Whether account_id was put in by us because a lead of the group had made or joined it.
    joined_account INTEGER NOT NULL DEFAULT 0
        CONSTRAINT joined_account_must_be_0_or_1 CHECK (joined_account IN (0, 1)),
    -- The account of its group that it was refused with, and went again without.
    dropped_account_id TEXT,
    -- The contact that a duplicate rule named, into which the lead goes once its account is known.
    duplicate_contact_id TEXT,
    -- Whether it was sent again to join what a duplicate rule named: that is done once.
    joins_duplicate INTEGER NOT NULL DEFAULT 0
        CONSTRAINT joins_duplicate_must_be_0_or_1 CHECK (joins_duplicate IN (0, 1)),
    -- Whether its lead's own owner can't own what is made of it.
    needs_fallback_owner INTEGER NOT NULL DEFAULT 0
        CONSTRAINT needs_fallback_owner_must_be_0_or_1 CHECK (needs_fallback_owner IN (0, 1)),

    -- What follows the conversion, and why some of it failed.
    after_set TEXT CONSTRAINT after_set_must_be_a_json_object CHECK (CASE
        WHEN after_set IS NULL THEN 1
        WHEN json_valid(after_set) THEN json_type(after_set) = 'object' ELSE 0 END)
        CONSTRAINT after_set_must_hold_no_nul
            CHECK (after_set IS NULL OR instr(after_set, char(0)) = 0)
        CONSTRAINT after_set_must_have_100000_characters_at_most CHECK (length(after_set) <= 100000),
    note_title TEXT
        CONSTRAINT note_title_must_not_be_empty CHECK (note_title IS NULL OR trim(note_title) <> '')
        CONSTRAINT note_title_must_hold_no_nul
            CHECK (note_title IS NULL OR instr(note_title, char(0)) = 0)
        CONSTRAINT note_title_must_have_255_characters_at_most CHECK (length(note_title) <= 255)
        CONSTRAINT note_title_needs_note_body CHECK (note_title IS NULL OR note_body IS NOT NULL),
    note_body TEXT CONSTRAINT note_body_must_not_be_empty
            CHECK (note_body IS NULL OR trim(note_body) <> '')
        CONSTRAINT note_body_must_hold_no_nul
            CHECK (note_body IS NULL OR instr(note_body, char(0)) = 0)
        -- Of text that a note is likely to have, a call can carry two hundred: Salesforce takes 50 MB.
        CONSTRAINT note_body_must_have_100000_characters_at_most CHECK (length(note_body) <= 100000),
    note_on TEXT
        CONSTRAINT note_on_must_be_contact_account_or_opportunity CHECK (
            note_on = 'contact' OR note_on = 'account' OR note_on = 'opportunity')
        CONSTRAINT note_on_needs_note_body CHECK (note_on IS NULL OR note_body IS NOT NULL),
    task_subject TEXT CONSTRAINT task_subject_must_not_be_empty
            CHECK (task_subject IS NULL OR trim(task_subject) <> '')
        CONSTRAINT task_subject_must_hold_no_nul
            CHECK (task_subject IS NULL OR instr(task_subject, char(0)) = 0)
        CONSTRAINT task_subject_must_have_1000_characters_at_most CHECK (length(task_subject) <= 1000),
    task_due TEXT
        CONSTRAINT task_due_must_be_a_day_like_2026_11_22
            CHECK (task_due IS NULL OR date(task_due, '+0 days') IS task_due)
        CONSTRAINT task_due_needs_task_subject CHECK (task_due IS NULL OR task_subject IS NOT NULL),
    extra TEXT CONSTRAINT extra_must_be_a_json_object CHECK (CASE
        WHEN extra IS NULL THEN 1
        WHEN json_valid(extra) THEN json_type(extra) = 'object' ELSE 0 END)
        CONSTRAINT extra_must_hold_no_nul CHECK (extra IS NULL OR instr(extra, char(0)) = 0)
        CONSTRAINT extra_must_have_20000_characters_at_most CHECK (length(extra) <= 20000),
    after_code TEXT,
    after_message TEXT,

    -- 0 for the last job of its lead; those before it have their own numbers here.
    superseded INTEGER NOT NULL DEFAULT 0
        CONSTRAINT superseded_must_be_0_or_the_number_of_the_job
            CHECK (superseded = 0 OR superseded = id),

    CONSTRAINT lead_id_must_be_the_id_of_a_lead_00Q CHECK (lead_id GLOB '00Q*'),
    CONSTRAINT lead_id_must_have_15_or_18_letters_and_digits
        CHECK (length(lead_id) IN (15, 18) AND lead_id NOT GLOB '*[^A-Za-z0-9]*'),
    -- Characters 16 to 18 say which of the first fifteen are capitals, five to a letter. In the list of
    -- character sets below every row of five such answers stands once, at the place that its letter
    -- has in the list of letters: one comparison instead of fifteen for each row.
    CONSTRAINT lead_id_must_end_in_the_suffix_of_its_first_15_characters CHECK (length(lead_id) <> 18
        OR lead_id GLOB
            substr('[^A-Z][^A-Z][^A-Z][^A-Z][^A-Z][AA-Z][^A-Z][^A-Z][^A-Z][AA-Z][AA-Z][^A-Z][^A-Z][AA-Z][^A-Z][AA-Z][^A-Z][^A-Z][AA-Z][AA-Z][AA-Z][^A-Z][AA-Z][^A-Z][AA-Z][AA-Z][^A-Z][AA-Z][AA-Z][AA-Z][AA-Z][AA-Z][^A-Z][^A-Z][^A-Z][^A-Z]',
                6 * instr('AQIECRYMGTJUKFSZ2OXLV0NW1345PHDB', substr(lead_id, 16, 1)) - 5, 30)
            || substr('[^A-Z][^A-Z][^A-Z][^A-Z][^A-Z][AA-Z][^A-Z][^A-Z][^A-Z][AA-Z][AA-Z][^A-Z][^A-Z][AA-Z][^A-Z][AA-Z][^A-Z][^A-Z][AA-Z][AA-Z][AA-Z][^A-Z][AA-Z][^A-Z][AA-Z][AA-Z][^A-Z][AA-Z][AA-Z][AA-Z][AA-Z][AA-Z][^A-Z][^A-Z][^A-Z][^A-Z]',
                6 * instr('AQIECRYMGTJUKFSZ2OXLV0NW1345PHDB', substr(lead_id, 17, 1)) - 5, 30)
            || substr('[^A-Z][^A-Z][^A-Z][^A-Z][^A-Z][AA-Z][^A-Z][^A-Z][^A-Z][AA-Z][AA-Z][^A-Z][^A-Z][AA-Z][^A-Z][AA-Z][^A-Z][^A-Z][AA-Z][AA-Z][AA-Z][^A-Z][AA-Z][^A-Z][AA-Z][AA-Z][^A-Z][AA-Z][AA-Z][AA-Z][AA-Z][AA-Z][^A-Z][^A-Z][^A-Z][^A-Z]',
                6 * instr('AQIECRYMGTJUKFSZ2OXLV0NW1345PHDB', substr(lead_id, 18, 1)) - 5, 30)
            || '*'),
    CONSTRAINT account_id_must_be_the_id_of_an_account_001
        CHECK (account_id IS NULL OR
            account_id GLOB '001*' AND length(account_id) IN (15, 18) AND account_id NOT GLOB '*[^A-Za-z0-9]*'),
    CONSTRAINT contact_id_must_be_the_id_of_a_contact_003
        CHECK (contact_id IS NULL OR
            contact_id GLOB '003*' AND length(contact_id) IN (15, 18) AND contact_id NOT GLOB '*[^A-Za-z0-9]*'),
    CONSTRAINT opportunity_id_must_be_the_id_of_an_opportunity_006
        CHECK (opportunity_id IS NULL OR
            opportunity_id GLOB '006*' AND length(opportunity_id) IN (15, 18)
            AND opportunity_id NOT GLOB '*[^A-Za-z0-9]*'),
    CONSTRAINT owner_id_must_be_the_id_of_a_user_005
        CHECK (owner_id IS NULL OR
            owner_id GLOB '005*' AND length(owner_id) IN (15, 18) AND owner_id NOT GLOB '*[^A-Za-z0-9]*'),
    CONSTRAINT related_person_account_id_must_be_the_id_of_an_account_001
        CHECK (related_person_account_id IS NULL OR
            related_person_account_id GLOB '001*' AND length(related_person_account_id) IN (15, 18)
            AND related_person_account_id NOT GLOB '*[^A-Za-z0-9]*'),
    CONSTRAINT match_account_needs_its_group_key CHECK (match_account = 0 OR group_key IS NOT NULL),
    CONSTRAINT contact_id_needs_its_account_id CHECK (contact_id IS NULL OR account_id IS NOT NULL),
    CONSTRAINT match_email_and_contact_id_exclude_each_other
        CHECK (match_email IS NULL OR contact_id IS NULL OR matched IS NOT NULL),
    CONSTRAINT opportunity_id_and_opportunity_name_exclude_each_other
        CHECK (opportunity_id IS NULL OR opportunity_name IS NULL),
    CONSTRAINT opportunity_id_and_do_not_create_opportunity_exclude_each_other
        CHECK (opportunity_id IS NULL OR do_not_create_opportunity = 0),
    CONSTRAINT finished_at_must_be_there_once_settled
        CHECK ((state = 'converted' OR state = 'failed' OR state = 'cancelled') = (finished_at IS NOT NULL)),
    CONSTRAINT sending_must_have_its_call CHECK (state <> 'sending' OR call_id IS NOT NULL),
    CONSTRAINT verifying_must_say_its_doubt CHECK (state <> 'verifying' OR doubt IS NOT NULL),
    CONSTRAINT verifying_must_have_its_call CHECK (state <> 'verifying' OR call_id IS NOT NULL)
) STRICT;

-- Each index serves the query that its name tells of and holds no more rows than that asks for: most
-- jobs are queued or converted, and those are to cost little.
--
-- Of a lead's jobs only the last can be unsettled. It asks for nothing that changes when a job is sent
-- or settled: leads come in any order, and a page of it would be written for each of them.
CREATE UNIQUE INDEX jobs_one_unsettled_job_for_a_lead ON jobs (substr(lead_id, 1, 15), superseded);
CREATE INDEX jobs_perhaps_converted ON jobs (substr(lead_id, 1, 15)) WHERE may_be_converted = 1;
-- The queries name batches by the same coalesce, so that jobs without one are found like a batch.
CREATE INDEX jobs_to_send ON jobs (priority DESC, coalesce(batch_id, 0), run_at, id)
    WHERE state = 'queued' AND deferred_for IS NULL
        AND (matched IS NOT NULL OR match_email IS NULL AND duplicate_contact_id IS NULL)
        AND (match_account = 0 OR account_id IS NOT NULL OR matched_account IS NOT NULL);
CREATE INDEX jobs_to_match ON jobs (priority DESC, coalesce(batch_id, 0), run_at, id)
    WHERE matched IS NULL AND (match_email IS NOT NULL OR duplicate_contact_id IS NOT NULL)
        AND state = 'queued' AND deferred_for IS NULL;
CREATE INDEX jobs_to_match_account ON jobs (priority DESC, coalesce(batch_id, 0), run_at, id)
    WHERE match_account = 1 AND account_id IS NULL AND matched_account IS NULL
        AND (matched IS NOT NULL OR match_email IS NULL AND duplicate_contact_id IS NULL)
        AND state = 'queued' AND deferred_for IS NULL;
CREATE INDEX jobs_deferred ON jobs
    (deferred_for, priority DESC, coalesce(batch_id, 0), run_at, id)
    WHERE deferred_for IS NOT NULL AND deferred_for <> 'time' AND state = 'queued';
CREATE INDEX jobs_deferred_for_time ON jobs (run_at)
    WHERE deferred_for = 'time' AND state = 'queued';
CREATE INDEX jobs_making_contacts ON jobs (match_email)
    WHERE match_email IS NOT NULL AND matched = 'nothing' AND finished_at IS NULL;
CREATE INDEX jobs_matched ON jobs (matched_at) WHERE matched_at IS NOT NULL AND state = 'queued';
CREATE INDEX jobs_that_dropped_accounts ON jobs (group_key)
    WHERE group_key IS NOT NULL AND dropped_account_id IS NOT NULL;
CREATE INDEX jobs_making_accounts ON jobs (group_key)
    WHERE group_key IS NOT NULL AND matched_account = 'nothing' AND account_id IS NULL
        AND finished_at IS NULL;
-- All but the two states that most jobs are in.
CREATE INDEX jobs_by_state ON jobs (state, run_at)
    WHERE state = 'sending' OR state = 'verifying' OR state = 'held' OR state = 'finishing'
        OR state = 'failed' OR state = 'cancelled';
CREATE INDEX jobs_by_batch ON jobs (batch_id, position, id) WHERE batch_id IS NOT NULL;
CREATE INDEX jobs_unsettled_by_batch ON jobs (batch_id)
    WHERE batch_id IS NOT NULL AND finished_at IS NULL;
CREATE INDEX jobs_busy_accounts ON jobs (substr(account_id, 1, 15))
    WHERE account_id IS NOT NULL
        AND (state = 'sending' OR state = 'verifying' OR state = 'finishing');
CREATE INDEX jobs_busy_groups ON jobs (group_key)
    WHERE group_key IS NOT NULL
        AND (state = 'sending' OR state = 'verifying' OR state = 'finishing');
-- The last of a group that has an account is found at once, and so are those that are to join it.
CREATE INDEX jobs_by_group ON jobs (group_key)
    WHERE group_key IS NOT NULL AND (state = 'converted' OR state = 'finishing');
CREATE INDEX jobs_to_join ON jobs (group_key)
    WHERE group_key IS NOT NULL AND account_id IS NULL AND finished_at IS NULL;
-- Failed jobs only, so that failures are listed without reading the others.
CREATE INDEX jobs_failed_by_code ON jobs (error_code, finished_at) WHERE state = 'failed';
CREATE INDEX jobs_failed_by_batch ON jobs (batch_id, error_code, finished_at)
    WHERE state = 'failed';
CREATE INDEX jobs_with_a_failed_follow_up ON jobs (after_code, finished_at)
    WHERE after_code IS NOT NULL;
CREATE INDEX jobs_with_a_failed_follow_up_by_batch ON jobs (batch_id, after_code, finished_at)
    WHERE after_code IS NOT NULL;
CREATE INDEX jobs_cancelled_by_batch ON jobs (batch_id) WHERE state = 'cancelled';
CREATE INDEX jobs_by_end ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_by_log ON jobs (log_id) WHERE log_id IS NOT NULL;

-- The queued jobs, each by the index that it is in.
CREATE VIEW jobs_queued AS
SELECT id, run_at FROM jobs INDEXED BY jobs_to_send
WHERE state = 'queued' AND deferred_for IS NULL
    AND (matched IS NOT NULL OR match_email IS NULL AND duplicate_contact_id IS NULL)
    AND (match_account = 0 OR account_id IS NOT NULL OR matched_account IS NOT NULL)
UNION ALL
SELECT id, run_at FROM jobs INDEXED BY jobs_to_match
WHERE state = 'queued' AND deferred_for IS NULL
    AND matched IS NULL AND (match_email IS NOT NULL OR duplicate_contact_id IS NOT NULL)
UNION ALL
SELECT id, run_at FROM jobs INDEXED BY jobs_to_match_account
WHERE state = 'queued' AND deferred_for IS NULL
    AND match_account = 1 AND account_id IS NULL AND matched_account IS NULL
    AND (matched IS NOT NULL OR match_email IS NULL AND duplicate_contact_id IS NULL)
UNION ALL
SELECT id, run_at FROM jobs INDEXED BY jobs_deferred
WHERE state = 'queued' AND deferred_for IS NOT NULL AND deferred_for <> 'time'
UNION ALL
SELECT id, run_at FROM jobs INDEXED BY jobs_deferred_for_time
WHERE state = 'queued' AND deferred_for = 'time';

-- Those that are not settled.
CREATE VIEW jobs_unsettled AS
SELECT id FROM jobs_queued
UNION ALL SELECT id FROM jobs WHERE state = 'held'
UNION ALL SELECT id FROM jobs WHERE state = 'sending'
UNION ALL SELECT id FROM jobs WHERE state = 'verifying'
UNION ALL SELECT id FROM jobs WHERE state = 'finishing';

-- The jobs of each lead, by the first 15 characters of its id, which both its forms share.
CREATE VIEW jobs_of_leads AS SELECT substr(lead_id, 1, 15) AS lead, id AS job FROM jobs;

-- Each row that is inserted runs two triggers, one before it is there and one after. Most rows give
-- neither anything to do: what there is to do for the others stands in triggers of these two views, so
-- that SQLite sets up no more for a row than that row needs.
CREATE VIEW jobs_before_insert AS
SELECT id, lead_id, batch_id, policy, group_key, match_email, after_set, extra FROM jobs WHERE 0;

CREATE TRIGGER jobs_before_insert BEFORE INSERT ON jobs
WHEN NEW.batch_id IS NOT NULL OR NEW.policy IS NOT NULL
    OR NEW.group_key IS NOT NULL OR NEW.match_email IS NOT NULL
    OR NEW.after_set IS NOT NULL OR NEW.extra IS NOT NULL
    OR EXISTS (
        SELECT 1 FROM jobs
        WHERE substr(lead_id, 1, 15) = substr(NEW.lead_id, 1, 15) AND superseded = 0)
    -- What gives no id is -1 here.
    OR NEW.id > 0 AND EXISTS (SELECT 1 FROM jobs WHERE id = NEW.id)
BEGIN
    INSERT INTO jobs_before_insert VALUES (
        NEW.id, NEW.lead_id, NEW.batch_id, NEW.policy, NEW.group_key, NEW.match_email,
        NEW.after_set, NEW.extra);
END;

CREATE VIEW jobs_after_insert AS
SELECT id, lead_id, batch_id, group_key, account_id, state, run_at, created_at, match_account,
    match_email
FROM jobs WHERE 0;

CREATE TRIGGER jobs_after_insert AFTER INSERT ON jobs
WHEN NEW.batch_id IS NOT NULL OR NEW.group_key IS NOT NULL OR NEW.run_at > NEW.created_at
    OR length(NEW.lead_id) = 15
BEGIN
    INSERT INTO jobs_after_insert VALUES (
        NEW.id, NEW.lead_id, NEW.batch_id, NEW.group_key, NEW.account_id, NEW.state, NEW.run_at,
        NEW.created_at, NEW.match_account, NEW.match_email);
END;

-- What no CHECK can hold of a row that is inserted or changed stands in triggers of this view, once for
-- both.
CREATE VIEW jobs_checked AS
SELECT batch_id, policy, group_key, match_email, after_set, extra FROM jobs WHERE 0;

CREATE TRIGGER jobs_are_checked_when_inserted INSTEAD OF INSERT ON jobs_before_insert
WHEN NEW.batch_id IS NOT NULL OR NEW.policy IS NOT NULL OR NEW.group_key IS NOT NULL
    OR NEW.match_email IS NOT NULL OR NEW.after_set IS NOT NULL OR NEW.extra IS NOT NULL
BEGIN
    INSERT INTO jobs_checked VALUES (
        NEW.batch_id, NEW.policy, NEW.group_key, NEW.match_email, NEW.after_set, NEW.extra);
END;

CREATE TRIGGER jobs_are_checked_when_changed
BEFORE UPDATE OF batch_id, policy, group_key, match_email, after_set, extra ON jobs
BEGIN
    INSERT INTO jobs_checked VALUES (
        NEW.batch_id, NEW.policy, NEW.group_key, NEW.match_email, NEW.after_set, NEW.extra);
END;

-- Triggers and not foreign keys, because the sqlite3 shell leaves those off.
CREATE TRIGGER jobs_need_a_known_policy INSTEAD OF INSERT ON jobs_checked
WHEN NEW.policy IS NOT NULL AND NOT EXISTS (SELECT 1 FROM policies WHERE name = NEW.policy)
BEGIN
    SELECT RAISE(ABORT, 'policy_must_be_in_policies: insert it there first');
END;

CREATE TRIGGER jobs_need_a_known_batch INSTEAD OF INSERT ON jobs_checked
WHEN NEW.batch_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM batches WHERE id = NEW.batch_id)
BEGIN
    SELECT RAISE(ABORT, 'batch_id_must_be_in_batches: insert it there first');
END;

CREATE TRIGGER batches_need_a_known_policy BEFORE INSERT ON batches
WHEN NEW.policy IS NOT NULL AND NOT EXISTS (SELECT 1 FROM policies WHERE name = NEW.policy)
BEGIN
    SELECT RAISE(ABORT, 'policy_must_be_in_policies: insert it there first');
END;

CREATE TRIGGER batches_need_a_known_policy_when_changed BEFORE UPDATE OF policy ON batches
WHEN NEW.policy IS NOT NULL AND NOT EXISTS (SELECT 1 FROM policies WHERE name = NEW.policy)
BEGIN
    SELECT RAISE(ABORT, 'policy_must_be_in_policies: insert it there first');
END;

-- Without its policy a lead would be converted by rules that nobody gave it.
CREATE VIEW policies_in_use AS
SELECT policy AS name FROM batches
UNION ALL SELECT policy FROM jobs WHERE id IN (SELECT id FROM jobs_unsettled)
-- What failed can be retried.
UNION ALL SELECT policy FROM jobs WHERE state = 'failed'
UNION ALL SELECT policy FROM jobs WHERE after_code IS NOT NULL;

CREATE TRIGGER policies_in_use_stay BEFORE DELETE ON policies
WHEN EXISTS (SELECT 1 FROM policies_in_use WHERE name = OLD.name)
BEGIN
    SELECT RAISE(ABORT, 'policy_in_use_must_stay: batches, or jobs that are unsettled or failed, name it');
END;

CREATE TRIGGER policies_in_use_stay_named BEFORE UPDATE OF name ON policies
WHEN NEW.name <> OLD.name AND EXISTS (SELECT 1 FROM policies_in_use WHERE name = OLD.name)
BEGIN
    SELECT RAISE(ABORT, 'policy_in_use_must_stay: batches, or jobs that are unsettled or failed, name it');
END;

-- A group of leads is found by its key in SQL and in the daemon, which read other bytes differently.
-- What is not ASCII is taken apart, and each letter must be the one that its number names.
CREATE TRIGGER jobs_need_text_for_a_group_key
INSTEAD OF INSERT ON jobs_checked
WHEN NEW.group_key GLOB '*[^' || char(1) || '-' || char(127) || ']*' AND EXISTS (
    WITH RECURSIVE letters (place) AS (
        SELECT 1 UNION ALL SELECT place + 1 FROM letters WHERE place < length(NEW.group_key))
    SELECT 1 FROM letters
    WHERE substr(NEW.group_key, place, 1) <> char(unicode(substr(NEW.group_key, place, 1))))
BEGIN
    SELECT RAISE(ABORT, 'group_key_must_be_utf8: its bytes are no UTF-8 text');
END;

CREATE TRIGGER jobs_need_text_for_a_match_email
INSTEAD OF INSERT ON jobs_checked
WHEN NEW.match_email GLOB '*[^' || char(1) || '-' || char(127) || ']*' AND EXISTS (
    WITH RECURSIVE letters (place) AS (
        SELECT 1 UNION ALL SELECT place + 1 FROM letters WHERE place < length(NEW.match_email))
    SELECT 1 FROM letters
    WHERE substr(NEW.match_email, place, 1) <> char(unicode(substr(NEW.match_email, place, 1))))
BEGIN
    SELECT RAISE(ABORT, 'match_email_must_be_utf8: its bytes are no UTF-8 text');
END;

CREATE TRIGGER jobs_need_fields_to_set INSTEAD OF INSERT ON jobs_checked
WHEN NEW.after_set IS NOT NULL AND json_valid(NEW.after_set) AND EXISTS (
    SELECT 1 FROM json_each(NEW.after_set) AS object
    WHERE object.key NOT IN ('Account', 'Contact', 'Opportunity') OR object.type <> 'object'
        OR object.value = '{}'
    UNION ALL SELECT 1 FROM json_tree(NEW.after_set) AS field
    WHERE field.path <> '$' AND field.key IS NOT NULL AND (
        field.type IN ('object', 'array') OR field.key GLOB '*[^A-Za-z0-9_]*'
        OR field.key NOT GLOB '[A-Za-z]*' OR lower(field.key) IN ('id', 'attributes')))
BEGIN
    SELECT RAISE(ABORT, 'after_set_must_give_fields_of_Account_Contact_or_Opportunity: write {"Account": {"Website": "..."}}');
END;

CREATE TRIGGER jobs_need_inputs_of_their_own INSTEAD OF INSERT ON jobs_checked
WHEN NEW.extra IS NOT NULL AND json_valid(NEW.extra) AND EXISTS (
    SELECT 1 FROM json_each(NEW.extra)
    WHERE type IN ('object', 'array') OR key GLOB '*[^A-Za-z0-9_]*' OR key NOT GLOB '[A-Za-z]*'
        OR lower(key) IN ('leadid', 'convertedstatus', 'accountid', 'contactid', 'opportunityid',
            'opportunityname', 'ownerid', 'donotcreateopportunity', 'overwriteleadsource',
            'sendnotificationemail', 'relatedpersonaccountid', 'allowduplicates', 'suppressfeed',
            'truncatefields'))
BEGIN
    SELECT RAISE(ABORT, 'extra_must_give_inputs_by_names_of_their_own: write {"noteBody": "..."}');
END;

-- The settled jobs of a lead stay when it gets another.
CREATE TRIGGER jobs_that_are_settled_are_superseded INSTEAD OF INSERT ON jobs_before_insert
BEGIN
    UPDATE jobs SET superseded = id
    WHERE substr(lead_id, 1, 15) = substr(NEW.lead_id, 1, 15) AND superseded = 0
        AND finished_at IS NOT NULL;
END;

CREATE TRIGGER jobs_that_are_settled_are_superseded_by_one_that_changes
BEFORE UPDATE OF lead_id, finished_at ON jobs
WHEN NEW.superseded = OLD.superseded AND (
    substr(NEW.lead_id, 1, 15) <> substr(OLD.lead_id, 1, 15)
    OR OLD.superseded <> 0 AND OLD.finished_at IS NOT NULL AND NEW.finished_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'jobs_one_unsettled_job_for_a_lead: its lead has a later one')
    WHERE NEW.finished_at IS NULL AND EXISTS (
        SELECT 1 FROM jobs
        WHERE substr(lead_id, 1, 15) = substr(NEW.lead_id, 1, 15) AND superseded = 0
            AND finished_at IS NULL AND id <> OLD.id);
    UPDATE jobs SET superseded = id
    WHERE substr(lead_id, 1, 15) = substr(NEW.lead_id, 1, 15) AND superseded = 0
        AND finished_at IS NOT NULL AND id <> OLD.id;
END;

-- One that is taken up again is its lead's last again.
CREATE TRIGGER jobs_taken_up_again_supersede AFTER UPDATE OF finished_at ON jobs
WHEN NEW.superseded <> 0 AND OLD.finished_at IS NOT NULL AND NEW.finished_at IS NULL
BEGIN
    UPDATE jobs SET superseded = 0 WHERE id = NEW.id;
END;

-- REPLACE takes a row away without running a trigger for it. But a trigger's own statement resolves its
-- conflicts as the statement does that set it off: this one breaks a rule, which a REPLACE ends at,
-- while any other INSERT passes over it and meets the unique index.
CREATE TABLE replacements (
    job INTEGER CONSTRAINT "job_in_flight_must_stay: wait until it is settled" CHECK (job IS NULL),
    batch INTEGER CONSTRAINT "batch_with_jobs_must_stay: change its columns instead"
        CHECK (batch IS NULL)
) STRICT;

-- Of what waits, and may be replaced, the batch is told, by the same means: the row that is there keeps
-- another out, and only a REPLACE takes its place.
CREATE TABLE replaced_jobs (
    place INTEGER NOT NULL,
    job INTEGER,
    batch INTEGER,
    next_batch INTEGER
) STRICT;

-- Its name is what an INSERT OR ABORT is told, which ends here.
CREATE UNIQUE INDEX jobs_one_unsettled_job_for_a_lead_but_by_replace ON replaced_jobs (abs(place));

INSERT INTO replaced_jobs (place) VALUES (1);

CREATE TRIGGER jobs_in_flight_stay_when_another_is_inserted
INSTEAD OF INSERT ON jobs_before_insert
WHEN EXISTS (
    SELECT 1 FROM jobs
    WHERE (substr(lead_id, 1, 15) = substr(NEW.lead_id, 1, 15) AND superseded = 0 OR id = NEW.id)
        AND finished_at IS NULL)
BEGIN
    INSERT OR IGNORE INTO replacements (job)
    SELECT 1 FROM jobs
    WHERE (substr(lead_id, 1, 15) = substr(NEW.lead_id, 1, 15) AND superseded = 0 OR id = NEW.id)
        AND state IN ('sending', 'verifying', 'finishing');
    INSERT OR IGNORE INTO replaced_jobs (place, job, batch, next_batch)
    SELECT 1, id, batch_id, NEW.batch_id FROM jobs
    WHERE (substr(lead_id, 1, 15) = substr(NEW.lead_id, 1, 15) AND superseded = 0 OR id = NEW.id)
        AND batch_id IS NOT NULL AND finished_at IS NULL;
END;

CREATE TRIGGER jobs_that_are_replaced_leave_their_batch AFTER INSERT ON replaced_jobs
BEGIN
    UPDATE batches SET total = total - 1 WHERE id = NEW.batch;
    UPDATE batches SET finished_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
        on_finish_started_at = NULL, on_finish_finished_at = NULL, on_finish_exit = NULL,
        on_finish_message = NULL
    WHERE id = NEW.batch AND id IS NOT NEW.next_batch AND total > 0 AND NOT EXISTS (
        SELECT 1 FROM jobs WHERE batch_id = NEW.batch AND finished_at IS NULL AND id <> NEW.job);
END;

CREATE TRIGGER jobs_in_flight_stay_when_another_is_updated
BEFORE UPDATE OF id, lead_id, superseded ON jobs
WHEN EXISTS (
    SELECT 1 FROM jobs
    WHERE (substr(lead_id, 1, 15) = substr(NEW.lead_id, 1, 15) AND superseded = NEW.superseded
            OR id = NEW.id)
        AND id <> OLD.id AND state IN ('sending', 'verifying', 'finishing'))
BEGIN
    INSERT OR IGNORE INTO replacements (job) VALUES (1);
END;

CREATE TRIGGER jobs_in_flight_stay BEFORE DELETE ON jobs
WHEN OLD.state = 'sending' OR OLD.state = 'verifying' OR OLD.state = 'finishing'
BEGIN
    SELECT RAISE(ABORT, 'job_in_flight_must_stay: wait until it is settled');
END;

-- Its call goes on, whatever the row says then.
CREATE TRIGGER jobs_in_flight_are_not_cancelled BEFORE UPDATE OF finished_at ON jobs
WHEN NEW.state = 'cancelled'
    AND (OLD.state = 'sending' OR OLD.state = 'verifying' OR OLD.state = 'finishing')
BEGIN
    SELECT RAISE(ABORT, 'job_in_flight_must_stay: wait until it is settled');
END;

-- Its lead is converted, whatever the row would say then.
CREATE TRIGGER jobs_that_are_converted_stay_so BEFORE UPDATE OF state ON jobs
WHEN OLD.state = 'converted' AND NEW.state = 'cancelled'
BEGIN
    SELECT RAISE(ABORT, 'job_converted_must_stay: its lead is converted; insert a row for another');
END;

CREATE TRIGGER jobs_in_flight_stay_as_they_are BEFORE UPDATE OF
    id, lead_id, batch_id, converted_status, do_not_create_opportunity, opportunity_name, opportunity_id,
    account_id, contact_id, owner_id, overwrite_lead_source, send_notification_email, group_key,
    match_email, match_account, related_person_account_id, after_set, note_title, note_body, note_on,
    task_subject, task_due, extra
ON jobs
WHEN (OLD.state = 'sending' OR OLD.state = 'verifying' OR OLD.state = 'finishing') AND (
    NEW.id, substr(NEW.lead_id, 1, 15), NEW.batch_id, NEW.converted_status, NEW.do_not_create_opportunity,
    NEW.opportunity_name, NEW.opportunity_id, NEW.account_id, NEW.contact_id, NEW.owner_id,
    NEW.overwrite_lead_source, NEW.send_notification_email, NEW.group_key, NEW.match_email,
    NEW.match_account, NEW.related_person_account_id,
    NEW.after_set, NEW.note_title, NEW.note_body, NEW.note_on, NEW.task_subject, NEW.task_due,
    NEW.extra
) IS NOT (
    OLD.id, substr(OLD.lead_id, 1, 15), OLD.batch_id, OLD.converted_status, OLD.do_not_create_opportunity,
    OLD.opportunity_name, OLD.opportunity_id, OLD.account_id, OLD.contact_id, OLD.owner_id,
    OLD.overwrite_lead_source, OLD.send_notification_email, OLD.group_key, OLD.match_email,
    OLD.match_account, OLD.related_person_account_id,
    OLD.after_set, OLD.note_title, OLD.note_body, OLD.note_on, OLD.task_subject, OLD.task_due,
    OLD.extra)
BEGIN
    SELECT RAISE(ABORT, 'job_in_flight_must_stay_as_it_is: wait until it is settled');
END;

-- Of a job in doubt the time is that of the next verification, and not when it is to be sent: who puts off a
-- batch does not mean that. What the daemon writes has a new updated_at.
CREATE TRIGGER jobs_in_doubt_are_asked_about_in_time AFTER UPDATE OF run_at ON jobs
WHEN OLD.state = 'verifying' AND NEW.state = 'verifying' AND NEW.run_at > OLD.run_at
    AND NEW.updated_at = OLD.updated_at
BEGIN
    UPDATE jobs SET run_at = OLD.run_at WHERE id = NEW.id;
END;

CREATE TRIGGER jobs_are_counted_in_their_batch
INSTEAD OF INSERT ON jobs_after_insert WHEN NEW.batch_id IS NOT NULL
BEGIN
    UPDATE batches SET total = total + 1, finished_at = NULL WHERE id = NEW.batch_id;
    -- The row that took the place of another may have its number.
    UPDATE replaced_jobs SET job = NULL WHERE job = NEW.id;
END;

-- A job that nobody will settle does not keep its batch from finishing. One that is settled stays
-- counted: prune deletes those.
CREATE TRIGGER jobs_that_are_deleted_leave_their_batch AFTER DELETE ON jobs
WHEN OLD.batch_id IS NOT NULL AND OLD.finished_at IS NULL
    -- A REPLACE of a connection whose recursive_triggers are on comes here, too, and has told it.
    AND NOT EXISTS (SELECT 1 FROM replaced_jobs WHERE job = OLD.id)
BEGIN
    UPDATE batches SET total = total - 1 WHERE id = OLD.batch_id;
    UPDATE batches SET finished_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
        on_finish_started_at = NULL, on_finish_finished_at = NULL, on_finish_exit = NULL,
        on_finish_message = NULL
    WHERE id = OLD.batch_id AND total > 0 AND NOT EXISTS (
        SELECT 1 FROM jobs WHERE batch_id = OLD.batch_id AND finished_at IS NULL);
END;

-- One that is moved counts where it is now, and waits or goes as the others there do.
CREATE TRIGGER jobs_may_move_to_another_batch AFTER UPDATE OF batch_id ON jobs
WHEN NEW.batch_id IS NOT OLD.batch_id
BEGIN
    UPDATE batches SET total = total - 1 WHERE id = OLD.batch_id;
    UPDATE batches SET finished_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
        on_finish_started_at = NULL, on_finish_finished_at = NULL, on_finish_exit = NULL,
        on_finish_message = NULL
    WHERE id = OLD.batch_id AND finished_at IS NULL AND total > 0 AND NOT EXISTS (
        SELECT 1 FROM jobs WHERE batch_id = OLD.batch_id AND finished_at IS NULL);
    UPDATE batches SET total = total + 1,
        finished_at = CASE WHEN NEW.finished_at IS NOT NULL THEN finished_at END
    WHERE id = NEW.batch_id;
    UPDATE jobs SET state =
        CASE WHEN (SELECT paused FROM batches WHERE id = NEW.batch_id) = 1
        THEN 'held' ELSE 'queued' END
    WHERE id = NEW.id AND state IN ('queued', 'held');
END;

CREATE TRIGGER jobs_of_a_paused_batch_are_held
INSTEAD OF INSERT ON jobs_after_insert
WHEN NEW.state = 'queued' AND (SELECT paused FROM batches WHERE id = NEW.batch_id) = 1
BEGIN
    UPDATE jobs SET state = 'held' WHERE id = NEW.id;
END;

-- A claim looks at the first job of each priority and batch: those of later times need not be among
-- them.
CREATE TRIGGER jobs_of_a_later_time_are_put_aside INSTEAD OF INSERT ON jobs_after_insert
WHEN NEW.state = 'queued' AND NEW.run_at > NEW.created_at
BEGIN
    UPDATE jobs SET deferred_for = 'time' WHERE id = NEW.id;
END;

-- Also one that was put off while its batch was paused, and one that waited for its account and is now
-- to wait longer.
CREATE TRIGGER jobs_put_off_are_put_aside AFTER UPDATE OF run_at, state ON jobs
WHEN NEW.state = 'queued' AND NEW.deferred_for IS NOT 'time'
    AND (NEW.run_at > OLD.run_at OR OLD.state <> 'queued')
    AND NEW.run_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
BEGIN
    UPDATE jobs SET deferred_for = 'time' WHERE id = NEW.id;
END;

-- A job whose contact is searched for first may find another account by it.
CREATE TRIGGER jobs_join_the_account_of_their_group
INSTEAD OF INSERT ON jobs_after_insert
WHEN NEW.group_key IS NOT NULL AND NEW.account_id IS NULL
    AND (NEW.match_account = 0 OR NEW.match_email IS NULL)
BEGIN
    UPDATE jobs SET account_id = (
        SELECT result_account_id FROM jobs AS first INDEXED BY jobs_by_group
        WHERE first.group_key = NEW.group_key AND first.group_key IS NOT NULL
            AND (first.state = 'converted' OR first.state = 'finishing')
            AND result_account_id GLOB '001*' AND length(result_account_id) IN (15, 18)
            -- One that a contact has brought is not what the group has its account searched for by.
            AND (NEW.match_account = 0 OR first.contact_id IS NULL)
            -- One that is gone, as a lead of the group has found out, is no account to join.
            AND NOT EXISTS (
                SELECT 1 FROM jobs AS other INDEXED BY jobs_that_dropped_accounts
                WHERE other.group_key = NEW.group_key AND other.dropped_account_id IS NOT NULL
                    AND other.dropped_account_id = first.result_account_id
                    AND other.state IN ('converted', 'finishing'))
        ORDER BY first.id DESC LIMIT 1)
    WHERE id = NEW.id;
    UPDATE jobs SET joined_account = 1 WHERE id = NEW.id AND account_id IS NOT NULL;
END;

-- What was found by another address, or came of another group, is not what is meant now: who is put
-- right before it is sent is searched for again, and joins the account of its new group. What was given
-- stays, and what a duplicate rule named: that is of the lead itself.
CREATE TRIGGER jobs_forget_what_another_key_has_found AFTER UPDATE OF match_email, group_key ON jobs
WHEN (NEW.match_email IS NOT OLD.match_email OR NEW.group_key IS NOT OLD.group_key)
    AND NEW.state IN ('queued', 'held', 'failed') AND NEW.joins_duplicate = 0
BEGIN
    UPDATE jobs SET
        account_id = CASE
            WHEN NEW.account_id IS NOT OLD.account_id
                OR OLD.joined_account = 0 AND OLD.matched_account IS NOT 'account'
                    AND (OLD.matched IS NULL OR OLD.matched NOT IN ('account', 'contact_and_account'))
                -- A contact that was given has its account with it.
                OR NEW.contact_id IS NOT NULL AND (NEW.contact_id IS NOT OLD.contact_id
                    OR OLD.matched IS NULL
                    OR OLD.matched NOT IN ('contact', 'contact_and_account'))
                -- So is the account of a group that is the same, whose lead may have been pruned.
                OR OLD.joined_account = 1 AND NEW.match_account = 0
                    AND NEW.group_key IS OLD.group_key
            THEN account_id END,
        contact_id = CASE
            WHEN NEW.contact_id IS NOT OLD.contact_id OR OLD.matched IS NULL
                OR OLD.matched NOT IN ('contact', 'contact_and_account')
            THEN contact_id END,
        matched = NULL, matched_account = NULL, matched_at = NULL,
        joined_account = OLD.joined_account = 1 AND NEW.match_account = 0
            AND NEW.group_key IS OLD.group_key AND NEW.account_id IS OLD.account_id,
        dropped_account_id = CASE WHEN NEW.group_key IS OLD.group_key THEN dropped_account_id END,
        deferred_for = CASE WHEN deferred_for = 'time' THEN deferred_for END
    WHERE id = NEW.id;
    -- As one that is inserted, which is in no batch yet and due.
    INSERT INTO jobs_after_insert
    SELECT id, lead_id, NULL, group_key, account_id, state, NULL, NULL, match_account, match_email
    FROM jobs WHERE id = NEW.id AND group_key IS NOT NULL AND group_key IS NOT OLD.group_key;
END;

CREATE TRIGGER jobs_get_the_18_character_id
INSTEAD OF INSERT ON jobs_after_insert WHEN length(NEW.lead_id) = 15
BEGIN
    UPDATE jobs SET lead_id = lead_id
        || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1
            + (lead_id GLOB '[A-Z]*') + 2 * (lead_id GLOB '?[A-Z]*')
            + 4 * (lead_id GLOB '??[A-Z]*') + 8 * (lead_id GLOB '???[A-Z]*')
            + 16 * (lead_id GLOB '????[A-Z]*'), 1)
        || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1
            + (lead_id GLOB '?????[A-Z]*') + 2 * (lead_id GLOB '??????[A-Z]*')
            + 4 * (lead_id GLOB '???????[A-Z]*') + 8 * (lead_id GLOB '????????[A-Z]*')
            + 16 * (lead_id GLOB '?????????[A-Z]*'), 1)
        || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1
            + (lead_id GLOB '??????????[A-Z]*') + 2 * (lead_id GLOB '???????????[A-Z]*')
            + 4 * (lead_id GLOB '????????????[A-Z]*') + 8 * (lead_id GLOB '?????????????[A-Z]*')
            + 16 * (lead_id GLOB '??????????????[A-Z]*'), 1)
    WHERE id = NEW.id;
END;

-- Accounts and groups of which a lead met a lock: their other leads are not sent before then.
CREATE TABLE delays (
    -- As in jobs.deferred_for.
    subject TEXT NOT NULL PRIMARY KEY,
    until TEXT NOT NULL CONSTRAINT until_must_be_utc_like_2026_11_22T07_31_48_123Z
        CHECK (strftime('%Y-%m-%dT%H:%M:%fZ', until, '+0 days') IS until)
) STRICT;

-- What follows conversions, a row for each record that is set or made. There from the moment at which
-- the lead is known to be converted; jobs to which nothing follows have none.
CREATE TABLE follow_ups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL,
    batch_id INTEGER,
    priority INTEGER NOT NULL,
    kind TEXT NOT NULL CONSTRAINT kind_must_be_set_note_or_task
        CHECK (kind IN ('set', 'note', 'task')),
    -- Account, Contact or Opportunity, and the record of it that is set or that it is on.
    object TEXT NOT NULL,
    record_id TEXT,
    -- The account of the lead, which no other call may be writing to while fields are set.
    account_id TEXT,
    state TEXT NOT NULL CONSTRAINT state_must_be_one_of_the_five
        CHECK (state IN ('waiting', 'sending', 'verifying', 'done', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0
        CONSTRAINT attempts_must_be_0_to_1000000 CHECK (attempts BETWEEN 0 AND 1000000),
    -- As in jobs.
    run_at TEXT NOT NULL
        CONSTRAINT run_at_must_be_in_the_years_0000_to_9999 CHECK (run_at GLOB '[0-9]*')
        CONSTRAINT run_at_must_be_utc_like_2026_11_22T07_31_48_123Z
            CHECK (strftime('%Y-%m-%dT%H:%M:%fZ', run_at, '+0 days') IS run_at),
    -- When run_at was written: what lies between is the pause.
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    -- The call it is in, or was in last.
    call_id INTEGER,
    -- Why it is verifying: as in jobs; restart, it waited while no daemon ran, which may have been
    -- that of another copy of this file.
    doubt TEXT CONSTRAINT doubt_must_be_one_of_the_four CHECK (
        doubt IN ('no_answer', 'crash', 'answered', 'restart')),
    split INTEGER,
    code TEXT,
    message TEXT,
    CONSTRAINT follow_ups_are_one_for_an_object UNIQUE (job_id, kind, object),
    CONSTRAINT only_a_failed_follow_up_may_lack_its_record
        CHECK (record_id IS NOT NULL OR state = 'failed'),
    CONSTRAINT sending_must_have_its_call CHECK (state <> 'sending' OR call_id IS NOT NULL),
    CONSTRAINT verifying_must_say_its_doubt CHECK (state <> 'verifying' OR doubt IS NOT NULL)
) STRICT;

CREATE INDEX follow_ups_to_send ON follow_ups (kind, run_at, id) WHERE state = 'waiting';
CREATE INDEX follow_ups_in_doubt ON follow_ups (kind, run_at, id) WHERE state = 'verifying';
CREATE INDEX follow_ups_open ON follow_ups (run_at)
    WHERE state = 'waiting' OR state = 'verifying';
CREATE INDEX follow_ups_in_flight ON follow_ups (call_id)
    WHERE state = 'sending' OR state = 'verifying';
-- Two calls that set one record must not overlap, nor one with a call that converts into its account.
CREATE INDEX follow_ups_busy_records ON follow_ups (record_id)
    WHERE kind = 'set' AND (state = 'sending' OR state = 'verifying');
CREATE INDEX follow_ups_busy_accounts ON follow_ups (substr(account_id, 1, 15))
    WHERE kind = 'set' AND (state = 'sending' OR state = 'verifying');

-- One without its job, or a job without what is open of it, would never end.
CREATE TRIGGER follow_ups_need_their_job BEFORE INSERT ON follow_ups
WHEN NOT EXISTS (SELECT 1 FROM jobs WHERE id = NEW.job_id)
BEGIN
    SELECT RAISE(ABORT, 'job_id_must_be_in_jobs: a follow-up belongs to a job');
END;

CREATE TRIGGER follow_ups_keep_their_job BEFORE UPDATE OF job_id ON follow_ups
WHEN NEW.job_id <> OLD.job_id
BEGIN
    SELECT RAISE(ABORT, 'follow_up_must_stay_with_its_job');
END;

CREATE TRIGGER follow_ups_that_are_open_stay BEFORE DELETE ON follow_ups
WHEN OLD.state <> 'done' AND OLD.state <> 'failed' AND EXISTS (
    SELECT 1 FROM jobs WHERE id = OLD.job_id AND state = 'finishing')
BEGIN
    SELECT RAISE(ABORT, 'follow_up_must_stay: set its state to failed instead');
END;

-- Who ends one by hand ends its job, if that was the last. What the daemon writes has a new updated_at.
CREATE TRIGGER follow_ups_that_are_ended_by_hand_end_their_job AFTER UPDATE OF state ON follow_ups
WHEN NEW.updated_at = OLD.updated_at AND (NEW.state = 'done' OR NEW.state = 'failed')
    AND OLD.state <> 'done' AND OLD.state <> 'failed'
BEGIN
    UPDATE jobs SET state = 'converted', updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
        finished_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
        after_code = (
            SELECT coalesce(code, 'FAILED_BY_HAND') FROM follow_ups
            WHERE job_id = NEW.job_id AND state = 'failed' ORDER BY id LIMIT 1),
        after_message = (
            SELECT group_concat(kind || ' ' || object || ': '
                || coalesce(message, code, 'Somebody has called it failed.'), '; ')
            FROM follow_ups WHERE job_id = NEW.job_id AND state = 'failed')
    WHERE id = NEW.job_id AND state = 'finishing' AND NOT EXISTS (
        SELECT 1 FROM follow_ups
        WHERE job_id = NEW.job_id AND state IN ('waiting', 'sending', 'verifying'));
    UPDATE batches SET finished_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
        on_finish_started_at = NULL, on_finish_finished_at = NULL, on_finish_exit = NULL,
        on_finish_message = NULL
    WHERE id = (SELECT batch_id FROM jobs WHERE id = NEW.job_id) AND finished_at IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM jobs WHERE batch_id = batches.id AND finished_at IS NULL);
END;

-- The run log has a row for each attempt of each job and each look-up of it, there before the call
-- leaves. Nearly all attempts convert their lead, and then the rows of the job and of its call say all
-- that there is to say, while they are out and after: such an attempt has no row of its own, but a
-- number. What comes to anything else has its row in run_log_rows, and so has an attempt whose job or
-- call is about to say something else.
CREATE TABLE run_log_rows (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL,
    lead_id TEXT NOT NULL,
    batch_id INTEGER,
    attempt INTEGER NOT NULL,
    call_id INTEGER,
    kind TEXT NOT NULL CONSTRAINT kind_must_be_one_of_the_five
        CHECK (kind = 'convert' OR kind = 'verify' OR kind = 'set' OR kind = 'note' OR kind = 'task'),
    started_at TEXT NOT NULL,
    finished_at TEXT,
    duration_ms INTEGER,
    outcome TEXT CONSTRAINT outcome_must_be_one_of_the_nine CHECK (
        outcome = 'converted' OR outcome = 'already_converted' OR outcome = 'retry'
        OR outcome = 'failed' OR outcome = 'unknown' OR outcome = 'not_sent'
        OR outcome = 'not_converted' OR outcome = 'done' OR outcome = 'not_found'),
    code TEXT,
    message TEXT,
    backoff_ms INTEGER,
    next_run_at TEXT,
    account_id TEXT,
    contact_id TEXT,
    opportunity_id TEXT,
    CONSTRAINT outcome_must_come_with_finished_at CHECK ((outcome IS NULL) = (finished_at IS NULL))
) STRICT;

CREATE INDEX run_log_by_job ON run_log_rows (job_id);
CREATE INDEX run_log_by_start ON run_log_rows (started_at);
CREATE INDEX run_log_open ON run_log_rows (call_id) WHERE finished_at IS NULL;
-- Without the outcome that most rows have: to look for that takes no index, and keeping one would
-- take a fifth more time for each row.
CREATE INDEX run_log_by_trouble ON run_log_rows (outcome, started_at) WHERE outcome <> 'converted';

-- Only prune takes rows out of the log: it puts a row in here, deletes, and takes that row away
-- again, all in one transaction.
CREATE TABLE prune_permit (id INTEGER PRIMARY KEY) STRICT;

CREATE TRIGGER run_log_rows_are_append_only_updated BEFORE UPDATE ON run_log_rows
WHEN OLD.finished_at IS NOT NULL OR NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'run_log_is_append_only: a finished row cannot be changed');
END;

-- A REPLACE would delete the row without a trigger. What gives no id gets a new one, and is -1 here.
CREATE TRIGGER run_log_rows_are_append_only_replaced BEFORE INSERT ON run_log_rows
WHEN NEW.id > 0 AND EXISTS (SELECT 1 FROM run_log_rows WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'run_log_is_append_only: a row cannot be replaced');
END;

-- The next number of this table may be that of an attempt that has no row of its own. None is -1 here.
CREATE TRIGGER run_log_rows_need_a_number BEFORE INSERT ON run_log_rows WHEN NEW.id < 0
BEGIN
    SELECT RAISE(ABORT, 'run_log_rows_need_a_number: insert into run_log');
END;

CREATE TRIGGER run_log_rows_are_append_only_deleted BEFORE DELETE ON run_log_rows
WHEN NOT EXISTS (SELECT 1 FROM prune_permit)
BEGIN
    SELECT RAISE(ABORT, 'run_log_is_append_only: use leadconvert prune');
END;

-- A row for each request to Salesforce, there before it leaves.
CREATE TABLE calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CONSTRAINT kind_must_be_a_kind_of_call CHECK (kind IN (
        'convert', 'verify', 'match', 'token', 'limits', 'check', 'intake', 'fetch',
        'set', 'note', 'task')),
    size INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    duration_ms INTEGER,
    http_status INTEGER,
    code TEXT,
    message TEXT,
    waited_ms INTEGER,
    waited_for TEXT CONSTRAINT waited_for_must_be_one_of_the_five
        CHECK (waited_for IN ('token', 'slot', 'account', 'allowance', 'outage')),
    usage_current INTEGER,
    usage_limit INTEGER,
    -- The number of its first lead's attempt in the run log; those of the others follow it.
    log_id INTEGER,
    -- How many leads it might have carried, and why not as many as was set: a call took long (slow),
    -- calls failed one after the other (fault), it was smaller yet (grown), or it is a half of a call
    -- that failed (half).
    size_limit INTEGER,
    size_reason TEXT CONSTRAINT size_reason_must_be_slow_fault_grown_or_half
        CHECK (size_reason IN ('slow', 'fault', 'grown', 'half')),
    -- Its start on the clock that no one can set, and which boot of the machine that clock counts.
    boot_id TEXT NOT NULL,
    uptime_ms INTEGER NOT NULL
        CONSTRAINT uptime_ms_must_be_within_a_million_times_a_billion
            CHECK (uptime_ms BETWEEN -1000000000000000 AND 1000000000000000)
) STRICT;

CREATE INDEX calls_by_start ON calls (started_at);
CREATE INDEX calls_open ON calls (id) WHERE finished_at IS NULL;

-- The attempts that have no row of their own. What stands in the place of a column has its affinity, and
-- the range of numbers says again what call_id says: by these SQLite finds a few rows of the run log
-- without making all of it.
CREATE VIEW run_log_of_jobs AS
SELECT
    jobs.log_id AS id,
    jobs.id AS job_id,
    jobs.lead_id AS lead_id,
    jobs.batch_id AS batch_id,
    CAST(jobs.attempts + (jobs.state NOT IN ('converted', 'finishing')) AS INTEGER) AS attempt,
    jobs.call_id AS call_id,
    CAST('convert' AS TEXT) AS kind,
    calls.started_at AS started_at,
    CAST(iif(jobs.state IN ('converted', 'finishing'),
        coalesce(calls.finished_at, jobs.updated_at), NULL) AS TEXT) AS finished_at,
    calls.duration_ms AS duration_ms,
    CAST(iif(jobs.state IN ('converted', 'finishing'), 'converted', NULL) AS TEXT) AS outcome,
    CAST(NULL AS TEXT) AS code,
    CAST(NULL AS TEXT) AS message,
    CAST(NULL AS INTEGER) AS backoff_ms,
    CAST(NULL AS TEXT) AS next_run_at,
    jobs.result_account_id AS account_id,
    jobs.result_contact_id AS contact_id,
    jobs.result_opportunity_id AS opportunity_id
FROM calls
JOIN jobs ON jobs.call_id = calls.id
    AND likelihood(jobs.log_id >= calls.log_id, 0.001)
    AND likelihood(jobs.log_id < calls.log_id + calls.size, 0.001);

-- A query of your own is quick if its FROM begins with run_log; behind other tables all of it is made
-- first. The newest rows are those with the greatest numbers: ORDER BY id DESC LIMIT 20.
CREATE VIEW run_log AS
SELECT * FROM run_log_rows UNION ALL SELECT * FROM run_log_of_jobs;

-- When each of its rows began, by the indexes on times.
CREATE VIEW run_log_by_time AS
SELECT id, started_at, outcome FROM run_log_rows
UNION ALL
SELECT
    jobs.log_id, calls.started_at,
    CAST(iif(jobs.state IN ('converted', 'finishing'), 'converted', NULL) AS TEXT)
FROM calls
CROSS JOIN jobs INDEXED BY jobs_by_log ON jobs.call_id = calls.id
    AND jobs.log_id >= calls.log_id AND jobs.log_id < calls.log_id + calls.size;

CREATE TRIGGER run_log_takes_rows INSTEAD OF INSERT ON run_log
BEGIN
    SELECT RAISE(ABORT, 'run_log_is_append_only: a row cannot be replaced')
    WHERE EXISTS (SELECT 1 FROM run_log WHERE id = NEW.id);
    INSERT INTO run_log_rows VALUES (
        coalesce(NEW.id, 1 + max(
            (SELECT coalesce(max(id), 0) FROM run_log_rows),
            (SELECT coalesce(max(log_id), 0) FROM jobs WHERE log_id IS NOT NULL))),
        NEW.job_id, NEW.lead_id, NEW.batch_id, NEW.attempt, NEW.call_id, NEW.kind, NEW.started_at,
        NEW.finished_at, NEW.duration_ms, NEW.outcome, NEW.code, NEW.message, NEW.backoff_ms,
        NEW.next_run_at, NEW.account_id, NEW.contact_id, NEW.opportunity_id);
END;

CREATE TRIGGER run_log_is_append_only_updated INSTEAD OF UPDATE ON run_log
BEGIN
    SELECT RAISE(ABORT, 'run_log_is_append_only: a row cannot be changed');
END;

CREATE TRIGGER run_log_is_append_only_deleted INSTEAD OF DELETE ON run_log
BEGIN
    SELECT RAISE(ABORT, 'run_log_is_append_only: use leadconvert prune');
END;

-- Attempts get rows of their own before somebody changes what their jobs and calls say of them. A plain
-- conversion, which the daemon writes, changes nothing of that: its two times are one, and it uses an
-- attempt. The number is forgotten at once, because an UPDATE OR IGNORE may leave the row as it was; SQLite
-- reads again what it does not set.
CREATE TRIGGER run_log_keeps_what_a_job_says BEFORE UPDATE OF
    id, lead_id, batch_id, state, attempts, call_id, result_account_id, result_contact_id,
    result_opportunity_id
ON jobs
WHEN OLD.log_id IS NOT NULL AND (OLD.state <> 'sending' OR NEW.state <> 'converted'
    OR NEW.finished_at IS NOT NEW.updated_at OR NEW.attempts <> OLD.attempts + 1)
BEGIN
    INSERT INTO run_log_rows SELECT * FROM run_log_of_jobs WHERE job_id = OLD.id;
    UPDATE jobs SET log_id = NULL WHERE id = OLD.id;
END;

CREATE TRIGGER run_log_keeps_what_a_deleted_job_says BEFORE DELETE ON jobs
WHEN OLD.log_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM prune_permit)
BEGIN
    INSERT INTO run_log_rows SELECT * FROM run_log_of_jobs WHERE job_id = OLD.id;
END;

CREATE TRIGGER run_log_keeps_what_a_replaced_job_says INSTEAD OF INSERT ON jobs_before_insert
WHEN EXISTS (SELECT 1 FROM jobs WHERE id = NEW.id AND log_id IS NOT NULL)
BEGIN
    INSERT INTO run_log_rows SELECT * FROM run_log_of_jobs WHERE job_id = NEW.id;
    UPDATE jobs SET log_id = NULL WHERE id = NEW.id;
END;

CREATE TRIGGER run_log_keeps_what_a_job_says_that_another_replaces BEFORE UPDATE OF id ON jobs
WHEN NEW.id <> OLD.id AND EXISTS (SELECT 1 FROM jobs WHERE id = NEW.id AND log_id IS NOT NULL)
BEGIN
    INSERT INTO run_log_rows SELECT * FROM run_log_of_jobs WHERE job_id = NEW.id;
    UPDATE jobs SET log_id = NULL WHERE id = NEW.id;
END;

CREATE TRIGGER run_log_keeps_what_a_call_says BEFORE UPDATE OF
    id, size, started_at, finished_at, duration_ms, log_id
ON calls
WHEN OLD.log_id IS NOT NULL AND (OLD.finished_at IS NOT NULL
    OR (NEW.id, NEW.size, NEW.started_at, NEW.log_id)
        IS NOT (OLD.id, OLD.size, OLD.started_at, OLD.log_id))
BEGIN
    INSERT INTO run_log_rows SELECT * FROM run_log_of_jobs WHERE call_id = OLD.id;
    UPDATE jobs SET log_id = NULL
    WHERE log_id >= OLD.log_id AND log_id < OLD.log_id + OLD.size AND call_id = OLD.id;
END;

CREATE TRIGGER run_log_keeps_what_a_replaced_call_says BEFORE INSERT ON calls
WHEN NEW.id > 0 AND EXISTS (SELECT 1 FROM calls WHERE id = NEW.id AND log_id IS NOT NULL)
BEGIN
    INSERT INTO run_log_rows SELECT * FROM run_log_of_jobs WHERE call_id = NEW.id;
    UPDATE jobs SET log_id = NULL WHERE log_id IS NOT NULL AND call_id = NEW.id;
END;

CREATE TRIGGER run_log_keeps_what_a_call_says_that_another_replaces BEFORE UPDATE OF id ON calls
WHEN NEW.id <> OLD.id
    AND EXISTS (SELECT 1 FROM calls WHERE id = NEW.id AND log_id IS NOT NULL)
BEGIN
    INSERT INTO run_log_rows SELECT * FROM run_log_of_jobs WHERE call_id = NEW.id;
    UPDATE jobs SET log_id = NULL WHERE log_id IS NOT NULL AND call_id = NEW.id;
END;

CREATE TRIGGER run_log_keeps_what_a_deleted_call_says BEFORE DELETE ON calls
WHEN OLD.log_id IS NOT NULL
BEGIN
    INSERT INTO run_log_rows SELECT * FROM run_log_of_jobs WHERE call_id = OLD.id;
    UPDATE jobs SET log_id = NULL
    WHERE log_id >= OLD.log_id AND log_id < OLD.log_id + OLD.size AND call_id = OLD.id;
END;

-- One row: the token bucket, so that a restart neither refills nor forgets it, and the org's own
-- count of requests as the last answer carried it.
CREATE TABLE limiter (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    tokens REAL NOT NULL,
    capacity REAL NOT NULL,
    rate REAL NOT NULL,
    at TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    uptime_ms INTEGER NOT NULL
        CONSTRAINT uptime_ms_must_be_within_a_million_times_a_billion
            CHECK (uptime_ms BETWEEN -1000000000000000 AND 1000000000000000),
    usage_current INTEGER CONSTRAINT usage_current_must_be_0_to_a_billion
        CHECK (usage_current BETWEEN 0 AND 1000000000),
    usage_limit INTEGER CONSTRAINT usage_limit_must_be_1_to_a_billion
        CHECK (usage_limit BETWEEN 1 AND 1000000000),
    usage_at TEXT
) STRICT;

-- One row: the queue as a whole.
CREATE TABLE queue (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- Its copies have it, too: what has another is a copy of another queue.
    identity TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    paused INTEGER NOT NULL DEFAULT 0
        CONSTRAINT paused_must_be_0_or_1 CHECK (paused IN (0, 1)),
    waiting_for TEXT CONSTRAINT waiting_for_must_be_one_of_the_eight CHECK (waiting_for IN (
        'token', 'slot', 'account', 'allowance', 'outage', 'time', 'paused', 'hours')),
    waiting_until TEXT,
    -- Since when it has waited for that.
    waiting_since TEXT,
    -- One moment on both clocks, so that a wall clock that was set is noticed, once.
    clock_at TEXT,
    clock_boot_id TEXT,
    clock_uptime_ms INTEGER
        CONSTRAINT clock_uptime_ms_must_be_within_a_million_times_a_billion
            CHECK (clock_uptime_ms BETWEEN -1000000000000000 AND 1000000000000000),
    -- The last job when the file was found to be an older copy: calls that it does not know of may have
    -- converted the leads of that job and of those before it.
    older_copy_up_to INTEGER
) STRICT;

INSERT INTO queue (id) VALUES (1);

-- What people did to the queue, with the command or on the status page.
CREATE TABLE operations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    by TEXT NOT NULL,
    action TEXT NOT NULL CONSTRAINT action_must_be_retry_cancel_pause_resume_or_prune
        CHECK (action IN ('retry', 'cancel', 'pause', 'resume', 'prune')),
    -- What it was asked for: queue, batch NAME, code CODE, job N, lead ID, ...
    target TEXT NOT NULL,
    -- How many jobs it changed.
    jobs INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE VIEW run_history AS
SELECT
    run_log.started_at AS at,
    run_log.job_id AS job,
    run_log.lead_id AS lead,
    batches.name AS batch,
    run_log.kind AS kind,
    run_log.attempt AS attempt,
    coalesce(run_log.outcome, 'in flight') AS outcome,
    run_log.code AS code,
    run_log.message AS message,
    run_log.duration_ms AS ms,
    run_log.backoff_ms AS backoff_ms,
    run_log.next_run_at AS next_run_at,
    jobs.state AS now,
    run_log.account_id AS account,
    run_log.contact_id AS contact,
    run_log.opportunity_id AS opportunity,
    run_log.call_id AS call,
    calls.size AS leads_in_call,
    calls.http_status AS http,
    calls.waited_ms AS waited_ms,
    calls.waited_for AS waited_for,
    calls.usage_current AS org_calls_used,
    calls.usage_limit AS org_calls_limit,
    calls.size_limit AS leads_at_most,
    calls.size_reason AS leads_at_most_for
FROM run_log
LEFT JOIN jobs ON jobs.id = run_log.job_id
LEFT JOIN batches ON batches.id = run_log.batch_id
LEFT JOIN calls ON calls.id = run_log.call_id;

CREATE VIEW failures AS
SELECT
    jobs.id AS job,
    jobs.lead_id AS lead,
    batches.name AS batch,
    jobs.error_code AS code,
    jobs.error_message AS message,
    jobs.attempts AS attempts,
    jobs.finished_at AS failed_at,
    jobs.state AS state
FROM jobs
LEFT JOIN batches ON batches.id = jobs.batch_id
WHERE jobs.state = 'failed'
UNION ALL
-- The lead is converted, and something that was to follow failed.
SELECT
    jobs.id, jobs.lead_id, batches.name, jobs.after_code, jobs.after_message, jobs.attempts,
    jobs.finished_at, jobs.state
FROM jobs
LEFT JOIN batches ON batches.id = jobs.batch_id
WHERE jobs.after_code IS NOT NULL;

-- Beside max() SQLite takes the other columns from the row that has it.
CREATE VIEW failures_by_code AS
SELECT code, count(*) AS leads, message AS example, max(failed_at) AS last_at
FROM failures
GROUP BY code;

CREATE VIEW batch_progress AS
SELECT
    batches.name AS batch,
    batches.total AS total,
    count(*) FILTER (WHERE jobs.state = 'converted') AS converted,
    count(*) FILTER (WHERE jobs.state = 'failed') AS failed,
    count(*) FILTER (WHERE jobs.state = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE jobs.state IN ('queued', 'held')) AS waiting,
    count(*) FILTER (WHERE jobs.state IN ('sending', 'verifying', 'finishing')) AS under_way,
    batches.paused AS paused,
    batches.created_at AS created_at,
    batches.finished_at AS finished_at,
    batches.on_finish AS on_finish,
    batches.on_finish_runs AS on_finish_runs,
    batches.on_finish_started_at AS on_finish_started_at,
    batches.on_finish_finished_at AS on_finish_finished_at,
    batches.on_finish_exit AS on_finish_exit,
    batches.on_finish_message AS on_finish_message
FROM batches
LEFT JOIN jobs ON jobs.batch_id = batches.id
GROUP BY batches.id;

CREATE VIEW usage_by_hour AS
SELECT
    substr(started_at, 1, 13) || ':00Z' AS hour,
    count(*) FILTER (WHERE kind <> 'token') AS api_calls,
    count(*) FILTER (WHERE kind = 'convert') AS convert_calls,
    count(*) FILTER (WHERE kind = 'verify') AS verify_calls,
    count(*) FILTER (WHERE kind = 'match') AS match_calls,
    count(*) FILTER (WHERE kind IN ('set', 'note', 'task')) AS follow_up_calls,
    count(*) FILTER (WHERE kind = 'token') AS token_requests,
    coalesce(sum(size) FILTER (WHERE kind = 'convert'), 0) AS leads_sent,
    max(usage_current) AS org_calls_used,
    max(usage_limit) AS org_calls_limit
FROM calls
GROUP BY substr(started_at, 1, 13);

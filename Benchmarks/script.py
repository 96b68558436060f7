#!/usr/bin/env python3
"""What one would write by hand: leads from a CSV into SQLite, and from there to Salesforce.

    script.py enqueue QUEUE LEADS.csv
    script.py drain QUEUE LOGIN_URL [--until-empty]

It is here to be compared with. It is careful where that is cheap: durable writes, a claim that is
on disk before its call leaves, connections that stay open, the C parser for XML. It is no more than
that: a call without a clear answer ends it, there are no limits, no attempts and no log, and what
was sent when it died is for a person to look at.
"""

import csv
import http.client
import json
import signal
import sqlite3
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlencode, urlsplit
from xml.sax.saxutils import escape

THREADS = 8
CALL_SIZE = 100
POLL_SECONDS = 0.05
NAMESPACE = "{urn:partner.soap.sforce.com}"

SCHEMA = """
CREATE TABLE IF NOT EXISTS leads (
    id INTEGER PRIMARY KEY,
    lead_id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    opportunity_name TEXT,
    owner_id TEXT,
    state TEXT NOT NULL DEFAULT 'queued',
    account_id TEXT,
    contact_id TEXT,
    opportunity_id TEXT,
    error TEXT
);
CREATE INDEX IF NOT EXISTS leads_to_send ON leads (id) WHERE state = 'queued';
"""


def connect(path):
    database = sqlite3.connect(path, isolation_level=None, timeout=30)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.executescript(SCHEMA)
    return database


def enqueue(path, leads):
    database = connect(path)
    with open(leads, newline="") as file:
        rows = csv.reader(file)
        next(rows)
        database.execute("BEGIN IMMEDIATE")
        database.executemany(
            "INSERT INTO leads (lead_id, status, opportunity_name, owner_id) VALUES (?, ?, ?, ?)",
            rows,
        )
        database.execute("COMMIT")


def log_in(url):
    connection = connection_to(url)
    body = urlencode(
        {"grant_type": "client_credentials", "client_id": "bench", "client_secret": "bench"}
    )
    connection.request(
        "POST",
        "/services/oauth2/token",
        body,
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    answer = json.load(connection.getresponse())
    return answer["instance_url"], answer["access_token"]


def connection_to(url):
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname, parts.port, timeout=630)


def envelope(token, leads):
    converts = "".join(
        "<leadConverts>"
        f"<convertedStatus>{escape(status)}</convertedStatus>"
        "<doNotCreateOpportunity>false</doNotCreateOpportunity>"
        f"<leadId>{lead}</leadId>"
        + (f"<opportunityName>{escape(name)}</opportunityName>" if name else "")
        + "<overwriteLeadSource>false</overwriteLeadSource>"
        + (f"<ownerId>{owner}</ownerId>" if owner else "")
        + "<sendNotificationEmail>false</sendNotificationEmail>"
        "</leadConverts>"
        for _, lead, status, name, owner in leads
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns="urn:partner.soap.sforce.com">'
        f"<soapenv:Header><SessionHeader><sessionId>{escape(token)}</sessionId></SessionHeader>"
        f"</soapenv:Header><soapenv:Body><convertLead>{converts}</convertLead></soapenv:Body>"
        "</soapenv:Envelope>"
    ).encode()


def outcomes(answer, leads):
    """The row to write for each lead, from the results in the order of the leads."""
    results = ElementTree.fromstring(answer).iter(NAMESPACE + "result")
    for (row, lead, *_), result in zip(leads, results, strict=True):
        values = {child.tag.removeprefix(NAMESPACE): child.text for child in result}
        if values.get("leadId") != lead:
            raise RuntimeError("a result for another lead")
        if values["success"] == "true":
            yield (
                "converted",
                values["accountId"],
                values["contactId"],
                values.get("opportunityId"),
                None,
                row,
            )
        else:
            yield "failed", None, None, None, result.findtext(f".//{NAMESPACE}message"), row


class Drain:
    def __init__(self, path, url, until_empty):
        self.path = path
        self.until_empty = until_empty
        self.url, self.token = log_in(url)
        self.stopping = threading.Event()
        # SQLite has one writer at a time: waiting here is fairer than its busy handler.
        self.writing = threading.Lock()
        self.failure = None

    def run(self):
        signal.signal(signal.SIGTERM, lambda *_: self.stopping.set())
        threads = [threading.Thread(target=self.work) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failure:
            raise self.failure

    def work(self):
        try:
            self.convert_all()
        except Exception as error:
            self.failure = error
            self.stopping.set()

    def convert_all(self):
        database = connect(self.path)
        connection = connection_to(self.url)
        while not self.stopping.is_set():
            leads = self.claim(database)
            if leads:
                self.settle(database, outcomes(self.call(connection, leads), leads))
            elif self.until_empty:
                return
            else:
                time.sleep(POLL_SECONDS)

    def claim(self, database):
        # A look before the lock, so that an idle queue costs no write.
        if not database.execute("SELECT 1 FROM leads WHERE state = 'queued' LIMIT 1").fetchone():
            return []
        with self.writing:
            database.execute("BEGIN IMMEDIATE")
            leads = database.execute(
                "UPDATE leads SET state = 'sending' WHERE id IN ("
                " SELECT id FROM leads WHERE state = 'queued' ORDER BY id LIMIT ?)"
                " RETURNING id, lead_id, status, opportunity_name, owner_id",
                (CALL_SIZE,),
            ).fetchall()
            database.execute("COMMIT")
        return leads

    def call(self, connection, leads):
        connection.request(
            "POST",
            "/services/Soap/u/67.0",
            envelope(self.token, leads),
            {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'},
        )
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"HTTP {response.status}")
        return answer

    def settle(self, database, rows):
        rows = list(rows)
        with self.writing:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(
                "UPDATE leads SET state = ?, account_id = ?, contact_id = ?, opportunity_id = ?,"
                " error = ? WHERE id = ? AND state = 'sending'",
                rows,
            )
            database.execute("COMMIT")


if __name__ == "__main__":
    if sys.argv[1:2] == ["enqueue"] and len(sys.argv) == 4:
        enqueue(sys.argv[2], sys.argv[3])
    elif sys.argv[1:2] == ["drain"] and len(sys.argv) >= 4:
        Drain(sys.argv[2], sys.argv[3], "--until-empty" in sys.argv[4:]).run()
    else:
        sys.exit(__doc__)

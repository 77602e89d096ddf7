"""Answers like AWS, for an organization of many accounts, each call after the same delay. It is a process of its own.

Only what the live check asks for is answered. The access key id of the assumed role tells the account.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
from urllib.parse import parse_qs

NS = "https://iam.amazonaws.com/doc/2010-05-08/"
MANAGEMENT = "100000000000"
USED, STALE = "2026-11-23T12:00:00+00:00", "2026-01-01T00:00:00+00:00"
CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/[^/]*/[^/]*/(?P<service>[^/]+)/")
COLUMNS = ("user", "arn", "access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date")


class Organization:
    """What is asked of these accounts: each has some users in use and some stale ones, with a key for each."""

    def __init__(self, accounts: int, users: int, stale: int, delay: float) -> None:
        """Hold so many accounts beside the management account, and answer after ``delay`` seconds."""
        self.accounts = [f"{2 * 10**11 + number:012}" for number in range(accounts)]
        self.users, self.stale, self.delay = users, stale, delay
        self.most, self._now = 0, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = re.search(r"(?i)content-length: *(\d+)", head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                self._now += 1
                self.most = max(self.most, self._now)
                await asyncio.sleep(self.delay)
                self._now -= 1
                kind, text = self.answer(head, body.decode())
                data = text.encode()
                writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def answer(self, head: str, body: str) -> tuple[str, str]:
        """The type and the text of an answer."""
        signed = CREDENTIAL.search(head)
        account = signed["key"][4:16] if signed and signed["key"].startswith("ASIA") else MANAGEMENT
        if target := re.search(r"(?i)x-amz-target: *\S+\.(\w+)", head):
            return "application/x-amz-json-1.1", json.dumps(self.organizations(target[1]))
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        action = asked["Action"]
        inside = getattr(self, f"_{action}")(account, asked)
        return "text/xml", f'<{action}Response xmlns="{NS}"><{action}Result>{inside}</{action}Result></{action}Response>'

    def organizations(self, action: str) -> object:
        """Return what the service Organizations says."""
        if action != "ListAccounts":
            return {}
        return {"Accounts": [{"Id": account, "Name": account, "Status": "ACTIVE"} for account in self.accounts]}

    def _arn(self, account: str, name: str) -> str:
        return f"arn:aws:iam::{account}:user/{name}"

    def _names(self) -> list[str]:
        return [f"user-{number}" for number in range(self.users)]

    def _GetCallerIdentity(self, account: str, _: object) -> str:  # noqa: N802 - the names of AWS
        return f"<Account>{account}</Account><Arn>arn:aws:iam::{account}:user/me</Arn><UserId>x</UserId>"

    def _AssumeRole(self, _: str, asked: dict[str, str]) -> str:  # noqa: N802
        account = asked["RoleArn"].split(":")[4]
        inside = f"<AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>x</SessionToken>"
        return f"<Credentials>{inside}<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"

    def _GetAccountSummary(self, *_: object) -> str:  # noqa: N802
        return f"<SummaryMap><entry><key>Users</key><value>{len(self._names())}</value></entry></SummaryMap>"

    def _GenerateCredentialReport(self, *_: object) -> str:  # noqa: N802
        return "<State>COMPLETE</State>"

    def _GetCredentialReport(self, account: str, _: object) -> str:  # noqa: N802
        lines = [",".join(COLUMNS), f"<root_account>,arn:aws:iam::{account}:root,false,N/A,N/A"]
        for number, name in enumerate(self._names()):
            used = STALE if number < self.stale else USED
            lines.append(f"{name},{self._arn(account, name)},true,{used},{used}")
        content = base64.b64encode("\n".join(lines).encode()).decode()
        return f"<Content>{content}</Content><GeneratedTime>{USED}</GeneratedTime><ReportFormat>text/csv</ReportFormat>"

    def _GetAccountAuthorizationDetails(self, account: str, _: object) -> str:  # noqa: N802
        tag = "<Tags><member><Key>owner</Key><Value>payments</Value></member></Tags>"
        users = (f"<member><UserName>{name}</UserName><Arn>{self._arn(account, name)}</Arn>{tag}</member>" for name in self._names())
        return f"<IsTruncated>false</IsTruncated><UserDetailList>{''.join(users)}</UserDetailList>"

    def _ListAccessKeys(self, account: str, asked: dict[str, str]) -> str:  # noqa: N802
        name = asked["UserName"]
        number = int(name.rpartition("-")[2])
        key = f"<AccessKeyId>AKIA{account[-8:]}{number:08}</AccessKeyId><Status>Active</Status><CreateDate>{STALE}</CreateDate>"
        return f"<AccessKeyMetadata><member>{key}<UserName>{name}</UserName></member></AccessKeyMetadata><IsTruncated>false</IsTruncated>"

    def _GetAccessKeyLastUsed(self, *_: object) -> str:  # noqa: N802
        used = f"<LastUsedDate>{STALE}</LastUsedDate><ServiceName>s3</ServiceName><Region>us-east-1</Region>"
        return f"<AccessKeyLastUsed>{used}</AccessKeyLastUsed>"

    def _ListServiceSpecificCredentials(self, *_: object) -> str:  # noqa: N802
        return "<ServiceSpecificCredentials/><IsTruncated>false</IsTruncated>"

    def _ListOrganizationsFeatures(self, *_: object) -> str:  # noqa: N802
        return "<EnabledFeatures/>"


async def _run(organization: Organization) -> None:
    server = await asyncio.start_server(organization.serve, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("accounts", 50), ("users", 100), ("stale", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--delay", type=float, default=0.05, help="seconds")
    given = parser.parse_args()
    asyncio.run(_run(Organization(given.accounts, given.users, given.stale, given.delay)))

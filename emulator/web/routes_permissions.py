"""The permissions of a state machine: a part of its page, and a page by itself."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from emulator.web.page import about, is_part


def add(pages: Blueprint) -> None:
    """Add the route of permissions."""

    @pages.get("/permissions/<path:arn>")
    def permissions_of(arn: str) -> str:
        from emulator.web.permissions import permissions  # brings botocore, which is not for the start of a server

        asked = about(arn)
        described = asked.step_functions("DescribeStateMachine", stateMachineArn=arn)
        only_runs = request.args.get("of") == "runs"
        return render_template(
            "machine_permissions.html" if is_part() else "permissions.html",
            page="machine",
            arn=arn,
            machine=described,
            only_runs=only_runs,
            shown=permissions(asked, described, only_runs=only_runs),
        )

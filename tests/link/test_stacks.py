"""What CloudFormation's answers mean."""

from __future__ import annotations

from typing import Any

import pytest

from posturio_iac.core.unknown import FAILED
from posturio_iac.link.declared import StackKey
from posturio_iac.live.connection.calls import AwsError
from posturio_iac.live.context import _answer, _held

ID = "AKIAIOSFODNN7EXAMPLE"


class Region:
    """A region that gives one answer and counts how often it is asked."""

    def __init__(self, *resources: dict[str, str], error: AwsError | None = None, name: str = "eu-west-1") -> None:
        self.region, self.resources, self.error, self.asked = name, resources, error, 0

    def call(self, operation: str, **parameters: str) -> dict[str, Any]:
        assert (operation, parameters) == ("cloudformation:DescribeStackResources", {"PhysicalResourceId": ID})
        self.asked += 1
        if self.error is not None:
            raise self.error
        return {"StackResources": list(self.resources)}


def resource(key_id: str = ID, **changes: str) -> dict[str, str]:
    names = {"StackName": "mail", "LogicalResourceId": "Key", "ResourceType": "AWS::IAM::AccessKey", "ResourceStatus": "CREATE_COMPLETE"}
    return {**names, "PhysicalResourceId": key_id, **changes}


def error(code: str) -> AwsError:
    return AwsError("cloudformation:DescribeStackResources", code, "no")


def answer(*regions: Any, failed: dict[tuple[str, str], AwsError]) -> Any:
    return _answer(ID, regions, failed)


HELD = StackKey("mail", "eu-west-1", "Key")
OTHERS = (resource("mail-User-1", LogicalResourceId="User", ResourceType="AWS::IAM::User"), resource("AKIAIOSFODNN7EXAMPL2"))


@pytest.mark.parametrize(
    ("region", "held"),
    [
        pytest.param(Region(*OTHERS, resource()), HELD, id="the resource with the id is the key"),
        pytest.param(Region(error=error("ValidationError")), None, id="an id of no stack"),
        pytest.param(Region(), None, id="a stack without resources"),
        *(
            pytest.param(Region(resource(ResourceStatus=status)), None, id=f"what a stack has let go: {status}")
            for status in ("DELETE_COMPLETE", "DELETE_SKIPPED")
        ),
        *(
            pytest.param(Region(resource(ResourceStatus=status)), HELD, id=f"what a stack still holds: {status}")
            for status in ("DELETE_FAILED", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
        ),
        pytest.param(
            Region(*(resource(f"other-{n}") for n in range(100))),
            StackKey("mail", "eu-west-1", ""),
            id="of a large stack only the name is known",
        ),
    ],
)
def test_what_a_stack_holds(region: Any, held: StackKey | None) -> None:
    assert _held(region, ID) == held


def test_a_region_that_denies_is_asked_once_and_the_others_go_on() -> None:
    shut, open_ = Region(error=error("AccessDenied")), Region(resource(), name="us-east-1")
    failed: dict[tuple[str, str], AwsError] = {}
    assert [answer(shut, open_, failed=failed) for _ in range(3)] == [StackKey("mail", "us-east-1", "Key")] * 3
    assert (shut.asked, open_.asked, list(failed)) == (1, 3, [("eu-west-1", "AccessDenied")])


def test_what_one_region_could_not_tell_is_not_known() -> None:
    failed: dict[tuple[str, str], AwsError] = {}
    found = answer(Region(error=error("Throttling")), Region(name="us-east-1"), failed=failed)
    assert found == FAILED("cloudformation:DescribeStackResources", "Throttling", "eu-west-1")

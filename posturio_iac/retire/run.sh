#!/bin/sh
# Runs the scripts of all accounts of this plan, one after the other:
#   sh run.sh [--undo] [--yes] [--role NAME [--external-id ID]] [ACCOUNT=PROFILE...]
# An account with a profile is run with it; any other with --role, which is assumed from the credentials at hand, or with these.

set -u
export AWS_PAGER=
here=$(dirname -- "$0")
kind='' yes='' role='' external='' profiles=''
fail() { echo "$*" >&2; exit 2; }
usage() { fail "usage: sh $0 [--undo] [--yes] [--role NAME [--external-id ID]] [ACCOUNT=PROFILE...]"; }

while [ $# -gt 0 ]; do
  case $1 in
    --undo) kind=-undo ;;
    --yes) yes=--yes ;;
    --role | --external-id)
      [ $# -gt 1 ] || usage
      case $1 in --role) role=$2 ;; *) external=$2 ;; esac
      shift
      ;;
    [0-9]*=?*) profiles="$profiles $1" ;;
    *) usage ;;
  esac
  shift
done
own=$(aws sts get-caller-identity --query Account --output text 2>/dev/null) || own=

# assume ACCOUNT: put the credentials of the role in an account into the environment.
assume() {
  set -- "$1" --role-arn "arn:${partition:-aws}:iam::$1:role/$role" --role-session-name posturio-iac
  [ -z "$external" ] || set -- "$@" --external-id "$external"
  shift
  given=$(aws sts assume-role "$@" --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text) || return 1
  AWS_ACCESS_KEY_ID=$(printf %s "$given" | cut -f1)
  AWS_SECRET_ACCESS_KEY=$(printf %s "$given" | cut -f2)
  AWS_SESSION_TOKEN=$(printf %s "$given" | cut -f3)
  export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
  unset AWS_PROFILE
}

# run ACCOUNT PROFILE: run the script of one account.
run() {
  if [ -n "$2" ]; then
    # These would be used in its place.
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE AWS_DEFAULT_PROFILE
    export AWS_PROFILE="$2"
  elif [ -n "$role" ] && [ "$1" != "$own" ]; then
    assume "$1" || return 2
  fi
  set -- "$here/$1$kind.sh"
  if [ -n "$yes" ] && [ -z "$kind" ]; then set -- "$@" "$yes"; fi
  sh "$@"
}

worst=0
for account in ${accounts:-}; do
  profile=
  for pair in $profiles; do
    case $pair in "$account"=*) profile=${pair#*=} ;; esac
  done
  echo "account $account"
  (run "$account" "$profile")
  code=$?
  [ "$code" -le "$worst" ] || worst=$code
done
exit "$worst"

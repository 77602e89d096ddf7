"""The functions of the scripts of a plan, in POSIX shell: each looks again before it acts, and logs what it did."""

COMMON = r"""
set -u
export AWS_PAGER=
log=$(dirname -- "$0")/log.jsonl
failed=0

fail() { echo "$*" >&2; exit 2; }

# record STEP USER KEY OUTCOME WHY: one line of the log.
record() {
  why=$(printf %s "$5" | tr -cd 'A-Za-z0-9 .,:;()/_-' | cut -c1-300)
  printf '{"at":"%s","account":"%s","step":"%s","user":"%s","key_id":"%s","outcome":"%s","why":"%s"}\n' \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$account" "$1" "$2" "$3" "$4" "$why" >>"$log" || fail "the log $log cannot be written"
}

# kept STEP USER KEY WHY: say and record that a step was not taken.
kept() {
  echo "kept $3 of $2: $4" >&2
  record "$1" "$2" "$3" kept "$4"
  failed=1
  return 1
}

# act STEP USER KEY COMMAND...: record, run, record.
act() {
  step=$1 user=$2 key=$3
  shift 3
  record "$step" "$user" "$key" begun ""
  if said=$("$@" 2>&1); then
    echo "$step $key of $user: done"
    record "$step" "$user" "$key" done ""
  else
    echo "$step $key of $user: failed: $said" >&2
    record "$step" "$user" "$key" failed "$said"
    failed=1
  fi
}

# same_key STEP USER KEY CREATED STATUS: whether AWS still has this very key, with this status.
same_key() {
  found=$(aws iam list-access-keys --user-name="$2" --query "AccessKeyMetadata[?AccessKeyId=='$3'].[Status,CreateDate]" --output text) ||
    { kept "$1" "$2" "$3" "the keys of its user could not be listed"; return 1; }
  same "$@"
}

# same_credential STEP USER KEY CREATED STATUS: the same for an API key of a service.
same_credential() {
  found=$(aws iam list-service-specific-credentials --user-name="$2" --output text \
    --query "ServiceSpecificCredentials[?ServiceSpecificCredentialId=='$3'].[Status,CreateDate]") ||
    { kept "$1" "$2" "$3" "the API keys of its user could not be listed"; return 1; }
  same "$@"
}

same() {
  status=$(printf %s "$found" | cut -f1)
  created=$(printf %s "$found" | cut -f2 | cut -c1-19)
  if [ "$status" != "$5" ] && grep -F "\"step\":\"$1\",\"user\":\"$2\",\"key_id\":\"$3\",\"outcome\":\"done\"" "$log" >/dev/null; then
    echo "$1 $3 of $2: was done before"
    return 1
  fi
  [ -n "$found" ] || { kept "$1" "$2" "$3" "it is gone"; return 1; }
  [ "$created" = "$4" ] || { kept "$1" "$2" "$3" "it was created at $created, and the plan means one of $4"; return 1; }
  [ "$status" = "$5" ] || { kept "$1" "$2" "$3" "it is $status, and this step is for a key that is $5"; return 1; }
}

in_account() {
  here=$(aws sts get-caller-identity --query Account --output text) || fail "the credentials cannot be used"
  [ "$here" = "$account" ] || fail "these credentials belong to account $here, and this plan to $account"
  : >>"$log" || fail "the log $log cannot be written"
}
"""
RUN = r"""
sure=
for word in "$@"; do
  case $word in
    --yes) sure=yes ;;
    *) fail "usage: sh $0 [--yes]" ;;
  esac
done
[ "$(date -u +%s)" -le "$until" ] || fail "this plan was good until $until_text; make a new one"
[ "$(date -u +%s)" -ge "$made" ] || fail "the clock of this machine is before $made_text, when this plan was made"
[ -n "$sure" ] || [ -t 0 ] || fail "there is no terminal to ask on; --yes takes every step of this plan"
in_account

# agreed OWNER STEPS: whether the steps for the keys of an owner are to be taken.
agreed() {
  [ -z "$sure" ] || return 0
  printf 'Owner %s: %s? [y/N] ' "$1" "$2"
  read -r answer || answer=
  case $answer in [yY]|[yY][eE][sS]) return 0 ;; esac
  echo "left out"
  return 1
}

# not_used_since STEP USER KEY LAST: whether the last use of a key is not later than the plan saw it; - is never.
not_used_since() {
  found=$(aws iam get-access-key-last-used --access-key-id="$3" --query '[UserName,AccessKeyLastUsed.LastUsedDate]' --output text) ||
    { kept "$1" "$2" "$3" "when it was last used could not be asked"; return 1; }
  holder=$(printf %s "$found" | cut -f1)
  used=$(printf %s "$found" | cut -f2 | cut -c1-19)
  [ "$holder" = "$2" ] || { kept "$1" "$2" "$3" "it belongs to user $holder now"; return 1; }
  case $used in
    None) return 0 ;;
    [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]) ;;
    *) kept "$1" "$2" "$3" "when it was last used cannot be read from $used"; return 1 ;;
  esac
  [ "$4" != - ] || { kept "$1" "$2" "$3" "it was used at $used, and the plan saw it never used"; return 1; }
  LC_ALL=C expr "x$used" \<= "x$4" >/dev/null || { kept "$1" "$2" "$3" "it was used at $used, and the plan knew of $4"; return 1; }
}

# never_on_since STEP USER KEY SINCE EVENT: whether CloudTrail tells of no switching on; nothing is deleted without its answer.
never_on_since() {
  found=$(aws cloudtrail lookup-events --region "$trail" --start-time "$4" --output text \
    --lookup-attributes AttributeKey=EventName,AttributeValue="$5" \
    --query "Events[?contains(CloudTrailEvent, '$3')].CloudTrailEvent") ||
    { kept "$1" "$2" "$3" "CloudTrail could not be asked whether it was switched on meanwhile"; return 1; }
  case $(printf %s "$found" | tr -d ' ') in
    *'"status":"Active"'*) kept "$1" "$2" "$3" "it was switched on after $4"; return 1 ;;
  esac
}

# disable USER KEY CREATED LAST
disable() {
  same_key disable "$1" "$2" "$3" Active && not_used_since disable "$1" "$2" "$4" || return 0
  act disable "$1" "$2" aws iam update-access-key --user-name="$1" --access-key-id="$2" --status=Inactive
}

# delete USER KEY CREATED LAST STATUS SINCE
delete() {
  same_key delete "$1" "$2" "$3" "$5" && not_used_since delete "$1" "$2" "$4" &&
    never_on_since delete "$1" "$2" "$6" UpdateAccessKey || return 0
  act delete "$1" "$2" aws iam delete-access-key --user-name="$1" --access-key-id="$2"
}

# disable_credential USER KEY CREATED: an API key of a service, of which AWS tells no use.
disable_credential() {
  same_credential disable "$1" "$2" "$3" Active || return 0
  act disable "$1" "$2" aws iam update-service-specific-credential --user-name="$1" --service-specific-credential-id="$2" --status=Inactive
}

# delete_credential USER KEY CREATED STATUS SINCE: one that is switched off, or that AWS has ended, which nobody can undo.
delete_credential() {
  same_credential delete "$1" "$2" "$3" "$4" || return 0
  [ "$4" = Expired ] || never_on_since delete "$1" "$2" "$5" UpdateServiceSpecificCredential || return 0
  act delete "$1" "$2" aws iam delete-service-specific-credential --user-name="$1" --service-specific-credential-id="$2"
}
"""
UNDO = r"""
in_account

# was_disabled USER KEY: whether the log says that this plan switched a key off, and not on again since.
was_disabled() {
  case $(grep -F "\"user\":\"$1\",\"key_id\":\"$2\"," "$log" | grep -Fv '"outcome":"kept"' | tail -n 1) in
    *'"step":"enable"'*'"outcome":"done"'*) echo "enable $2 of $1: was done before"; return 1 ;;
    *'"step":"enable"'* | *'"step":"disable"'*'"outcome":"done"'*) return 0 ;;
    *'"step":"disable"'*'"outcome":"begun"'*)
      kept enable "$1" "$2" "the plan began to switch it off, and the log does not show whether it did" ;;
  esac
  return 1
}

# enable USER KEY CREATED: switch a key on again that this plan switched off and nobody changed since.
enable() {
  was_disabled "$1" "$2" || return 0
  same_key enable "$1" "$2" "$3" Inactive || return 0
  act enable "$1" "$2" aws iam update-access-key --user-name="$1" --access-key-id="$2" --status=Active
}

# enable_credential USER KEY CREATED: the same for an API key of a service.
enable_credential() {
  was_disabled "$1" "$2" || return 0
  same_credential enable "$1" "$2" "$3" Inactive || return 0
  act enable "$1" "$2" aws iam update-service-specific-credential --user-name="$1" --service-specific-credential-id="$2" --status=Active
}
"""
END = '\n[ "$failed" = 0 ] || echo "not every step was taken; $log shows which and why" >&2\nexit "$failed"\n'

# shellcheck shell=sh
# The steps of a plan, for the scripts beside this file. Each step looks again before it acts, at AWS and at the ledger,
# looks once more afterwards, and logs what it saw in log.jsonl. Nothing here decides what the plan did not.

set -u
export AWS_PAGER=
here=$(dirname -- "$0")
log=$here/log.jsonl
failed=0 approval='' chosen='' blind=''
account='' trail='' made='' until='' ledger='' hold='' keys='' caller=''

fail() { echo "$*" >&2; exit 2; }
time_now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
plain() { tr -cd 'A-Za-z0-9 .,:;()/_=+@-' | cut -c1-300; }

# begin WHAT NAME=VALUE... -- WORD...: take the facts of the plan, then the words that were given: --yes, and ids of keys to choose.
begin() {
  what=$1
  shift
  while [ "$1" != -- ]; do
    case $1 in
      account=*) account=${1#*=} ;;
      trail=*) trail=${1#*=} ;;
      made=*) made=${1#*=} ;;
      until=*) until=${1#*=} ;;
      ledger=*) ledger=${LEDGER:-${1#*=}} ;;
      hold=*) hold=${1#*=} ;;
      keys=*) keys=${1#*=} ;;
    esac
    shift
  done
  shift
  for word in "$@"; do
    case $word in
      --yes) approval=--yes ;;
      *)
        case " $keys " in
          *" $word "*) chosen="$chosen $word" ;;
          *) fail "usage: sh $0 [--yes] [KEY_ID...]; $word is no key of this plan" ;;
        esac
        ;;
    esac
  done
  before "$(time_now)" "$until" || fail "$(too_late)"
  before "$made" "$(time_now)" || fail "the clock of this machine is before $made, when this plan was made"
  [ "$what" = undo ] || [ -n "$approval" ] || [ -t 0 ] || fail "there is no terminal to ask on; --yes takes every step of this plan"
  who=$(aws sts get-caller-identity --query '[Account,Arn]' --output text) || fail "the credentials cannot be used"
  account_now=$(printf %s "$who" | cut -f1)
  caller=$(printf %s "$who" | cut -f2 | plain)
  [ "$account_now" = "$account" ] || fail "these credentials belong to account $account_now, and this plan to $account"
  : >>"$log" || fail "the log $log cannot be written"
}

# too_late: why nothing is done any longer.
too_late() {
  case $what in
    undo) echo "since $until CloudTrail no longer remembers who changed the keys of this plan; look who did, and switch them on by hand" ;;
    *) echo "this plan was good until $until; make a new one" ;;
  esac
}

finish() {
  [ -n "$keys" ] || echo "nothing to do: this plan has no step for account $account"
  [ "$failed" = 0 ] || echo "not every step was taken; $log shows which and why" >&2
  exit "$failed"
}

# before A B: whether a time is not after another one.
before() { LC_ALL=C expr "x$1" \<= "x$2" >/dev/null; }

# record OUTCOME WHY: one line of the log about the step that is being taken.
record() {
  why=$(printf %s "$2" | plain)
  printf '{"at":"%s","epoch":%s,"account":"%s","step":"%s","user":"%s","key_id":"%s","outcome":"%s","why":"%s","caller":"%s","approval":"%s"}\n' \
    "$(time_now)" "$(date -u +%s)" "$account" "$step" "$user" "$key" "$1" "$why" "$caller" "${approval:-asked}" >>"$log" ||
    fail "the log $log cannot be written"
}

# kept WHY: say and record that a step was not taken.
kept() {
  echo "kept $key of $user: $1" >&2
  record kept "$1"
  [ "$failed" = 3 ] || failed=1
  return 1
}

# unknown WHY: the same, because something could not be found out.
unknown() {
  failed=3
  kept "$1"
}

# was_done: say that an earlier run took this step.
was_done() {
  echo "$step $key of $user: was done before"
  return 1
}

# facts NAME=VALUE...: the key of a step, as the plan knew it.
facts() {
  kind=key user='' key='' created='' last='' known='' name='' forced='' idle='' regions=''
  for pair in "$@"; do
    case $pair in
      kind=*) kind=${pair#*=} ;;
      user=*) user=${pair#*=} ;;
      key=*) key=${pair#*=} ;;
      created=*) created=${pair#*=} ;;
      last_use=*) last=${pair#*=} ;;
      known=*) known=${pair#*=} ;;
      idle=*) idle=${pair#*=} ;;
      regions=*) regions=${REGIONS:-${pair#*=}} ;;
      ledger_name=*) name=${pair#*=} ;;
      status=*) wanted=${pair#*=} ;;
      forced=*) forced=${pair#*=} ;;
    esac
  done
}

is_chosen() {
  case "$chosen " in
    ' ' | *" $key "*) return 0 ;;
  esac
  return 1
}

# listed: the status and the creation of the key among those of its user.
listed() {
  if [ "$kind" = key ]; then
    aws iam list-access-keys --user-name="$user" --query "AccessKeyMetadata[?AccessKeyId=='$key'].[Status,CreateDate]" --output text
  else
    aws iam list-service-specific-credentials --user-name="$user" --output text \
      --query "ServiceSpecificCredentials[?ServiceSpecificCredentialId=='$key'].[Status,CreateDate]"
  fi
}

# look: the status and the creation of the key as AWS has them now; the status is Gone where it is deleted.
look() {
  found=$(listed) || return 1
  status=$(printf %s "$found" | cut -f1)
  created_now=$(printf %s "$found" | cut -f2 | cut -c1-19)
  case $status in '' | None) status=Gone ;; esac
}

# looked: the same before a step, and what is said where it fails.
looked() {
  look && return 0
  if ! listed 2>&1 >/dev/null | grep -Fq NoSuchEntity; then
    unknown "the keys of its user could not be listed"
    return 1
  fi
  last_line
  case $step:$past:$outcome in delete:delete:done) was_done; return 1 ;; esac
  kept "there is no user $user any longer: the key is gone, or its user was renamed"
}

# change STATUS: give the key this status; Gone deletes it.
change() {
  case $kind:$1 in
    key:Gone) aws iam delete-access-key --user-name="$user" --access-key-id="$key" ;;
    key:*) aws iam update-access-key --user-name="$user" --access-key-id="$key" --status="$1" ;;
    *:Gone) aws iam delete-service-specific-credential --user-name="$user" --service-specific-credential-id="$key" ;;
    *) aws iam update-service-specific-credential --user-name="$user" --service-specific-credential-id="$key" --status="$1" ;;
  esac
}

# act STATUS: record, change, look, and record what AWS shows, whatever the call said.
act() {
  record begun ""
  said=$(change "$1" 2>&1) || said="failed: $said"
  status=
  look || status=
  if [ "$status" != "$1" ]; then
    sleep 2
    look || status=
  fi
  if [ "$status" = "$1" ]; then
    echo "$step $key of $user: done"
    record "done" ""
    return 0
  fi
  [ "$failed" = 3 ] || failed=1
  if [ -z "$status" ]; then # the line that it began stays the last one, and the next run finds out
    failed=3
    echo "$step $key of $user: it is not known whether it was done, because the key could not be looked at ($said); run this again" >&2
    return 0
  fi
  echo "$step $key of $user: ${said:-failed}; the key is still $status" >&2
  record failed "${said:-AWS said that it was done}; the key is still $status"
}

# lookup REGION SINCE ATTRIBUTE VALUE EXPRESSION WORD...: put what CloudTrail tells into $told, one a line. It fails unless each page of the
# answer has a list of events: an answer without one, as of a network that answers in place of AWS, does not say that there is none.
lookup() {
  region=$1 since=$2 attribute=AttributeKey=$3,AttributeValue=$4 expression=$5 told=
  shift 5
  found=$(aws cloudtrail lookup-events --region "$region" --start-time "$since" --lookup-attributes "$attribute" --output text \
    --query "[type(Events), $expression]" "$@") || return 1
  told=$(printf '%s\n' "$found" | grep -v -e '^array' -e '^null')
  case $found in array*) ! printf '%s\n' "$found" | grep -q '^null' ;; *) return 1 ;; esac
}

# events NAME SINCE: put the events of this name about the key since a time into $events, one a line, but for refused calls.
events() {
  if [ "$kind" != key ]; then
    case $1 in
      UpdateAccessKey) set -- UpdateServiceSpecificCredential "$2" ;;
      DeleteAccessKey) set -- DeleteServiceSpecificCredential "$2" ;;
    esac
  fi
  lookup "$trail" "$2" EventName "$1" "Events[?contains(CloudTrailEvent, '$key')].[CloudTrailEvent]" || return 1
  events=$(printf '%s\n' "$told" | tr -d ' ' | grep '{' | grep -v '"errorCode":"')
  return 0
}

# last_line: the last line of the log that tells what became of the key, and when and by whom that step was begun.
last_line() {
  lines=$(grep -F "\"user\":\"$user\",\"key_id\":\"$key\"," "$log" | grep -Fv -e '"outcome":"kept"' -e '"outcome":"refused"')
  line=$(printf '%s\n' "$lines" | tail -n 1)
  past=$(printf %s "$line" | sed 's/.*"step":"\([a-z]*\)".*/\1/')
  outcome=$(printf %s "$line" | sed 's/.*"outcome":"\([a-z]*\)".*/\1/')
  line=$(printf '%s\n' "$lines" | grep -F '"outcome":"begun"' | tail -n 1)
  at=$(printf %s "$line" | sed 's/.*"at":"\([^"]*\)".*/\1/')
  began=$(printf %s "$line" | sed 's/.*"epoch":\([0-9]*\),.*/\1/')
  by=$(printf %s "$line" | sed 's/.*"caller":"\([^"]*\)".*/\1/')
}

# ours EVENT: whether CloudTrail shows that whoever ran this plan did the step that the last line tells of, and nobody else any since.
# What is older than that line does not count, unless our own change is older, too: the clock of this machine may be wrong by five minutes.
ours() {
  case $began in '' | *[!0-9]*) kept "the log cannot be read"; return 1 ;; esac
  events "$1" "$((began - 300))" || { unknown "CloudTrail could not be asked who changed it"; return 1; }
  events=$(printf '%s\n' "$events" | sed 's/.*"eventTime":"\([^"]*\)".*/\1 &/' | LC_ALL=C sort)
  first=$(printf '%s\n' "$events" | grep -F "\"$by\"" | grep -Fv '"status":"Active"' |
    awk -v at="$at" '{ own = $1 } END { if (own != "" && own < at) at = own; print at }')
  events=$(printf '%s\n' "$events" | awk -v first="$first" '$1 >= first')
  case $events in *'"status":"Active"'*) kept "it was switched on since, and somebody switched it off again"; return 1 ;; esac
  [ -n "$events" ] || return 2
  if printf '%s\n' "$events" | grep -Fqv "\"$by\""; then
    kept "somebody else changed it since"
    return 1
  fi
}

# settle EVENT: find out whether a step that was interrupted was done, and say so in the log.
settle() {
  ours "$1"
  case $? in
    0) record "done" "an earlier run was interrupted; CloudTrail shows that it did this" ;;
    2)
      if [ "$(($(date -u +%s) - began))" -lt 1200 ]; then
        kept "an earlier run was interrupted, and CloudTrail does not show yet who changed it: run this again in 20 minutes"
      else
        kept "an earlier run was interrupted, and CloudTrail shows no change by it"
      fi ;;
    *) return 1 ;;
  esac
}

# same_key STATUS: whether AWS still has this very key, with this status, and no run of this plan has taken the step or gone back on it.
same_key() {
  looked || return 1
  last_line
  if [ "$status" != Gone ] && [ "$created_now" != "$created" ]; then
    kept "it was created at $created_now, and the plan means one of $created"
    return 1
  fi
  if [ "$status" = "$1" ]; then
    case $step:$past:$outcome in
      disable:disable:done) kept "this plan switched it off, and somebody switched it on again"; return 1 ;;
      disable:enable:*) kept "it was switched on again after this plan had switched it off"; return 1 ;;
    esac
    return 0
  fi
  case $step:$status:$past:$outcome in
    disable:Inactive:disable:done | delete:Gone:delete:done | enable:Active:enable:done) was_done; return 1 ;;
    disable:Inactive:disable:begun | disable:Inactive:disable:failed) settle UpdateAccessKey && was_done; return 1 ;;
    delete:Gone:delete:begun | delete:Gone:delete:failed) settle DeleteAccessKey && was_done; return 1 ;;
    enable:Active:*) echo "enable $key of $user: is on already"; return 1 ;;
    *:Gone:*) kept "it is gone"; return 1 ;;
  esac
  kept "it is $status, and this step is for a key that is $1"
}

# in_time: whether the plan still holds; a prompt may have waited for long.
in_time() { before "$(time_now)" "$until" || kept "$(too_late)"; }

# as_written: whether the ledger in $told fits the digest at the end of its first line, which is that of all the rest.
as_written() {
  digest=$(printf '%s\n' "$told" | sed -n '1s/.*, "digest": "\([0-9a-f]*\)"}$/\1/p')
  [ ${#digest} = 64 ] || return 1
  case $(printf '%s\n' "$told" | sed '1s/, "digest": "[0-9a-f]*"}$/}/' | sha256) in *"$digest"*) ;; *) return 1 ;; esac
}

sha256() { sha256sum 2>/dev/null || shasum -a 256 2>/dev/null || openssl dgst -sha256 2>/dev/null; }

# not_needed: whether the ledger, which knows the key, has no newer question to its owner and no answer that it is needed.
not_needed() {
  [ -n "$ledger" ] || return 0
  case $ledger in
    s3://*) told=$(aws s3 cp "$ledger" -) ;;
    *) told=$(cat -- "$ledger") ;;
  esac || { unknown "the ledger $ledger cannot be read, so it is not known whether its owner has answered; LEDGER=PATH names another place"; return 1; }
  told=$(printf '%s\n' "$told" | sed '/"run": "begun"/,$d') # what a run that goes on has read is no part of it yet
  as_written ||
    { unknown "the ledger $ledger is not as it was written, or sha256sum, shasum and openssl are missing; make a new plan"; return 1; }
  day=$(printf '%s\n' "$told" | sed -n '1s/.*"hold": "\([0-9-]*\)T.*/\1/p')
  [ "$day" = "$hold" ] || { kept "the ledger was damaged after this plan was made, and its owner may answer until $day; make a new plan"; return 1; }
  told=$(printf '%s\n' "$told" | tr -d ' ' | grep -F "\"key\":\"$name\"") ||
    { unknown "the ledger $ledger does not know it, so it is another one; LEDGER=PATH names the right one"; return 1; }
  asked=$(printf '%s\n' "$told" | grep -F '"change":"asked"' | tail -n 1 | cut -c8-26)
  ! before "$made" "$asked" || { kept "its owner was asked after this plan was made; make a new one"; return 1; }
  told=$(printf '%s\n' "$told" | grep -F '"change":"answered"' | tail -n 1)
  case $told in
    *'"needed":true,"until":"'*)
      day=$(printf %s "$told" | sed 's/.*"needed":true,"until":"\([0-9-]*\)".*/\1/')
      before "$(time_now)" "${day}T24" || {
        [ "$step" = delete ] && before "$made" "$(printf %s "$told" | cut -c8-26)" || return 0
        kept "its owner has answered since that it was needed until $day; make a new plan"
        return 1
      }
      ;;
    *'"needed":true'*) day= ;;
    *) return 0 ;;
  esac
  kept "its owner has answered that it is needed${day:+ until $day}"
}

# not_used: whether the last use of the key is not later than the plan saw it; - is never. AWS tells no use of an API key of a service.
not_used() {
  [ "$kind" = key ] || return 0
  found=$(aws iam get-access-key-last-used --access-key-id="$key" --query '[UserName,AccessKeyLastUsed.LastUsedDate]' --output text) ||
    { unknown "when it was last used could not be asked"; return 1; }
  holder=$(printf %s "$found" | cut -f1)
  used=$(printf %s "$found" | cut -f2 | cut -c1-19)
  [ "$holder" = "$user" ] || { kept "it belongs to user $holder now"; return 1; }
  case $used in
    None) return 0 ;;
    [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]) ;;
    *) kept "when it was last used cannot be read from $used"; return 1 ;;
  esac
  [ "$last" != - ] || { kept "it was used at $used, and the plan saw it never used"; return 1; }
  before "$used" "$last" || { kept "it was used at $used, and the plan knew of $last"; return 1; }
}

# not_called: whether CloudTrail, which is minutes late, shows no call with the key for as long as it counts as idle, in the regions of the plan.
not_called() {
  for region in $regions; do
    # Cut off after one, the answer ends with a page that has no list.
    lookup "$region" "$idle" AccessKeyId "$key" 'Events[].[EventName]' --max-items 1 || [ -n "$told" ] ||
      { unknown "CloudTrail could not be asked in $region whether it was used; REGIONS='...' names other regions"; return 1; }
    [ -z "$told" ] || { kept "CloudTrail in $region shows a call with it since $idle: $told"; return 1; }
  done
}

# not_switched: whether CloudTrail shows no switch since those that the plan knew. Without its answer nothing is done.
not_switched() {
  events UpdateAccessKey "$known" || { unknown "CloudTrail could not be asked whether it was switched on meanwhile"; return 1; }
  case $events in
    '') return 0 ;;
    *'"status":"Active"'*) kept "it was switched on after $known" ;;
    *) kept "it was switched off after $known, later than the plan knew" ;;
  esac
}

# agreed OWNER STEP:KEY:USER...: whether the chosen steps for the keys of an owner are to be taken. A refusal is logged.
agreed() {
  owner=$1 steps=
  shift
  for word in "$@"; do
    key=${word#*:} key=${key%%:*}
    is_chosen && steps="$steps $word"
  done
  [ -n "$steps" ] || return 1
  [ -z "$approval" ] || return 0
  printf 'Owner %s:\n' "$owner"
  for word in $steps; do
    key=${word#*:} key=${key%%:*}
    printf '  %s %s of %s\n' "${word%%:*}" "$key" "${word##*:}"
  done
  printf 'Do this? [y/N] '
  read -r answer || answer=
  case $answer in [yY] | [yY][eE][sS]) return 0 ;; esac
  for word in $steps; do
    step=${word%%:*} key=${word#*:} key=${key%%:*} user=${word##*:}
    record refused "the answer was no"
  done
  echo "left out"
  return 1
}

disable() {
  step=disable
  facts "$@"
  is_chosen && same_key Active && in_time || return 0
  case $forced in
    '') not_needed && not_used && not_called && not_switched || return 0 ;;
    named) not_switched || return 0 ;;
    public) ;;
  esac
  act Inactive
}

delete() {
  step=delete wanted=Inactive
  facts "$@"
  is_chosen && same_key "$wanted" && in_time && not_needed && not_used || return 0
  [ "$wanted" = Expired ] || not_switched || return 0
  act Gone
}

# switch_on NAME=VALUE...: switch a key on again that this plan switched off, unless anybody changed it since.
switch_on() {
  step=enable
  facts "$@"
  is_chosen || return 0
  last_line
  case $past:$outcome in
    disable:*) ;;
    enable:done) was_done || return 0 ;;
    enable:*) ;;
    *) return 0 ;;
  esac
  if [ "$past" = disable ] && [ "$outcome" != "done" ]; then
    looked || return 0
    [ "$status" = Inactive ] && [ "$created_now" = "$created" ] || return 0
    settle UpdateAccessKey || return 0
    last_line
  fi
  same_key Inactive && in_time || return 0
  ours UpdateAccessKey
  case $? in
    1) return 0 ;;
    2) [ -n "$blind" ] || echo "CloudTrail does not show this plan's own step yet, so what others did in the last 15 minutes cannot be seen" >&2
      blind=yes ;;
  esac
  act Active
}

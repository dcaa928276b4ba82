# -- Stop codes: the order between the nodes, where no engineer sees all of them

CODES=''       # what --codes was given
OVERRIDE=''    # the reason that --override was given
ENDED_STAGE='' # the stage whose codes the stage under way asks for
WANTED=''      # these codes, lines "CODE NODE"
GIVEN=''       # codes that were typed, a line each
MISSING=''     # nodes whose codes were not typed, a line each

# stop_code STAGE NODE: the code which says that STAGE is done on NODE. It is the
# same each time, and no secret: it keeps order.
stop_code() {
	local sum=''
	read -r sum _ <<<"$(printf '%s %s %s' "$PLAN" "$1" "$2" | sha256sum)"
	if [ ${#sum} -ne 64 ]; then
		return 1
	fi
	printf '%s-%s\n' "${sum:0:3}" "${sum:3:3}"
}

LISTED='' # lines "CODE NODE"

# list_codes [STAGE]: the codes that this node asks for before STAGE; without a
# STAGE those before any, and its own beside them.
list_codes() {
	local line stage rest node code nodes own=" $NODE"
	LISTED=''
	if [ $# -gt 0 ]; then
		own=''
	fi
	for line in "${WAITS[@]}"; do
		read -r stage ENDED_STAGE rest <<<"$line"
		if [ -z "$rest" ] || [ "${1-$stage}" != "$stage" ]; then
			continue
		fi
		read -r -a nodes <<<"$rest$own"
		for node in "${nodes[@]}"; do
			code=$(stop_code "$ENDED_STAGE" "$node")
			LISTED="$LISTED$code $node"$'\n'
		done
		if [ $# -gt 0 ]; then
			return 0
		fi
	done
}

# find_missing: notes which nodes have given no code of those that are asked for.
find_missing() {
	local code node
	MISSING=''
	while read -r code node; do
		if [ -n "$code" ] && ! has "$code" "$GIVEN"; then
			MISSING="$MISSING$node"$'\n'
		fi
	done <<<"$WANTED"
}

# take_codes TEXT: takes the codes out of a text, whatever stands between them.
take_codes() {
	local word words strange='' pattern='^([0-9a-f]{3})-?([0-9a-f]{3})$'
	read -r -a words <<<"${1//[!0-9A-Za-z-]/ } -"
	for word in "${words[@]}"; do
		word=${word,,}
		if [[ $word =~ $pattern ]]; then
			word=${BASH_REMATCH[1]}-${BASH_REMATCH[2]}
			GIVEN="$GIVEN$word"$'\n'
			if ! in_list "$word" "$WANTED"; then
				strange="$strange$word"$'\n'
			fi
		fi
	done
	find_missing
	if [ -n "$strange" ]; then
		name_strangers "$strange"
	fi
}

# in_list CODE LIST: is the code in lines "CODE NODE"?
in_list() { [[ $'\n'"$2" == *$'\n'"$1 "* ]]; }

# name_strangers SET: names the codes that this node never asks for. One that it
# asks for before another stage, or its own, does no harm here.
name_strangers() {
	local code asked_stage=$ENDED_STAGE strange=''
	list_codes
	ENDED_STAGE=$asked_stage
	while IFS= read -r code; do
		if [ -n "$code" ] && ! in_list "$code" "$LISTED"; then
			strange="$strange$code"$'\n'
		fi
	done <<<"$1"
	if [ -n "$strange" ]; then
		warn "$NODE does not ask for this code: $(joined "$strange"); is it mistyped, of another stage or of another plan?"
	fi
}

# ask_for_codes: reads codes from the terminal until all are there, or nothing is
# typed, or too many lines bring none.
ask_for_codes() {
	local line before fruitless=0
	say "Before the stage $STAGE begins on $NODE, the stage $ENDED_STAGE must be done on other nodes." \
		'Each of them has given a stop code at its end.'
	while [ -n "$MISSING" ] && [ "$fruitless" -lt 20 ]; do
		say "Type or paste the stop codes of: $(joined "$MISSING"). An empty line ends this."
		printf '%s: stop codes: ' "$NODE"
		line=''
		IFS= read -r line || true
		if [ -z "$line" ]; then
			return 0
		fi
		before=$MISSING
		take_codes "$line"
		if [ "$MISSING" = "$before" ]; then
			fruitless=$((fruitless + 1))
		fi
	done
}

# check_codes: nothing begins before the nodes that come before are done, as far
# as their stop codes show it.
check_codes() {
	list_codes "$STAGE"
	WANTED=$LISTED
	if [ -z "$WANTED" ]; then
		return 0
	fi
	GIVEN=''
	take_codes "$CODES"
	if [ -n "$MISSING" ] && [ -z "$OVERRIDE" ] && [ "$DRY" = no ] && [ -t 0 ]; then
		ask_for_codes
	fi
	if [ "$DRY" = yes ]; then
		say "A run asks for the stop codes of the stage $ENDED_STAGE here: $(joined "${MISSING:-all are given}")"
	elif [ -z "$MISSING" ]; then
		ok "the stop codes show that the stage $ENDED_STAGE is done where it has to be"
	elif [ -n "$OVERRIDE" ]; then
		warn "OVERRIDE: the stage $STAGE begins on $NODE WITHOUT the stop codes of the stage $ENDED_STAGE \
from $(joined "$MISSING"). Nothing shows that these nodes are done."
		warn "The reason given is recorded: $OVERRIDE"
		record "override: $OVERRIDE" 0 "missing: the stop codes of the stage $ENDED_STAGE from $(joined "$MISSING")"
	else
		refuse_codes
	fi
}

refuse_codes() {
	fail "a stop code of the stage $ENDED_STAGE from each node that $NODE waits for" \
		"none from: $(joined "$MISSING")" \
		"nothing shows that the stage $ENDED_STAGE is done there, and before that the stage $STAGE must not begin" \
		"get the codes from RUNBOOK.md or from whoever works on these nodes, and give all of them:
sudo bash $NODE.sh --codes 'CODE CODE' $STAGE
Only where a code cannot be had (REASON is recorded):
sudo bash $NODE.sh --override 'REASON' $STAGE"
}

# give_code: at the end of a stage that others wait for, the code to give them.
give_code() {
	local code
	if [[ " $GIVES " != *" $STAGE "* ]]; then
		return 0
	fi
	code=$(stop_code "$STAGE" "$NODE")
	say "Stop code of the stage $STAGE on $NODE: $code" \
		'Write it into RUNBOOK.md at the box of this node, and give it to the others: their next stage asks for it.'
}


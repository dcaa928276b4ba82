# -- Confirmation

YES=''   # the name that --yes was given
AGAIN='' # what to do instead, where going on is rarely right

# confirm TEXT...: asks for the name of the node before something is destroyed.
# TEXT says what, and where its copy will be.
confirm() {
	local answer=''
	say "$@"
	if [ "$DRY" = yes ]; then
		say "A run asks for the name of this node here."
		return 0
	fi
	if [ "$YES" = "$NODE" ]; then
		say "confirmed by --yes $NODE"
		return 0
	fi
	if [ -t 0 ]; then
		printf '%s: type the name of this node to go on: ' "$NODE"
		IFS= read -r answer || true
	fi
	if [ "$answer" != "$NODE" ]; then
		fail "the name $NODE" "${answer:-no answer, or no terminal}" 'not confirmed' \
			"${AGAIN:-run the stage again and type $NODE; without a terminal:
sudo bash $NODE.sh --yes $NODE $STAGE}"
	fi
	say "confirmed: $answer"
}


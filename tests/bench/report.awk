# Turns the values of all rounds into medians, tables and, with targets.awk, targets.
#
#   awk -f rows.awk -f report.awk -f targets.awk -v relays="ours socat" -v result=FILE \
#       -v instructions=FILE rounds.tsv
#
# What instructions found becomes the last of the targets.
# Input, tab separated: measure, relay, round, metric, value.

{ values[$1, $4, $2] = values[$1, $4, $2] " " $5 }

END {
	for (i = 1; i <= rows; i++)
		for (r = 1; r <= count_relays; r++)
			summarise(row_measure[i] SUBSEP row_metric[i] SUBSEP relay_names[r])
	write_result()
	if (relay_names[1] == "ours")
		print_targets()
	else
		print "\nOurs was not measured: no targets, no ratios."
	print_table("Medians", 1)
	if (relay_names[1] == "ours")
		print_table("Ratios: ours divided by the peer", 2)
	print_table("Spread: (greatest - least) / median, in %", 1)
}

# Median, least, greatest and number of the values of one cell.
function summarise(key,    sorted, n, j, k, v) {
	if (!(key in values))
		return
	n = split(values[key], sorted, " ")
	for (j = 2; j <= n; j++) {
		v = sorted[j] + 0
		for (k = j - 1; k >= 1 && sorted[k] + 0 > v; k--)
			sorted[k + 1] = sorted[k]
		sorted[k + 1] = v
	}
	median[key] = (sorted[int((n + 1) / 2)] + sorted[int(n / 2) + 1]) / 2
	least[key] = sorted[1] + 0
	greatest[key] = sorted[n] + 0
	number[key] = n
}

function write_result(    i, r, key) {
	print "measure\tmetric\trelay\tmedian\tmin\tmax\trounds" >result
	for (i = 1; i <= rows; i++)
		for (r = 1; r <= count_relays; r++) {
			key = row_measure[i] SUBSEP row_metric[i] SUBSEP relay_names[r]
			if (key in median)
				printf "%s\t%s\t%s\t%.7g\t%.7g\t%.7g\t%d\n", row_measure[i],
					row_metric[i], relay_names[r], median[key],
					least[key], greatest[key], number[key] >result
		}
	close(result)
}

# One row of a table; empty if it has no values.
function table_row(title, i, first,    r, key, text, line, seen) {
	line = sprintf("| %-48s | %-6s |", row_words[i], row_better[i])
	for (r = first; r <= count_relays; r++) {
		key = row_measure[i] SUBSEP row_metric[i] SUBSEP relay_names[r]
		text = key in median ? cell(title, i, key) : ""
		seen += text != ""
		line = line sprintf(" %14s |", text == "" ? "-" : text)
	}
	return seen ? line : ""
}

function cell(title, i, key,    ours) {
	if (title ~ /^Medians/)
		return number_text(median[key])
	if (median[key] <= 0)
		return ""
	if (title ~ /^Spread/)
		return number[key] < 2 ? "" : sprintf("%.0f", (greatest[key] - least[key]) / median[key] * 100)
	ours = row_measure[i] SUBSEP row_metric[i] SUBSEP "ours"
	return ours in median ? sprintf("%.3f", median[ours] / median[key]) : ""
}

# Ours comes first among the relays, if it is there at all.
function print_table(title, first,    i, r, line, rule) {
	line = sprintf("| %-48s | better |", "")
	rule = "|" sprintf("%50s", "") "|--------|"
	gsub(/ /, "-", rule)
	for (r = first; r <= count_relays; r++) {
		line = line sprintf(" %14s |", relay_names[r])
		rule = rule "---------------:|"
	}
	printf "\n## %s\n\n%s\n%s\n", title, line, rule
	for (i = 1; i <= rows; i++) {
		line = table_row(title, i, first)
		if (line != "")
			print line
	}
}

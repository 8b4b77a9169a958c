# Turns the values of all rounds into medians, tables and targets.
#
#   awk -f report.awk -v relays="ours socat" -v result=FILE rounds.tsv
#
# Input, tab separated: measure, relay, round, metric, value.

BEGIN {
	FS = "\t"
	count_relays = split(relays, relay_names, " ")

	# What is shown, in this order: measure, metric, better direction, words.
	row("bulk", "cpu_s_per_gb", "less", "bulk: CPU s/GB")
	row("bulk", "gb_per_s", "more", "bulk: GB/s")
	row("churn", "cpu_us_per_connection", "less", "churn: CPU us/connection")
	row("churn", "connections_per_s", "more", "churn: connections/s")
	row("pingpong", "p50_us", "less", "ping-pong: median us")
	row("pingpong", "p99_us", "less", "ping-pong: 99th percentile us")
	row("pingpong", "cpu_us_per_round_trip", "less", "ping-pong: CPU us/round trip")
	memory_rows("idle-1000", "1000 idle: ", "connection")
	memory_rows("idle-9000", "9000 idle: ", "connection")
	udp_rows(1)
	udp_rows(100)
	udp_rows(9000)
	program_rows(1, "programs, 1 at a time: ")
	program_rows(8, "programs, 8 at a time: ")
	tls_bulk_rows("in-128", "TLS in: ")
	tls_bulk_rows("out", "TLS out: ")
	tls_bulk_rows("in-256", "TLS in, AES256: ")
	tls_bulk_rows("in-1.3", "TLS 1.3 in: ")
	tls_handshake_rows("full-rsa", "full RSA: ")
	tls_handshake_rows("full-ec", "full P-256: ")
	tls_handshake_rows("resumed-rsa", "resumed RSA: ")
	tls_handshake_rows("resumed-ec", "resumed P-256: ")
	memory_rows("tls-idle-1000", "1000 idle TLS: ", "session")
}

{ values[$1, $4, $2] = values[$1, $4, $2] " " $5 }

END {
	for (i = 1; i <= rows; i++)
		for (r = 1; r <= count_relays; r++)
			summarise(i, relay_names[r])
	write_result()
	print_medians()
	print_ratios()
	print_targets()
}

function row(measure, metric, better, words) {
	rows++
	row_measure[rows] = measure
	row_metric[rows] = metric
	row_better[rows] = better
	row_words[rows] = words
}

function program_rows(clients, words) {
	row("programs-" clients, "cpu_us_per_connection", "less", words "CPU us")
	row("programs-" clients, "connections_per_s", "more", words "/s")
}

function memory_rows(measure, words, unit) {
	row(measure, "rss_mb", "less", words "RSS MB")
	row(measure, "pss_mb", "less", words "PSS MB")
	row(measure, "pss_kb_per_session", "less", words "PSS kB/" unit)
	row(measure, "processes", "less", words "processes")
}

function udp_rows(n,    words) {
	words = n " UDP: "
	row("udp-" n, "cpu_us_per_round_trip", "less", words "CPU us/round trip")
	row("udp-" n, "round_trips_per_cpu_s", "more", words "round trips/CPU s")
	row("udp-" n, "round_trips_per_s", "more", words "round trips/s")
	row("udp-" n, "lost_per_million", "less", words "lost/million")
	row("udp-" n, "lost_first", "less", words "lost first requests")
	if (n > 1)
		memory_rows("udp-" n, words, "peer")
}

function tls_bulk_rows(kind, words) {
	row("tls-" kind, "cpu_s_per_gb", "less", words "CPU s/GB")
	row("tls-" kind, "gb_per_s", "more", words "GB/s")
}

function tls_handshake_rows(kind, words) {
	row("tls-" kind, "cpu_us_per_handshake", "less", words "CPU us/handshake")
	row("tls-" kind, "handshakes_per_cpu_s", "more", words "handshakes/CPU s")
	row("tls-" kind, "handshakes_per_s", "more", words "handshakes/s")
	row("tls-" kind, "resumed_percent", "more", words "% resumed")
}

# Median, least, greatest and number of the values of one cell.
function summarise(i, relay,    key, sorted, n, j, k, v) {
	key = row_measure[i] SUBSEP row_metric[i] SUBSEP relay
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
	least[key] = sorted[1]
	greatest[key] = sorted[n]
	number[key] = n
}

function write_result(    i, r, key) {
	print "measure\tmetric\trelay\tmedian\tmin\tmax\trounds" >result
	for (i = 1; i <= rows; i++)
		for (r = 1; r <= count_relays; r++) {
			key = row_measure[i] SUBSEP row_metric[i] SUBSEP relay_names[r]
			if (key in median)
				printf "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", row_measure[i],
					row_metric[i], relay_names[r], median[key],
					least[key], greatest[key], number[key] >result
		}
	close(result)
}

function has_row(i, relay) {
	return (row_measure[i] SUBSEP row_metric[i] SUBSEP relay) in median
}

function cell(i, relay) {
	return median[row_measure[i], row_metric[i], relay]
}

# Three significant digits or so, never an exponent.
function number_text(v) {
	if (v == int(v))
		return sprintf("%d", v)
	return v >= 100 ? sprintf("%.0f", v) : v >= 10 ? sprintf("%.1f", v) : sprintf("%.3f", v)
}

function print_heading(title, first,    r) {
	printf "\n%-32s", title
	for (r = first; r <= count_relays; r++)
		printf " %13s", relay_names[r]
	print "  better"
}

function print_medians(    i, r, line, seen) {
	print_heading("median of the rounds", 1)
	for (i = 1; i <= rows; i++) {
		line = sprintf("%-32s", row_words[i])
		seen = 0
		for (r = 1; r <= count_relays; r++) {
			seen += has_row(i, relay_names[r])
			line = line sprintf(" %13s", has_row(i, relay_names[r]) ? \
				number_text(cell(i, relay_names[r])) : "-")
		}
		if (seen)
			print line "  " row_better[i]
	}
}

# Ours comes first among the relays, if it is there at all.
function print_ratios(    i, r, line, seen) {
	if (relay_names[1] != "ours") {
		print "\nours was not measured: no ratios"
		return
	}
	print_heading("ours divided by the peer", 2)
	for (i = 1; i <= rows; i++) {
		line = sprintf("%-32s", row_words[i])
		seen = 0
		for (r = 2; r <= count_relays; r++) {
			if (has_row(i, "ours") && has_row(i, relay_names[r]) && cell(i, relay_names[r]) > 0) {
				seen++
				line = line sprintf(" %13.3f", cell(i, "ours") / cell(i, relay_names[r]))
			} else
				line = line sprintf(" %13s", "-")
		}
		if (seen)
			print line "  " row_better[i]
	}
}

function verdict(words, measured, met, value) {
	if (!measured)
		printf "not measured  %s\n", words
	else
		printf "%-12s  %s: %s\n", met ? "met" : "missed", words, number_text(value)
}

function target_value(words, measure, metric, limit,    key) {
	key = measure SUBSEP metric SUBSEP "ours"
	verdict(words, key in median, median[key] <= limit, median[key])
}

# Ours divided by socat's.
function target_ratio(words, measure, metric, limit,    r) {
	r = ratio(measure, measure, metric)
	verdict(words, r != "", r <= limit, r)
}

function ratio(measure, peer_measure, metric,    ours, peer) {
	ours = measure SUBSEP metric SUBSEP "ours"
	peer = peer_measure SUBSEP metric SUBSEP "socat"
	if (ours in median && peer in median && median[peer] > 0)
		return median[ours] / median[peer]
	return ""
}

function target_resumed(words, kind,    r) {
	r = ratio("tls-resumed-" kind, "tls-full-" kind, "handshakes_per_cpu_s")
	verdict(words, r != "", r >= 3, r)
}

function print_targets() {
	print "\ntargets"
	target_ratio("bulk CPU per GB, at most 0.7 of socat's", "bulk", "cpu_s_per_gb", 0.7)
	target_ratio("churn CPU per connection, at most 0.15 of socat's", "churn",
		"cpu_us_per_connection", 0.15)
	target_value("9000 idle connections, at most 18 MB resident", "idle-9000", "rss_mb", 18)
	target_ratio("UDP CPU per round trip, 100 peers, at most 0.3 of socat's", "udp-100",
		"cpu_us_per_round_trip", 0.3)
	target_value("9000 UDP peers, under 25 MB resident", "udp-9000", "rss_mb", 25)
	target_ratio("CPU per connection with a program, one by one, at most 0.7 of socat's",
		"programs-1", "cpu_us_per_connection", 0.7)
	target_ratio("CPU per connection with a program, 8 clients, at most 0.7 of socat's",
		"programs-8", "cpu_us_per_connection", 0.7)
	target_ratio("TLS bulk CPU per GB as a server, no more than socat's", "tls-in-128",
		"cpu_s_per_gb", 1)
	target_ratio("TLS bulk CPU per GB as a client, no more than socat's", "tls-out",
		"cpu_s_per_gb", 1)
	target_resumed("resumed handshakes per CPU s, RSA-2048, at least 3 times socat's full ones", "rsa")
	target_resumed("resumed handshakes per CPU s, P-256, at least 3 times socat's full ones", "ec")
}

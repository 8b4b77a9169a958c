# What ours is to reach; for report.awk, whose medians these are.

function print_targets(    line) {
	print "\n## Targets\n"
	target_original("bulk CPU per GB, at most 0.47 of the original's", "bulk", "cpu_s_per_gb", 0.47)
	target_best("bulk CPU per GB, at most 0.8 of the best peer's", "bulk", "cpu_s_per_gb", 0.8)
	target_most("bulk GB/s, no less than any peer's", "bulk", "gb_per_s")
	target_below("bulk CPU per GB, TCP to UNIX, below every peer's", "bulk-to-unix", "cpu_s_per_gb")
	target_below("bulk CPU per GB, UNIX to TCP, below every peer's", "bulk-from-unix", "cpu_s_per_gb")
	target_below("churn CPU per connection, below every peer's", "churn", "cpu_us_per_connection")
	target_peer("churn CPU per connection, at most 0.95 of nginx's", "churn",
		"cpu_us_per_connection", "nginx-stream", 0.95)
	target_best("ping-pong, median not above any peer's", "pingpong", "p50_us", 1)
	target_best("ping-pong, 99th percentile not above any peer's", "pingpong", "p99_us", 1)
	target_value("idle connection, one more of 9000, at most 0.5 kB", "idle", "growth_kb-9000", 0.5)
	target_value("9000 idle connections, under 8 MB resident", "idle", "rss_mb-9000", 8)
	target_flat("churn CPU flat within 20 %, beside 10 to 9000 connections", "growth", "churn_us-", 1)
	target_flat("churn CPU flat within 20 %, in turn with 10 to 9000 connections", "growth",
		"turnover_us-", 1)
	target_flat("ping-pong CPU flat within 20 %, beside 10 to 9000 connections", "growth",
		"pingpong_us-", 1)
	target_flat("memory of one more connection flat within 20 %, up to 1000 and up to 9000", "idle",
		"growth_kb-", 3)
	target_value("start until it listens, under 1000 us", "start", "start_us", 1000)
	target_peer("UDP CPU per round trip, 100 peers, at most 0.25 of socat's", "udp-100",
		"cpu_us_per_round_trip", "socat", 0.25)
	target_peer("UDP CPU per round trip, 100 peers, no more than nginx's", "udp-100",
		"cpu_us_per_round_trip", "nginx-stream", 1)
	target_value("9000 UDP peers, under 25 MB resident", "udp-9000", "rss_mb-9000", 25)
	target_peer("CPU per connection with a program, one by one, at most 0.7 of socat's",
		"programs-1", "cpu_us_per_connection", "socat", 0.7)
	target_peer("CPU per connection with a program, 8 clients, at most 0.7 of socat's",
		"programs-8", "cpu_us_per_connection", "socat", 0.7)
	target_both("TLS bulk CPU per GB as a server, at most 0.9 of", "tls-in-128", "cpu_s_per_gb", 0.9)
	target_both("TLS bulk CPU per GB as a client, at most 0.9 of", "tls-out", "cpu_s_per_gb", 0.9)
	target_value("idle TLS session, one more of 1000, under 8 kB", "tls-idle", "growth_kb-1000", 8)
	target_resumed("resumed handshakes per CPU s, RSA-2048, at least 3 times socat's full ones", "rsa")
	target_resumed("resumed handshakes per CPU s, P-256, at least 3 times socat's full ones", "ec")
	while ((getline line <instructions) > 0)
		print line
}

function verdict(words, measured, met, value) {
	if (!measured)
		printf "- not measured: %s\n", words
	else
		printf "- %s: %s: %s\n", met ? "met" : "**missed**", words, number_text(value)
}

function target_value(words, measure, metric, limit,    key) {
	key = measure SUBSEP metric SUBSEP "ours"
	if (key in median)
		verdict(words, 1, median[key] <= limit, median[key])
	else
		verdict(words)
}

# Ours divided by the peer's.
function target_peer(words, measure, metric, peer, limit,    r) {
	r = ratio(measure, measure, metric, peer)
	verdict(words, r != "", r <= limit, r)
}

# Each of the originals.
function target_both(words, measure, metric, limit) {
	target_peer(words " socat's", measure, metric, "socat", limit)
	target_peer(words " socat-1.8's", measure, metric, "socat-1.8", limit)
}

# The newest original there is.
function target_original(words, measure, metric, limit,    r) {
	r = ratio(measure, measure, metric, "socat-1.8")
	if (r != "")
		verdict(words " (1.8)", 1, r <= limit, r)
	else
		target_peer(words " (1.7)", measure, metric, "socat", limit)
}

function ratio(measure, peer_measure, metric, peer,    ours, theirs) {
	ours = measure SUBSEP metric SUBSEP "ours"
	theirs = peer_measure SUBSEP metric SUBSEP peer
	if (ours in median && theirs in median && median[theirs] > 0)
		return median[ours] / median[theirs]
	return ""
}

# The greatest, or with sign -1 the least, ratio to any peer; "" if there is none. Its peer is
# in ratio_peer, in brackets.
function extreme_ratio(measure, metric, sign,    i, r, extreme) {
	extreme = ratio_peer = ""
	for (i = 2; i <= count_relays; i++) {
		r = ratio(measure, measure, metric, relay_names[i])
		if (r != "" && (extreme == "" || r * sign > extreme * sign)) {
			extreme = r
			ratio_peer = " (" relay_names[i] ")"
		}
	}
	return extreme
}

function target_best(words, measure, metric, limit,    r) {
	r = extreme_ratio(measure, metric, 1)
	verdict(words ratio_peer, r != "", r <= limit, r)
}

function target_below(words, measure, metric,    r) {
	r = extreme_ratio(measure, metric, 1)
	verdict(words ratio_peer, r != "", r < 1, r)
}

function target_most(words, measure, metric,    r) {
	r = extreme_ratio(measure, metric, -1)
	verdict(words ratio_peer, r != "", r >= 1, r)
}

# The greatest divided by the least, from this level on.
function target_flat(words, measure, metric, from,    i, key, most, minimum) {
	for (i = from; i <= count_levels; i++) {
		key = measure SUBSEP metric levels[i] SUBSEP "ours"
		if (!(key in median))
			continue
		if (most == "" || median[key] > most)
			most = median[key]
		if (minimum == "" || median[key] < minimum)
			minimum = median[key]
	}
	verdict(words, minimum > 0, minimum > 0 && most / minimum <= 1.2, minimum > 0 ? most / minimum : 0)
}

# CPU time of socat's full handshakes divided by that of ours that are resumed.
function target_resumed(words, kind,    r) {
	r = ratio("tls-resumed-" kind, "tls-full-" kind, "cpu_us_per_handshake", "socat")
	verdict(words, r != "", r != "" && 1 / r >= 3, r == "" ? 0 : 1 / r)
}

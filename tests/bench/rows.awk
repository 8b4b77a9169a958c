# What is shown, in this order; for report.awk and plot.awk.

BEGIN {
	FS = "\t"
	count_relays = split(relays, relay_names, " ")
	count_levels = split("10 100 1000 9000", levels, " ")

	bulk_rows("bulk", "bulk, TCP to TCP")
	bulk_rows("bulk-to-unix", "bulk, TCP to UNIX")
	bulk_rows("bulk-from-unix", "bulk, UNIX to TCP")
	bulk_rows("bulk-file", "bulk, file to TCP")
	bulk_rows("bulk-pipe", "bulk, pipe to TCP")
	row("churn", "cpu_us_per_connection", "less", "churn: CPU us/connection", 1)
	row("churn", "connections_per_s", "more", "churn: connections/s", 1)
	row("pingpong", "p50_us", "less", "ping-pong: median us", 1)
	row("pingpong", "p99_us", "less", "ping-pong: 99th percentile us", 1)
	row("pingpong", "cpu_us_per_round_trip", "less", "ping-pong: CPU us/round trip", 1)
	row("first-client", "p50_us", "less", "first bytes, client speaks: median us", 1)
	row("first-client", "p99_us", "less", "first bytes, client speaks: 99th percentile us")
	row("first-server", "p50_us", "less", "first bytes, server speaks: median us", 1)
	row("first-server", "p99_us", "less", "first bytes, server speaks: 99th percentile us")
	idle_rows()
	growth_rows()
	row("start", "start_us", "less", "start until it listens: us", 1)
	row("start", "cpu_us", "less", "start until it listens: CPU us")
	udp_rows(1)
	udp_rows(100)
	udp_rows(9000)
	short_rows("programs-1", "programs, 1 at a time")
	short_rows("programs-8", "programs, 8 at a time", 1)
	bulk_rows("tls-in-128", "TLS in")
	bulk_rows("tls-out", "TLS out")
	bulk_rows("tls-in-256", "TLS in, AES256")
	bulk_rows("tls-in-1.3", "TLS 1.3 in")
	handshake_rows("full-rsa", "full RSA handshakes")
	handshake_rows("full-ec", "full P-256 handshakes")
	handshake_rows("resumed-rsa", "resumed RSA handshakes")
	handshake_rows("resumed-ec", "resumed P-256 handshakes")
	row("tls-idle", "growth_kb-100", "less", "100 idle TLS: one more, kB", 1)
	row("tls-idle", "growth_kb-1000", "less", "1000 idle TLS: one more, kB", 1)
	row("tls-idle", "rss_mb-1000", "less", "1000 idle TLS: RSS MB")
	bulk_rows("workers-bulk", "2 workers, bulk")
	short_rows("workers-churn", "2 workers, churn", 1)
	row("workers-idle", "rss_mb-18000", "less", "2 workers, 18000 idle: RSS MB", 1)
	row("workers-idle", "growth_kb-18000", "less", "2 workers, 18000 idle: one more, kB")
}

# The fifth word is set for what the plot shows, too.
function row(measure, metric, better, words, plotted) {
	rows++
	row_measure[rows] = measure
	row_metric[rows] = metric
	row_better[rows] = better
	row_words[rows] = words
	row_plotted[rows] = plotted
}

function bulk_rows(measure, words) {
	row(measure, "cpu_s_per_gb", "less", words ": CPU s/GB", 1)
	row(measure, "gb_per_s", "more", words ": GB/s", measure ~ /^(workers-)?bulk$/)
}

function short_rows(measure, words, plotted) {
	row(measure, "cpu_us_per_connection", "less", words ": CPU us/connection", plotted)
	row(measure, "connections_per_s", "more", words ": connections/s")
}

function idle_rows(    i, n) {
	for (i = 1; i <= count_levels; i++) {
		n = levels[i]
		row("idle", "rss_mb-" n, "less", n " idle: RSS MB", n == 9000)
		row("idle", "pss_kb-" n, "less", n " idle: PSS kB/connection")
		if (i > 1)
			row("idle", "growth_kb-" n, "less", n " idle: one more, kB", n == 9000)
	}
	row("idle", "descriptors-1000", "less", "1000 idle: descriptors/connection")
	row("idle", "descriptors-9000", "less", "9000 idle: descriptors/connection")
	row("idle", "processes-1000", "less", "1000 idle: processes")
}

function growth_rows(    i) {
	for (i = 1; i <= count_levels; i++)
		row("growth", "churn_us-" levels[i], "less",
			"churn beside " levels[i] ": CPU us/connection")
	for (i = 1; i <= count_levels; i++)
		row("growth", "turnover_us-" levels[i], "less",
			"churn in turn with " levels[i] ": CPU us/connection")
	for (i = 1; i <= count_levels; i++)
		row("growth", "pingpong_us-" levels[i], "less",
			"ping-pong beside " levels[i] ": CPU us/round trip")
}

function udp_rows(n,    words) {
	words = n " UDP: "
	row("udp-" n, "cpu_us_per_round_trip", "less", words "CPU us/round trip", 1)
	row("udp-" n, "round_trips_per_s", "more", words "round trips/s")
	row("udp-" n, "lost_per_million", "less", words "lost/million")
	row("udp-" n, "lost_first", "less", words "lost first requests")
	if (n == 1)
		return
	row("udp-" n, "rss_mb-" n, "less", words "RSS MB")
	row("udp-" n, "pss_kb-" n, "less", words "PSS kB/peer")
	row("udp-" n, "processes-" n, "less", words "processes")
}

function handshake_rows(kind, words) {
	row("tls-" kind, "cpu_us_per_handshake", "less", words ": CPU us", 1)
	row("tls-" kind, "handshakes_per_s", "more", words ": /s")
	row("tls-" kind, "resumed_percent", "more", words ": % resumed")
}

# Three significant digits or so, never an exponent.
function number_text(v) {
	if (v == int(v))
		return sprintf("%d", v)
	return v >= 100 ? sprintf("%.0f", v) : v >= 10 ? sprintf("%.1f", v) : sprintf("%.3f", v)
}

# Draws the results as SVG, readable on light and on dark pages.
#
#   awk -f rows.awk -f plot.awk -v relays="ours socat" -v kind=results|growth results.tsv
#
# results: a panel of bars for each row that is to be plotted, with the range of the rounds as a
# thin line. growth: lines for what depends on the number of connections.

NR > 1 {
	median[$1, $2, $3] = $4
	least[$1, $2, $3] = $5
	greatest[$1, $2, $3] = $6
}

END {
	if (kind == "growth")
		draw_growth()
	else
		draw_results()
}

function open_picture(width, height) {
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" " \
		"height=\"%d\" font-family=\"system-ui, sans-serif\" font-size=\"11\">\n",
		width, height, width, height
	print "<style>"
	print ".page { fill: #ffffff } text { fill: #24292f } .title { font-weight: 600 }"
	print ".note { fill: #6e7781 } .peer { fill: #afb8c1 } .ours { fill: #1a7f5a }"
	print ".range { stroke: #57606a } .grid { stroke: #d0d7de }"
	print ".line { fill: none; stroke: #8c959f; stroke-width: 1.5 }"
	print ".ourline { fill: none; stroke: #1a7f5a; stroke-width: 2.5 }"
	print ".ourtext { fill: #1a7f5a; font-weight: 600 }"
	print "@media (prefers-color-scheme: dark) {"
	print ".page { fill: #0d1117 } text { fill: #e6edf3 } .note { fill: #8d96a0 }"
	print ".peer { fill: #484f58 } .ours { fill: #3fb68b } .range { stroke: #b1bac4 }"
	print ".grid { stroke: #30363d } .line { stroke: #8d96a0 }"
	print ".ourline { stroke: #3fb68b } .ourtext { fill: #3fb68b }"
	print "}\n</style>"
	printf "<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n", width, height
}

function text(x, y, class, anchor, words) {
	printf "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\" text-anchor=\"%s\">%s</text>\n", x, y, class,
		anchor, words
}

# ---- bars -------------------------------------------------------------------

function count_bars(i,    r, n) {
	for (r = 1; r <= count_relays; r++)
		n += (row_measure[i] SUBSEP row_metric[i] SUBSEP relay_names[r]) in median
	return n + 0
}

# Whether there are ours and a peer, or only peers that were chosen so.
function is_compared(i) {
	if (relay_names[1] != "ours")
		return count_bars(i) > 0
	return (row_measure[i] SUBSEP row_metric[i] SUBSEP "ours") in median && count_bars(i) > 1
}

# Panels that have something to compare, three in a line.
function draw_results(    i, n, p, line, top) {
	panel_width = 330
	bar_height = 15
	for (i = 1; i <= rows; i++) {
		if (!row_plotted[i] || !is_compared(i))
			continue
		panels[++n] = i
		line = int((n + 2) / 3)
		if (count_bars(i) > bars[line])
			bars[line] = count_bars(i)
	}
	top[1] = 44
	for (p = 1; p <= line; p++)
		top[p + 1] = top[p] + bars[p] * bar_height + 42
	open_picture(3 * panel_width + 20, top[line + 1])
	text(20, 24, "note", "start", "median of the rounds, thin line: least to greatest; " \
		"less is better unless the title says \"more\"")
	for (p = 1; p <= n; p++)
		draw_panel(panels[p], 20 + (p - 1) % 3 * panel_width, top[int((p + 2) / 3)])
	print "</svg>"
}

# The longest bar leaves room for its number; ranges far beyond it are cut off.
function draw_panel(i, x, y,    r, key, most, longest) {
	for (r = 1; r <= count_relays; r++) {
		key = row_measure[i] SUBSEP row_metric[i] SUBSEP relay_names[r]
		if (!(key in median))
			continue
		if (median[key] + 0 > longest)
			longest = median[key] + 0
		if (greatest[key] + 0 > most)
			most = greatest[key] + 0
	}
	if (most > 1.4 * longest)
		most = 1.4 * longest
	text(x, y + 10, "title", "start",
		row_words[i] (row_better[i] == "more" ? " (more is better)" : ""))
	y += 18
	for (r = 1; r <= count_relays; r++) {
		key = row_measure[i] SUBSEP row_metric[i] SUBSEP relay_names[r]
		if (!(key in median))
			continue
		draw_bar(relay_names[r], key, x + 90, y, most)
		y += bar_height
	}
}

function draw_bar(relay, key, x, y, most,    middle, scale, end) {
	middle = y + bar_height / 2
	scale = most > 0 ? (panel_width - 172) / most : 0
	end = x + (greatest[key] + 0 < most ? greatest[key] : most) * scale
	text(x - 6, middle + 4, relay == "ours" ? "ourtext" : "", "end", relay)
	printf "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/>\n",
		relay == "ours" ? "ours" : "peer", x, y + 2, median[key] * scale, bar_height - 4
	printf "<path class=\"range\" d=\"M%.1f %.1fH%.1f\"/>\n", x + least[key] * scale, middle, end
	text(end + 4, middle + 4, relay == "ours" ? "ourtext" : "", "start",
		number_text(median[key] + 0))
}

# ---- lines ------------------------------------------------------------------

# Two charts in a line.
function draw_growth() {
	open_picture(700, 660)
	draw_chart("growth", "churn_us-", "churn beside them: CPU us/connection", 20, 0)
	draw_chart("growth", "turnover_us-", "churn in turn with them: CPU us/connection", 360, 0)
	draw_chart("growth", "pingpong_us-", "ping-pong beside them: CPU us/round trip", 20, 315)
	draw_chart("idle", "pss_kb-", "memory: PSS kB/connection", 360, 315)
	text(20, 645, "note", "start",
		"over the number of connections that are held; both scales logarithmic")
	print "</svg>"
}

function log10(v) {
	return log(v) / log(10)
}

# The scale goes from the least to the greatest value, and by a factor of 10 at least.
function draw_chart(measure, metric, words, x, y,    r, i, key, low, high, v) {
	for (r = 1; r <= count_relays; r++)
		for (i = 1; i <= count_levels; i++) {
			key = measure SUBSEP metric levels[i] SUBSEP relay_names[r]
			if (!(key in median) || median[key] <= 0)
				continue
			v = log10(median[key])
			if (low == "" || v < low)
				low = v
			if (high == "" || v > high)
				high = v
		}
	if (low == "")
		return
	printf "<g transform=\"translate(%d %d)\">\n", x, y
	text(0, 24, "title", "start", words)
	low -= 0.1
	if (high < low + 1)
		high = low + 1
	chart_low = low
	chart_factor = 230 / (high - low)
	for (i = 1; i <= count_levels; i++) {
		text(36 + (i - 1) * 55, 298, "note", "middle", levels[i])
		printf "<path class=\"grid\" d=\"M%.1f 45V280\"/>\n", 36 + (i - 1) * 55
	}
	draw_scale(low, high)
	for (r = count_relays; r >= 1; r--)
		draw_line(measure, metric, relay_names[r])
	place_labels(36 + (count_levels - 1) * 55 + 6)
	print "</g>"
}

# 1, 2 and 5 of each power of ten.
function draw_scale(low, high,    power, k, v, steps) {
	split("1 2 5", steps, " ")
	for (power = -4; power <= 6; power++)
		for (k = 1; k <= 3; k++) {
			v = power + log10(steps[k])
			if (v < low || v > high)
				continue
			text(28, chart_y(v) + 4, "note", "end", steps[k] * 10 ^ power)
			printf "<path class=\"grid\" d=\"M%.1f %.1fh165\"/>\n", 36, chart_y(v)
		}
}

function chart_y(v) {
	return 280 - (v - chart_low) * chart_factor
}

function draw_line(measure, metric, relay,    i, key, path) {
	for (i = 1; i <= count_levels; i++) {
		key = measure SUBSEP metric levels[i] SUBSEP relay
		if (!(key in median) || median[key] <= 0)
			break
		label_y = chart_y(log10(median[key]))
		path = path (i == 1 ? "M" : "L") sprintf("%.1f %.1f", 36 + (i - 1) * 55, label_y)
	}
	if (path == "")
		return
	printf "<path class=\"%s\" d=\"%s\"/>\n", relay == "ours" ? "ourline" : "line", path
	labels++
	label_at[labels] = label_y
	label_words[labels] = relay
}

# From top to bottom, 12 apart at least.
function place_labels(x,    i, j, best, y) {
	for (y = 0; labels > 0; labels--) {
		best = 1
		for (j = 2; j <= labels; j++)
			if (label_at[j] < label_at[best])
				best = j
		y = label_at[best] > y + 12 ? label_at[best] : y + 12
		text(x, y + 4, label_words[best] == "ours" ? "ourtext" : "", "start", label_words[best])
		label_at[best] = label_at[labels]
		label_words[best] = label_words[labels]
	}
}

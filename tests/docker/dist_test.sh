#!/bin/sh
# The archive with the images of all platforms ("make dist"), as engines and tools take it.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"

archive=$top/build/dist/socat-oci.tar

prepare_suite() {
	[ -s "$archive" ] || { echo "$archive is missing (make dist builds it)" >&2; exit 2; }
	version=$(sed -n 's/^VERSION *:= *//p' "$top/Makefile")
	tag=$(echo "$version" | tr + -)
	loaded=$(timeout "$BOUND" docker load --quiet --input "$archive") || { echo "$loaded" >&2; exit 2; }
	# of the platforms: the name, and how the image's tag ends
	awk '!/^#/ && NF { name = $1; sub("linux/", "", $1); gsub("/", "", $1); print name, $1, $4 }' \
		"$top/ci/platforms" >"$suite_dir/platforms"
}

# setting SUFFIX FORMAT: of one of the images that were loaded.
setting() {
	docker image inspect --format "$2" "socat:$tag-$1"
}

test_names() {
	# every platform has an image of its name, and there is nothing else
	cut -d ' ' -f 2 "$suite_dir/platforms" | sed "s/^/Loaded image: socat:$tag-/" | sort >expected
	docker load --quiet --input "$archive" | sort >found
	assertEquals "$(cat expected)" "$(cat found)"
	assertEquals 'images' 8 "$(wc -l <found)"
}

test_platforms() {
	# each says what it is for
	while read -r platform suffix _; do
		assertEquals "$platform" "$(setting "$suffix" '{{.Os}}/{{.Architecture}}{{with .Variant}}/{{.}}{{end}}' |
			sed 's|^linux/arm64/v8$|linux/arm64|')"
	done <"$suite_dir/platforms"
}

test_settings() {
	# what the Dockerfile says holds for all of them
	for field in User Entrypoint Cmd Env Labels ExposedPorts Volumes WorkingDir; do
		wanted=$(docker image inspect --format "{{json .Config.$field}}" "$image")
		while read -r platform suffix _; do
			assertEquals "$platform: $field" "$wanted" "$(setting "$suffix" "{{json .Config.$field}}")"
		done <"$suite_dir/platforms"
	done
}

# files_of IMAGE: kind, mode, owner, name and target of all that is in it, and the capability.
files_of() {
	container=$(docker create --label "socat.test=$$" "$1" x)
	docker export --output files.tar "$container"
	tar --numeric-owner -tvf files.tar | awk '{ print $1, $2, $6, $7, $8 }' | sort
	"$python" - <<-'END'
		import tarfile
		for member in tarfile.open("files.tar"):
		    value = member.pax_headers.get("SCHILY.xattr.security.capability")
		    if value is not None:
		        print("capability", member.name, value.encode("utf-8", "surrogateescape").hex())
	END
}

test_files() {
	# and so does what is in the Dockerfile's image
	files_of "$image" >wanted
	assertEquals 'capabilities' 1 "$(grep -c '^capability bin/socat 0' wanted)"
	while read -r platform suffix _; do
		files_of "socat:$tag-$suffix" >found
		assertEquals "$platform" "$(cat wanted)" "$(cat found)"
	done <"$suite_dir/platforms"
}

test_relay() {
	# that of this machine relays
	[ "$(uname -m)" = x86_64 ] || startSkipping
	server echo echo
	listening --network host "socat:$tag-amd64" -d -d TCP4-LISTEN:0,bind=127.0.0.1,fork \
		"TCP4:127.0.0.1:$server_port"
	save_log "$container" relay.log
	given 'there and back\n'
	run "$SOCAT" -t 10 - "TCP4:127.0.0.1:$(port_of relay.log)" <in
	assert_status 0
	assert_out 'there and back\n'
}

test_other_processors() {
	# the others run, each with its emulator as the program of the container
	while read -r platform suffix emulator; do
		qemu=$(command -v "${emulator%:*}-static") || { fail "no ${emulator%:*}-static (ci/setup emulate)"; continue; }
		run_container --volume "$qemu:/emulator:ro" --entrypoint /emulator "socat:$tag-$suffix" \
			-cpu "${emulator#*:}" /bin/socat -V
		assert_status 0
		assert_log out "^socat version $(echo "$version" | sed 's/[.+]/\\&/g') on "
	done <"$suite_dir/platforms"
}

test_skopeo() {
	# skopeo finds one name with all platforms, picks each, and copies them as a whole
	need skopeo || return
	while read -r platform _; do
		IFS=/ read -r os architecture variant <<-END
			$platform
		END
		run skopeo --override-os "$os" --override-arch "$architecture" \
			${variant:+--override-variant "$variant"} inspect "oci-archive:$archive:$tag"
		assert_status 0
		assertEquals "$platform" "$os $architecture" "$("$python" -c 'import json, sys
image = json.load(sys.stdin)
print(image["Os"], image["Architecture"])' <out)"
	done <"$suite_dir/platforms"
	run skopeo --insecure-policy copy --quiet --multi-arch all "oci-archive:$archive:$tag" dir:copy
	assert_status 0
	assertEquals 'manifests' 9 "$(ls copy/*manifest.json | wc -l)"
}

test_checksums() {
	# the list has all files, and is right
	run sh -c 'cd "$1" && sha256sum --check --strict SHA256SUMS' - "$top/build/dist"
	assert_status 0
	assertEquals "$(cd "$top/build/dist" && ls | grep -v '^SHA256SUMS$')" \
		"$(sed 's/^[0-9a-f]*  //' "$top/build/dist/SHA256SUMS" | LC_ALL=C sort)"
}

test_packages() {
	# a package has what "make install" installs, and its binary is that of the image
	while read -r platform suffix _; do
		name=socat-$version-$(echo "$platform" | tr / -)
		tar -xzf "$top/build/dist/$name.tar.gz"
		for file in bin/socat share/man/man1/socat.1 share/doc/socat/LICENSE share/doc/socat/LICENSE.musl \
			share/doc/socat/LICENSE.bearssl share/doc/socat/LICENSE.libcap2; do
			assertTrue "$name/$file" "[ -s '$name/$file' ]"
		done
		container=$(docker create --label "socat.test=$$" "socat:$tag-$suffix")
		docker cp --quiet "$container:/bin/socat" inside 2>/dev/null || docker cp "$container:/bin/socat" inside
		assert_same "$name/bin/socat" inside
	done <"$suite_dir/platforms"
}

test_list_of_sources() {
	# it names every source with its checksum, and what it relates exists
	run "$python" - "$top/build/dist/socat-$version.spdx.json" "$top/build/deps/src" "$top/build/dist" <<-'END'
		import hashlib, json, os, sys
		document = json.load(open(sys.argv[1]))
		assert document["spdxVersion"] == "SPDX-2.3" and document["dataLicense"] == "CC0-1.0"
		known = {part["SPDXID"] for part in document["packages"] + document["files"]}
		known.add(document["SPDXID"])
		for relation in document["relationships"]:
		    assert relation["spdxElementId"] in known and relation["relatedSpdxElement"] in known, relation
		sums = {part["packageFileName"]: part["checksums"][0]["checksumValue"]
		        for part in document["packages"] if "checksums" in part}
		assert sorted(sums) == sorted(os.listdir(sys.argv[2])), sums
		sums.update({part["fileName"][2:]: part["checksums"][1]["checksumValue"] for part in document["files"]})
		for name, wanted in sums.items():
		    path = os.path.join(sys.argv[3 if name.startswith("socat-") else 2], name)
		    assert hashlib.sha256(open(path, "rb").read()).hexdigest() == wanted, name
		print(len(document["files"]), sorted({part["name"] for part in document["packages"]}))
	END
	assert_status 0
	assert_out "8 ['bearssl', 'ca-certificates', 'gcc', 'libcap', 'musl', \"musl, Debian's changes\", 'socat']\n"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2

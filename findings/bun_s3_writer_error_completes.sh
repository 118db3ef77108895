#!/usr/bin/env bash
# Bun's S3 writer COMPLETES its multipart upload when it is ended with an error: half a file becomes the object.
#
# Versions: Bun 1.4.5 (npm @oven/bun-linux-x64), against moto[server] 5.2.5. Seen on 2026-12-01, Linux x86_64.
#
# `S3File.writer()` gives a sink with `end(error?)`, and streams that end with an error are expected to be given up.
# Here `end(new Error(...))` after 6 MiB of a larger file sends the last part and CompleteMultipartUpload, no
# AbortMultipartUpload, and returns the byte count as a good end does. A reader then finds an object that is cut
# short, under the key, with a right ETag and length.
#
# What follows for a store: a completed upload is no proof that its writer was content. What follows for a program:
# to give up, do not end the sink; let a lifecycle rule abort the upload, or delete the key.
#
# Output seen:
#   Bun 1.4.5: end(new Error()) returned 6291456
#   the object exists: true, 6291456 bytes
#   requests: POST ?uploads, PUT, PUT, POST ?uploadId (complete); no DELETE (abort)
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'moto[server]==5.2.5'
echo '{"private": true}' >package.json
npm install --silent --no-fund --no-audit @oven/bun-linux-x64@1.4.5
venv/bin/moto_server -H 127.0.0.1 -p 0 >server.log 2>&1 &
server=$!
for _ in $(seq 300); do
  port=$(sed -nE 's#.*http://127\.0\.0\.1:([0-9]+).*#\1#p' server.log | head -n 1)
  [ -n "$port" ] && break
  sleep 0.1
done
curl -sS -o made -X PUT "http://127.0.0.1:$port/bucket-one"
cat >write.ts <<'TYPESCRIPT'
const endpoint = process.argv[2];
const s3 = new Bun.S3Client({ accessKeyId: "a", secretAccessKey: "b", bucket: "bucket-one", endpoint, region: "us-east-1" });
const writer = s3.file("given-up").writer({ partSize: 5 << 20 });
writer.write(new Uint8Array(6 << 20));
await writer.flush();
const outcome = await writer.end(new Error("the source failed"));
console.log(`Bun ${Bun.version}: end(new Error()) returned ${outcome}`);
const exists = await s3.exists("given-up");
console.log(`the object exists: ${exists}, ${exists ? (await s3.stat("given-up")).size : 0} bytes`);
TYPESCRIPT
node_modules/@oven/bun-linux-x64/bin/bun write.ts "http://127.0.0.1:$port" | tee seen
completed=$(grep -cE '"POST /bucket-one/given-up\?uploadId=' server.log || true)
aborted=$(grep -cE '"DELETE /bucket-one/given-up' server.log || true)
echo "requests: $completed CompleteMultipartUpload, $aborted AbortMultipartUpload"
grep -q 'exists: true, 6291456 bytes' seen && [ "$completed" = 1 ] && [ "$aborted" = 0 ] || { echo "the behaviour has changed"; exit 1; }

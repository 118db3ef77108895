#!/usr/bin/env bash
# @tus/s3-store reports an empty upload as finished, but never makes its object, and leaves a multipart upload open.
#
# Versions: @tus/s3-store 2.0.7, @tus/server 2.4.5 (npm), against moto[server] 5.2.5. Seen on 2026-12-01, Node 20.
#
# An upload with `Upload-Length: 0` is complete when it is created: there is no byte to PATCH. The server runs
# `onUploadFinish` and a HEAD says offset 0 of length 0. In S3 there is only the ID.info object: the multipart upload
# that the creation began has no part and is never completed, and a GET of the finished upload is an error of 500.
#
# What follows for a store: such uploads stay for ever unless a lifecycle rule aborts them (they have no part, so
# they cost no bytes and nobody notices). What follows for a program: refuse empty files, or put them by yourself.
#
# Output seen:
#   created: 201; HEAD: 200, offset 0 of 0; onUploadFinish was called: true
#   objects: .info only; open multipart uploads: 1; GET of the upload: 500
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'moto[server]==5.2.5'
echo '{"private": true}' >package.json
npm install --silent --no-fund --no-audit @tus/s3-store@2.0.7 @tus/server@2.4.5 @aws-sdk/client-s3@3.1175.0
venv/bin/moto_server -H 127.0.0.1 -p 0 >server.log 2>&1 &
server=$!
for _ in $(seq 300); do
  port=$(sed -nE 's#.*http://127\.0\.0\.1:([0-9]+).*#\1#p' server.log | head -n 1)
  [ -n "$port" ] && break
  sleep 0.1
done
curl -sS -o made -X PUT "http://127.0.0.1:$port/bucket-one"
cat >upload.mjs <<'JAVASCRIPT'
import http from "node:http";
import { ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { S3Store } from "@tus/s3-store";
import { Server } from "@tus/server";

const Bucket = "bucket-one";
const s3 = {
  bucket: Bucket, region: "us-east-1", endpoint: process.argv[2], forcePathStyle: true,
  credentials: { accessKeyId: "a", secretAccessKey: "b" },
};
let finished = false;
const tus = new Server({
  path: "/files",
  datastore: new S3Store({ s3ClientConfig: s3 }),
  onUploadFinish: async () => { finished = true; return {}; },
});
const listener = http.createServer(tus.handle.bind(tus)).listen(0, "127.0.0.1");
await new Promise((resolve) => listener.once("listening", resolve));
const files = `http://127.0.0.1:${listener.address().port}/files`;
const headers = { "Tus-Resumable": "1.0.0" };
const created = await fetch(files, { method: "POST", headers: { ...headers, "Upload-Length": "0" } });
const upload = created.headers.get("location");
const head = await fetch(upload, { method: "HEAD", headers });
const [offset, length] = [head.headers.get("upload-offset"), head.headers.get("upload-length")];
console.log(`created: ${created.status}; HEAD: ${head.status}, offset ${offset} of ${length}; onUploadFinish was called: ${finished}`);
const client = new S3Client(s3);
const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
const got = await fetch(upload);
const infoOnly = Contents.every(({ Key }) => Key.endsWith(".info"));
console.log(`objects: ${infoOnly ? ".info only" : "content too"}; open multipart uploads: ${Uploads.length}; GET of the upload: ${got.status}`);
const same = created.status === 201 && finished && infoOnly && Uploads.length === 1 && got.status === 500;
if (!same) console.log("the behaviour has changed");
process.exit(same ? 0 : 1);
JAVASCRIPT
node --no-warnings upload.mjs "http://127.0.0.1:$port"

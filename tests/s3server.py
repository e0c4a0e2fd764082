# SPDX-License-Identifier: Apache-2.0
"""A small and strict S3 server for tests: buckets in memory, every signature checked anew, and faults on demand.

    with S3Server() as s3:
        s3.fault(lambda r: r.method == "GET", "cut", times=2)
        ... s3.url, s3.objects["bucket"]["key"], s3.requests

What it refuses: a signature (SigV4) that it does not come to itself from the bytes of the request line, paths that are
not percent-encoded as AWS asks, dates that are not now, unsigned x-amz headers, bodies with another SHA-256, bodies without a
length, parts out of order, and lists of more than `page` keys. It was written from the documents of the protocol, not from
the client.
"""
import calendar
import email.utils
import hashlib
import hmac
import re
import socketserver
import threading
import time
import urllib.parse
import xml.sax.saxutils
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

UNRESERVED = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def encode(text, keep=b""):
    return "".join(chr(b) if b in UNRESERVED or b in keep else f"%{b:02X}" for b in text.encode())


class Refuse(Exception):
    def __init__(self, status, code, message="", headers=None):
        super().__init__(code)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


class Fault:
    def __init__(self, when, what, times, after):
        self.when, self.what, self.left, self.after = when, what, times, after


class S3Server:
    """page: keys on a page of a list. versioned: deleted and overwritten objects are kept."""

    def __init__(self, access="TESTACCESSKEY", secret="a/secret+key=", region="museum-1", bucket="vault-bucket", page=7,
                 versioned=False):
        self.access, self.secret, self.region, self.page, self.versioned = access, secret, region, page, versioned
        self.bucket = bucket
        self.objects = {bucket: {}}   # key -> (bytes, etag, metadata)
        self.versions = {bucket: []}  # (key, version, bytes or None for a marker), oldest first
        self.uploads = {}             # id -> (bucket, key, metadata, {number: (etag, bytes)})
        self.faults = []
        self.requests = []            # (method, path, query) of each that was let in
        self.refused = []             # codes of what was refused for its form
        self.lock = threading.RLock()
        self.counter = 0

    def __enter__(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do(self):
                outer.answer(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        assert issubclass(Server, socketserver.ThreadingMixIn)
        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def fault(self, when, what, times=1, after=0):
        """what: 500, 503, 403, "cut" (in the middle of the answer), "drop" (no answer), "late cut" (of what is sent),
        "etag", "short" (a whole answer with fewer bytes), "flip" (one byte changed), "error in 200", "lost answer" (done,
        but told as dropped)."""
        with self.lock:
            self.faults.append(Fault(when, what, times, after))

    def environment(self):
        return {"AWS_ACCESS_KEY_ID": self.access, "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_REGION": self.region,
                "AWS_ENDPOINT_URL": self.url}

    # ---- signatures

    def check_signature(self, r):
        match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, "
                             r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})", r.headers.get("Authorization", ""))
        if not match:
            raise Refuse(403, "AccessDenied", "no signature")
        access, day, region, names, signature = match.groups()
        if access != self.access:
            raise Refuse(403, "InvalidAccessKeyId")
        if region != self.region:
            raise Refuse(400, "AuthorizationHeaderMalformed", f"the region is {self.region}")
        names = names.split(";")
        if names != sorted(names) or "host" not in names:
            raise Refuse(403, "SignatureDoesNotMatch", "names of the headers")
        for name in {k.lower() for k in r.headers}:
            if name.startswith("x-amz-") and name not in names:
                raise Refuse(403, "AccessDenied", f"{name} is not signed")
        date = r.headers.get("x-amz-date", "")
        now = time.time()
        if not date.startswith(day) or abs(calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ")) - now) > 900:
            raise Refuse(403, "RequestTimeTooSkewed")
        if encode(urllib.parse.unquote(r.raw_path), b"/") != r.raw_path:
            raise Refuse(403, "SignatureDoesNotMatch", f"the path is not canonical: {r.raw_path}")
        pairs = [p.split("=", 1) if "=" in p else [p, ""] for p in r.raw_query.split("&")] if r.raw_query else []
        for name, value in pairs:
            if encode(urllib.parse.unquote(name)) != name or encode(urllib.parse.unquote(value)) != value:
                raise Refuse(403, "SignatureDoesNotMatch", f"the query is not canonical: {r.raw_query}")
        query = "&".join(f"{n}={v}" for n, v in sorted(pairs))
        headers = "".join(f"{n}:{' '.join(r.headers.get(n, '').split())}\n" for n in names)
        payload = r.headers.get("x-amz-content-sha256")
        if payload is None:
            raise Refuse(400, "MissingSecurityHeader", "x-amz-content-sha256")
        canonical = "\n".join([r.method, r.raw_path, query, headers, ";".join(names), payload])
        to_sign = "\n".join(["AWS4-HMAC-SHA256", date, f"{day}/{region}/s3/aws4_request",
                             hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + self.secret).encode()
        for part in (day, region, "s3", "aws4_request", to_sign):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(key.hex(), signature):
            raise Refuse(403, "SignatureDoesNotMatch")
        return payload

    # ---- answering

    def answer(self, handler):
        r = Request(handler)
        try:
            fault = self.take_fault(r)
            if fault == "late cut":
                handler.rfile.read(min(r.length, 100000))
                handler.close_connection = True
                return
            r.body = handler.rfile.read(r.length)
            if fault == "drop" or len(r.body) < r.length:  # on purpose, or the client is gone, killed in the middle
                handler.close_connection = True
                return
            payload = self.check_signature(r)
            if payload != hashlib.sha256(r.body).hexdigest():
                raise Refuse(400, "XAmzContentSHA256Mismatch")
            if isinstance(fault, int):
                code = {500: "InternalError", 503: "SlowDown", 403: "AccessDenied"}[fault]
                raise Refuse(fault, code, "on purpose", {"Retry-After": "0"} if fault == 503 else None)
            with self.lock:
                self.requests.append((r.method, r.path, r.query))
                status, headers, body = self.act(r)
            self.send(handler, r, status, headers, body, fault)
        except Refuse as why:
            with self.lock:
                if why.status in (400, 403, 411):
                    self.refused.append(f"{why.code}: {why.message}")
            body = (f'<?xml version="1.0"?><Error><Code>{why.code}</Code><Message>{why.message}</Message>'
                    f"<AWSAccessKeyId>{self.access}</AWSAccessKeyId></Error>").encode()
            self.send(handler, r, why.status, why.headers, body, None)
        except OSError:
            handler.close_connection = True

    def take_fault(self, r):
        with self.lock:
            for fault in self.faults:
                if fault.left > 0 and fault.when(r):
                    if fault.after > 0:
                        fault.after -= 1
                        return None
                    fault.left -= 1
                    return fault.what
        return None

    def send(self, handler, r, status, headers, body, fault):
        headers = dict(headers)
        if fault == "etag":
            headers["ETag"] = '"00000000000000000000000000000000"'
        if fault == "short" and len(body) > 1:
            body = body[:-1]
        if fault == "flip" and body:
            body = bytes([body[0] ^ 1]) + body[1:]
        if fault == "error in 200":
            body = b"<Error><Code>InternalError</Code></Error>"
        if fault == "lost answer":
            handler.close_connection = True
            return
        handler.send_response_only(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Date", email.utils.formatdate(usegmt=True))
        handler.send_header("Content-Length", headers.get("Content-Length", str(len(body))))
        handler.end_headers()
        if r.method == "HEAD":
            return
        if fault == "cut":
            handler.wfile.write(body[:len(body) // 2])
            handler.wfile.flush()
            handler.close_connection = True
            return
        handler.wfile.write(body)

    def act(self, r):
        parts = r.path.lstrip("/").split("/", 1)
        bucket, key = parts[0], parts[1] if len(parts) > 1 else ""
        if bucket not in self.objects:
            raise Refuse(404, "NoSuchBucket")
        if not key:
            return self.act_on_bucket(r, bucket)
        if r.method == "PUT":
            return self.put_part(r) if "uploadId" in r.query else self.put(bucket, key, r.body, r.metadata())
        if r.method == "POST":
            return self.begin(r, bucket, key) if "uploads" in r.query else self.complete(r, bucket, key)
        if r.method == "DELETE":
            return self.delete(r, bucket, key)
        return self.get(r, bucket, key)

    # ---- objects

    def put(self, bucket, key, body, metadata, etag=None):
        etag = etag or hashlib.md5(body).hexdigest()
        self.counter += 1
        self.objects[bucket][key] = (body, etag, metadata)
        if self.versioned:
            self.versions[bucket].append((key, f"v{self.counter}", body))
        return 200, {"ETag": f'"{etag}"'}, b""

    def get(self, r, bucket, key):
        if key not in self.objects[bucket]:
            raise Refuse(404, "NoSuchKey")
        body, etag, metadata = self.objects[bucket][key]
        headers = {"ETag": f'"{etag}"', **metadata}
        match = re.fullmatch(r"bytes=(\d+)-", r.headers.get("Range", ""))
        if match:
            if int(match.group(1)) >= len(body):
                raise Refuse(416, "InvalidRange")
            return 206, headers, body[int(match.group(1)):]
        if r.method == "HEAD":
            headers["Content-Length"] = str(len(body))
        return 200, headers, body

    def delete(self, r, bucket, key):
        if "uploadId" in r.query:
            if self.uploads.pop(r.query["uploadId"], None) is None:
                raise Refuse(404, "NoSuchUpload")
            return 204, {}, b""
        if "versionId" in r.query:
            left = [v for v in self.versions[bucket] if (v[0], v[1]) != (key, r.query["versionId"])]
            self.versions[bucket] = left
            newest = [v for v in left if v[0] == key]
            if newest and newest[-1][2] is not None:
                self.objects[bucket][key] = (newest[-1][2], hashlib.md5(newest[-1][2]).hexdigest(), {})
            else:
                self.objects[bucket].pop(key, None)
            return 204, {}, b""
        self.objects[bucket].pop(key, None)
        if self.versioned:
            self.counter += 1
            self.versions[bucket].append((key, f"v{self.counter}", None))
        return 204, {}, b""

    # ---- uploads in parts

    def begin(self, r, bucket, key):
        self.counter += 1
        upload = f"upload/{self.counter}+="
        self.uploads[upload] = (bucket, key, r.metadata(), {})
        return 200, {}, f"<InitiateMultipartUploadResult {NAMESPACE}><UploadId>{upload}</UploadId>" \
                        f"</InitiateMultipartUploadResult>".encode()

    def put_part(self, r):
        upload = self.uploads.get(r.query["uploadId"])
        if not upload:
            raise Refuse(404, "NoSuchUpload")
        etag = hashlib.md5(r.body).hexdigest()
        upload[3][int(r.query["partNumber"])] = (etag, r.body)
        return 200, {"ETag": f'"{etag}"'}, b""

    def complete(self, r, bucket, key):
        upload = self.uploads.get(r.query["uploadId"])
        if not upload or upload[:2] != (bucket, key):
            raise Refuse(404, "NoSuchUpload")
        named = re.findall(r'<Part><PartNumber>(\d+)</PartNumber><ETag>"?([0-9a-f]+)"?</ETag></Part>', r.body.decode())
        if [int(n) for n, _ in named] != sorted(upload[3]):
            raise Refuse(400, "InvalidPartOrder")
        for number, etag in named:
            if upload[3][int(number)][0] != etag:
                raise Refuse(400, "InvalidPart")
        if any(len(upload[3][int(n)][1]) < 5 * 1024 * 1024 for n, _ in named[:-1]):
            raise Refuse(400, "EntityTooSmall")
        body = b"".join(upload[3][int(n)][1] for n, _ in named)
        etag = hashlib.md5(b"".join(bytes.fromhex(e) for _, e in named)).hexdigest() + f"-{len(named)}"
        del self.uploads[r.query["uploadId"]]
        self.put(bucket, key, body, upload[2], etag)
        return 200, {}, f"<CompleteMultipartUploadResult {NAMESPACE}><ETag>&quot;{etag}&quot;</ETag>" \
                        f"</CompleteMultipartUploadResult>".encode()

    # ---- lists

    def act_on_bucket(self, r, bucket):
        if r.method != "GET":
            raise Refuse(405, "MethodNotAllowed")
        if "uploads" in r.query:
            return self.list_uploads(r)
        if "versions" in r.query:
            return self.list_versions(r, bucket)
        if r.query.get("list-type") != "2":
            raise Refuse(501, "NotImplemented")
        return self.list(r, bucket)

    @staticmethod
    def text(r, key):
        return urllib.parse.quote_plus(key, safe="/-._~*") if r.query.get("encoding-type") == "url" \
            else xml.sax.saxutils.escape(key)

    def list(self, r, bucket):
        prefix, after, delimiter = r.query.get("prefix", ""), r.query.get("start-after", ""), r.query.get("delimiter")
        rows, last, more = [], None, False
        for key in sorted(self.objects[bucket], key=lambda k: k.encode()):
            if not key.startswith(prefix) or key.encode() <= after.encode():
                continue
            name = key[len(prefix):]
            folder = prefix + name.split(delimiter)[0] + delimiter if delimiter and delimiter in name else None
            if folder and (folder == last or folder.encode() <= after.encode()):
                continue
            if len(rows) >= self.page:
                more = True
                break
            last = folder
            body, etag, _ = self.objects[bucket][key]
            rows.append(f"<CommonPrefixes><Prefix>{self.text(r, folder)}</Prefix></CommonPrefixes>" if folder else
                        f"<Contents><Key>{self.text(r, key)}</Key><Size>{len(body)}</Size><ETag>&quot;{etag}&quot;</ETag></Contents>")
        return 200, {}, (f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult {NAMESPACE}><Name>{bucket}</Name>'
                         f"<EncodingType>{r.query.get('encoding-type', '')}</EncodingType>"
                         f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>{''.join(rows)}</ListBucketResult>").encode()

    def list_versions(self, r, bucket):
        if not self.versioned:
            raise Refuse(501, "NotImplemented")
        prefix = r.query.get("prefix", "")
        every = sorted((v for v in enumerate(self.versions[bucket]) if v[1][0].startswith(prefix)),
                       key=lambda v: (v[1][0].encode(), -v[0]))
        names = [(key, version) for _, (key, version, _) in every]
        start = 0
        if "key-marker" in r.query:
            start = names.index((r.query["key-marker"], r.query["version-id-marker"])) + 1 \
                if (r.query["key-marker"], r.query["version-id-marker"]) in names \
                else sum(n[0].encode() <= r.query["key-marker"].encode() for n in names)
        page = every[start:start + self.page]
        rows = "".join(f"<{'Version' if body is not None else 'DeleteMarker'}><Key>{self.text(r, key)}</Key>"
                       f"<VersionId>{version}</VersionId></{'Version' if body is not None else 'DeleteMarker'}>"
                       for _, (key, version, body) in page)
        more = start + self.page < len(every)
        marker = f"<NextKeyMarker>{self.text(r, page[-1][1][0])}</NextKeyMarker><NextVersionIdMarker>{page[-1][1][1]}" \
                 f"</NextVersionIdMarker>" if more else ""
        return 200, {}, (f"<ListVersionsResult {NAMESPACE}><EncodingType>url</EncodingType>"
                         f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>{marker}{rows}</ListVersionsResult>").encode()

    def list_uploads(self, r):
        rows = "".join(f"<Upload><Key>{self.text(r, key)}</Key><UploadId>{upload}</UploadId></Upload>"
                       for upload, (_, key, _, _) in self.uploads.items() if key.startswith(r.query.get("prefix", "")))
        return 200, {}, (f"<ListMultipartUploadsResult {NAMESPACE}><EncodingType>url</EncodingType>"
                         f"<IsTruncated>false</IsTruncated>{rows}</ListMultipartUploadsResult>").encode()


class Request:
    def __init__(self, handler):
        self.method, self.headers = handler.command, handler.headers
        self.raw_path, _, self.raw_query = handler.path.partition("?")
        self.path = urllib.parse.unquote(self.raw_path)
        self.query = dict(urllib.parse.parse_qsl(self.raw_query, keep_blank_values=True))
        self.length = int(handler.headers.get("Content-Length") or 0)
        self.body = b""

    def metadata(self):
        return {k: v for k, v in self.headers.items() if k.lower().startswith("x-amz-meta-")}

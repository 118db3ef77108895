"""The message of `sixfold serve` at its start: endpoint, key pair, and commands to copy."""

from __future__ import annotations

from rich.markup import escape

from metadata.records import AccessKey
from s3api import __version__
from s3api.access.root_key import credentials_path
from s3api.cli.output import out
from s3api.settings import Settings, without_password

ANY_ADDRESS = ("0.0.0.0", "::", "")


def welcome(settings: Settings, root: AccessKey, *, port: int, is_new: bool) -> None:
    """Print the message. It contains the secret key of a new pair, else only the file that keeps it."""
    screen = out()
    screen.print("\n".join(_lines(settings, root, endpoint(settings, port), is_new=is_new)))
    screen.file.flush()


def endpoint(settings: Settings, port: int) -> str:
    """The URL of the gateway for clients on this machine."""
    host = "127.0.0.1" if settings.http.host in ANY_ADDRESS else settings.http.host
    scheme = "https" if settings.http.tls_cert else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _lines(settings: Settings, root: AccessKey, url: str, *, is_new: bool) -> list[str]:
    kept = None if settings.access.access_key else credentials_path(settings)
    secret = root.secret_key if is_new else "..."
    shown = escape(secret) if is_new else f"[dim]in {escape(str(kept))}[/]" if kept else "[dim]as set[/]"
    lines = [
        f"[bold]Sixfold {__version__}[/]",
        f"  endpoint    [bold cyan]{url}[/]   S3 at /, REST at /api/, docs at {url}/api/docs",
        f"  access key  [bold]{escape(root.access_key)}[/]",
        f"  secret key  {shown}",
        f"  data        {escape(str(settings.data))}",
        f"  metadata    {escape(without_password(settings.database_url))}",
    ]
    if is_new:
        lines.append(f"  [dim]The key pair is stored in {escape(str(kept))}. It is not shown again.[/]")
    variables = f"AWS_ACCESS_KEY_ID={root.access_key} AWS_SECRET_ACCESS_KEY={secret}"
    if kept and not is_new:
        variables = f"AWS_SHARED_CREDENTIALS_FILE={kept}"
        arguments = ""
    else:
        arguments = f", aws_access_key_id='{root.access_key}', aws_secret_access_key='{secret}'"
    is_open = settings.rest.open if settings.rest.open is not None else settings.http.on_loopback
    user = "" if is_open else f"-u {root.access_key}:{secret} "
    pasted = [
        f"{variables} AWS_REGION={settings.region} aws --endpoint-url {url} s3 mb s3://photos",
        f"python -c \"import boto3; print(boto3.client('s3', endpoint_url='{url}', "
        f"region_name='{settings.region}'{arguments}).list_buckets()['Buckets'])\"",
        f"curl -X PUT {user}-F file=@photo.jpg {url}/api/file",
    ]
    if kept and not is_new:
        pasted[1] = f"AWS_SHARED_CREDENTIALS_FILE={kept} {pasted[1]}"
    return [*lines, "", *(f"  {escape(line)}" for line in pasted), ""]

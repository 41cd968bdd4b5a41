"""One clear line for whatever a system or a store's library has raised."""

from __future__ import annotations

from rechroma.errors import RechromaError, UnreadablePhotoError, UnwritableFileError

__all__ = ["PACKAGES", "explained", "keys_of"]

# What reads and writes a kind of place.
PACKAGES = {
    "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs",
    "hf": "huggingface_hub", "s3": "s3fs", "s3a": "s3fs",
}  # fmt: skip
# Where a package looks for keys.
_KEYS = {
    "gcsfs": "GOOGLE_APPLICATION_CREDENTIALS",
    "adlfs": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
    "huggingface_hub": "HF_TOKEN",
}
_AWS_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
# What is said by a store's error: in its text, whatever its type; then what to do.
_SAID = (
    (("RequestTimeTooSkewed", "RequestExpired", "request time and the current time"),
     "this machine's clock is off by minutes", "set it (NTP)"),
    (("Unable to locate credentials", "NoCredentials", "PartialCredentials", "DefaultCredentials",
      "Anonymous caller", "NoAuthenticationInformation"),
     "there are no keys for it", "set {keys}"),
    (("InvalidAccessKeyId", "SignatureDoesNotMatch", "does not exist in our records",
      "Invalid Credentials", "AuthenticationFailed", "AuthorizationFailure",
      "Invalid username or password"),
     "the keys are not valid there", "check {keys}"),
    (("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint",
      "must specify a region", "the region '", "specified endpoint"),
     "the bucket is in another region", "set AWS_REGION to the bucket's region"),
    (("NoSuchBucket", "bucket does not exist", "ContainerNotFound"), "there is no such bucket",
     "check its name"),
    (("Could not connect", "Connect timeout", "Cannot connect", "Connection refused",
      "Temporary failure in name resolution", "Name or service not known"),
     "the store does not answer", "check the network, and the endpoint if you have set one"),
)  # fmt: skip
_FORBIDDEN = ("Forbidden:", "AuthorizationPermissionMismatch")


def keys_of(place: str) -> str:
    """Return which variables of the environment have the keys of a place."""
    return _KEYS.get(PACKAGES.get(place.partition("://")[0], ""), _AWS_KEYS)


def explained(where: str, error: BaseException, *, writing: bool = False) -> RechromaError:
    """Return one line for what a system or a store's library has raised."""
    if isinstance(error, RechromaError):
        return error
    kind = UnwritableFileError if writing else UnreadablePhotoError
    told = f"{type(error).__name__}: {error}"
    for words, what, mend in _SAID:
        if any(word in told for word in words):
            return kind(f"{where}: {what}", mend.format(keys=keys_of(where)))
    if isinstance(error, FileNotFoundError):
        return kind(f"{where}: there is no such file, folder or bucket", "check the name")
    if isinstance(error, PermissionError) or any(word in told for word in _FORBIDDEN):
        right = "write" if writing else "read"
        return kind(f"{where}: no right to {right} it", "check its permissions, and your keys")
    said = (error.strerror if isinstance(error, OSError) else None) or " ".join(told.split())
    return kind(f"{where}: can't be {'written' if writing else 'read'}: {said}", "try again later")

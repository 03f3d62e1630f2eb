"""A certificate authority for one test run."""
import pathlib
import subprocess


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """Makes certificates for the test domains; every peer trusts its `certificate`."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.certificate = self.directory / "ca.crt"
        self.key = self.directory / "ca.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-subj", "/CN=Interop test CA", "-days", "2",
                 "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
                 "-keyout", str(self.key), "-out", str(self.certificate))

    def issue(self, domain, usages="serverAuth,clientAuth"):
        """Writes `domain`.crt, .key and .pem (both in one) and returns their common stem."""
        stem = self.directory / domain
        request = f"{stem}.csr"
        extensions = self.directory / f"{domain}.ext"
        extensions.write_text(
            f"subjectAltName=DNS:{domain},DNS:*.{domain}\nextendedKeyUsage={usages}\n"
            "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n")
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-subj", f"/CN={domain}", "-keyout", f"{stem}.key", "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", str(self.certificate), "-CAkey", str(self.key),
                 "-CAcreateserial", "-days", "2", "-out", f"{stem}.crt", "-extfile", str(extensions))
        pem = pathlib.Path(f"{stem}.crt").read_text() + pathlib.Path(f"{stem}.key").read_text()
        pathlib.Path(f"{stem}.pem").write_text(pem)
        for suffix in ("crt", "key", "pem"):
            pathlib.Path(f"{stem}.{suffix}").chmod(0o644)
        return stem

"""The settings of the real servers: their files, filled in with a folder and the ports.

The facts that a test may rely on stand here: accounts, limits, names, the zone.
"""

import base64
import grp
import hmac
import json
import os
import time
from pathlib import Path

DOMAIN = "example.test"
NAMES = (f"mail.{DOMAIN}", f"mx1.{DOMAIN}", f"pop.{DOMAIN}")

ACCOUNTS = {
    "alice": "secret",
    "bob": "builder",
    "tanstaaf": "tanstaaf",
    "full": "secret",  # over quota: LMTP says 552 5.2.2 after the dot
}
# Who may act for any of them: PLAIN with an authzid (RFC 4616).
MASTER = ("warden", "keys")
TOKEN_KEY = b"what signs the tokens of OAUTHBEARER and XOAUTH2"
QUOTA_OF_FULL = 64  # octets

DOVECOT = ("lmtp", "pop3", "pop3s", "pop3_proxied")
POSTFIX = (
    *("smtp", "submission", "submissions", "lab", "postscreen", "normalizing", "rejecting"),
    "proxied",
)
NSD = ("dns",)
PORTS = (*DOVECOT, *POSTFIX, *NSD)


def write(folder: Path, host: str, ports: dict[str, int]) -> None:
    """Write the files of all three servers under `folder`/etc and `folder`/zones."""
    values = {"folder": folder, "host": host, "domain": DOMAIN, **ports}
    for name, text in (
        ("etc/dovecot.conf", _DOVECOT),
        ("etc/oauth2.conf", _OAUTH2),
        ("etc/postfix/main.cf", _MAIN),
        ("etc/postfix/master.cf", _MASTER),
        ("etc/postfix/mailboxes", "".join(f"{user}@{DOMAIN} x\n" for user in ACCOUNTS)),
        ("etc/postfix/aliases", f"postmaster@{DOMAIN} alice@{DOMAIN}\n"),
        ("etc/postfix/recipients", _RECIPIENTS),
        ("etc/nsd.conf", _NSD),
        (f"zones/{DOMAIN}", _ZONE),
    ):
        (folder / name).write_text(text % values if "%(" in text else text)
    _write_accounts(folder / "etc/accounts")
    _write_secret(folder / "etc/masters", ":{PLAIN}".join(MASTER) + "\n")
    keys = folder / "etc/keys/default/HS256"
    keys.mkdir(parents=True)
    _write_secret(keys / "default", base64.b64encode(TOKEN_KEY).decode())


def _write_accounts(file: Path) -> None:
    quota = {"full": f"userdb_quota_rule=*:bytes={QUOTA_OF_FULL}"}
    lines = (
        f"{user}:{{PLAIN}}{password}::::::{quota.get(user, '')}\n"
        for user, password in ACCOUNTS.items()
    )
    _write_secret(file, "".join(lines))


def _write_secret(file: Path, text: str) -> None:
    file.touch(mode=0o640)
    os.chown(file, 0, grp.getgrnam("dovecot").gr_gid)
    file.write_text(text)


def token(user: str, *, age: int = 0, key: bytes = TOKEN_KEY) -> str:
    """A bearer token (RFC 7519) for `user` that was made `age` seconds ago, for an hour."""
    now = int(time.time()) - age  # noqa: TID251 - what is written into a token is a date
    claims = {"sub": user, "iat": now, "exp": now + 3600}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"typ": "JWT", "alg": "HS256"}, claims)
    ]
    signature = hmac.new(key, b".".join(parts), "sha256").digest()
    parts.append(base64.urlsafe_b64encode(signature).rstrip(b"="))
    return b".".join(parts).decode()


# No delay after a failed login and no penalty for the next: tests fail on purpose.
_DOVECOT = """\
protocols = pop3 lmtp
base_dir = %(folder)s/run
state_dir = %(folder)s/state
instance_name = mailprobe-tests
listen = %(host)s
log_path = %(folder)s/log/dovecot.log
auth_verbose = yes
login_greeting = Dovecot ready.
hostname = mail.%(domain)s
postmaster_address = postmaster@%(domain)s

ssl = yes
ssl_cert = <%(folder)s/tls/server.pem
ssl_key = <%(folder)s/tls/server.key
ssl_min_protocol = TLSv1.2

disable_plaintext_auth = no
haproxy_trusted_networks = %(host)s
auth_mechanisms = plain login cram-md5 apop scram-sha-1 scram-sha-256 oauthbearer xoauth2 anonymous
auth_anonymous_username = bob
auth_username_format = %%Ln
auth_failure_delay = 0
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = %(folder)s/etc/oauth2.conf
}
passdb {
  driver = passwd-file
  args = %(folder)s/etc/masters
  master = yes
}
passdb {
  driver = passwd-file
  args = %(folder)s/etc/accounts
}
userdb {
  driver = passwd-file
  args = %(folder)s/etc/accounts
  default_fields = uid=mail gid=mail home=%(folder)s/mail/%%n
}
first_valid_uid = 8
first_valid_gid = 8
mail_location = maildir:~/Maildir
mail_plugins = quota
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_grace = 0
}
namespace inbox {
  inbox = yes
}

service pop3-login {
  inet_listener pop3 {
    port = %(pop3)d
  }
  inet_listener pop3s {
    port = %(pop3s)d
    ssl = yes
  }
  inet_listener pop3_proxied {
    port = %(pop3_proxied)d
    haproxy = yes
  }
  service_count = 0
  process_min_avail = 1
}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
  inet_listener lmtp {
    address = %(host)s
    port = %(lmtp)d
  }
}
service auth {
  unix_listener postfix-auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
protocol pop3 {
  mail_max_userip_connections = 100
}
protocol lmtp {
  lmtp_save_to_detail_mailbox = no
}
"""

_OAUTH2 = """\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=%(folder)s/etc/keys/
username_attribute = sub
"""

# Mail for other domains is thrown away: nothing ever leaves this machine.  mynetworks is an
# address of no host, so that loopback has no rights that a stranger has not.
_MAIN = """\
compatibility_level = 3.6
queue_directory = %(folder)s/spool
data_directory = %(folder)s/state/postfix
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = %(folder)s/log/postfix.log
maillog_file_prefixes = %(folder)s
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = %(host)s
inet_protocols = ipv4
myhostname = mail.%(domain)s
mydomain = %(domain)s
myorigin = %(domain)s
mydestination =
mynetworks = 192.0.2.1/32
alias_maps =
alias_database =
local_recipient_maps =
local_transport = error:5.1.1 no local users
default_transport = discard:mail for others is thrown away
relay_transport = discard:mail for others is thrown away
virtual_mailbox_domains = %(domain)s
virtual_mailbox_maps = texthash:%(folder)s/etc/postfix/mailboxes
virtual_alias_maps = texthash:%(folder)s/etc/postfix/aliases
virtual_transport = lmtp:unix:%(folder)s/run/lmtp
message_size_limit = 67108864
mailbox_size_limit = 0
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions =
  check_recipient_access texthash:%(folder)s/etc/postfix/recipients
smtpd_peername_lookup = no
smtpd_sasl_type = dovecot
smtpd_sasl_path = %(folder)s/run/postfix-auth
smtpd_sasl_auth_enable = no
smtpd_sasl_security_options = noanonymous
smtpd_tls_cert_file = %(folder)s/tls/server.pem
smtpd_tls_key_file = %(folder)s/tls/server.key
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
smtpd_tls_loglevel = 1
smtputf8_enable = yes
enable_long_queue_ids = yes
recipient_delimiter = +
notify_classes =
bounce_queue_lifetime = 1h
smtpd_error_sleep_time = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
"""

_MASTER = """\
%(host)s:%(smtp)d inet n - n - - smtpd
  -o syslog_name=postfix/smtp
%(host)s:%(submission)d inet n - n - - smtpd
  -o syslog_name=postfix/submission -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_security_level=encrypt -o smtpd_tls_auth_only=yes
%(host)s:%(submissions)d inet n - n - - smtpd
  -o syslog_name=postfix/submissions -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_wrappermode=yes
%(host)s:%(lab)d inet n - n - - smtpd
  -o syslog_name=postfix/lab -o smtpd_sasl_auth_enable=yes -o smtpd_tls_auth_only=no
  -o smtpd_timeout=3s -o smtpd_authorized_xclient_hosts=%(host)s -o message_size_limit=4096
  -o smtpd_authorized_xforward_hosts=%(host)s -o inet_protocols=all
%(host)s:%(proxied)d inet n - n - - smtpd
  -o syslog_name=postfix/proxied -o smtpd_upstream_proxy_protocol=haproxy
  -o inet_protocols=all
%(host)s:%(normalizing)d inet n - n - - smtpd
  -o syslog_name=postfix/normalizing -o smtpd_forbid_bare_newline=normalize
%(host)s:%(rejecting)d inet n - n - - smtpd
  -o syslog_name=postfix/rejecting -o smtpd_forbid_bare_newline=reject
%(host)s:%(postscreen)d inet n - n - 1 postscreen
  -o syslog_name=postfix/postscreen -o postscreen_access_list= -o postscreen_cache_map=
  -o postscreen_greet_action=enforce -o postscreen_greet_wait=2s
  -o postscreen_greet_banner=wait -o postscreen_dnsbl_sites=
smtpd      pass       - - n -     - smtpd
dnsblog    unix       - - n -     0 dnsblog
tlsproxy   unix       - - n -     0 tlsproxy
pickup     unix       n - n 60    1 pickup
cleanup    unix       n - n -     0 cleanup
qmgr       unix       n - n 300   1 qmgr
tlsmgr     unix       - - n 1000? 1 tlsmgr
rewrite    unix       - - n -     - trivial-rewrite
bounce     unix       - - n -     0 bounce
defer      unix       - - n -     0 bounce
trace      unix       - - n -     0 bounce
verify     unix       - - n -     1 verify
flush      unix       n - n 1000? 0 flush
proxymap   unix       - - n -     - proxymap
proxywrite unix       - - n -     1 proxymap
showq      unix       n - n -     - showq
error      unix       - - n -     - error
retry      unix       - - n -     - error
discard    unix       - - n -     - discard
lmtp       unix       - - n -     - lmtp
anvil      unix       - - n -     1 anvil
scache     unix       - - n -     1 scache
postlog    unix-dgram n - n -     1 postlogd
"""

_RECIPIENTS = """\
grey@example.test 450 4.2.0 Greylisted, come again later
blocked@example.test 550 5.7.1 Blocked by policy
closing@example.test 521 5.7.1 Go away
"""

# A zone whose file does not exist is answered with SERVFAIL.
_NSD = """\
server:
  ip-address: %(host)s@%(dns)d
  port: %(dns)d
  username: ""
  chroot: ""
  zonesdir: "%(folder)s/zones"
  database: ""
  pidfile: "%(folder)s/run/nsd.pid"
  xfrdfile: "%(folder)s/state/xfrd.state"
  xfrdir: "%(folder)s/state"
  zonelistfile: "%(folder)s/state/zone.list"
  logfile: "%(folder)s/log/nsd.log"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: %(domain)s
  zonefile: %(domain)s
zone:
  name: broken.test
  zonefile: none
"""

_ZONE = """\
$ORIGIN example.test.
$TTL 300
@ SOA ns1 hostmaster 2026010101 3600 600 86400 60
@ NS ns1
ns1 A 127.0.0.1
@ A 127.0.0.1
@ MX 10 mx1
@ MX 20 mx2
mx1 A 127.0.0.1
mx1 AAAA ::1
mx2 A 127.0.0.2
mail A 127.0.0.1
pop A 127.0.0.1
; equal preferences
equal MX 10 mx1
equal MX 10 mx2
; written out of order
big MX 30 mail
big MX 10 mx1
big MX 20 mx2
; null MX, RFC 7505
nomail MX 0 .
; implicit MX, RFC 5321 section 5.1: an address and no MX
implicit A 127.0.0.1
; neither
nothing TXT "this name has neither MX nor address"
; the owner is a CNAME
alias CNAME @
; the target is a CNAME, which RFC 2181 section 10.3 forbids
cnamemx MX 10 mxalias
mxalias CNAME mx1
; the target does not exist
dangling MX 10 nowhere
; CNAMEs in a circle
loop1 CNAME loop2
loop2 CNAME loop1
; an internationalized domain name
xn--bcher-kva MX 10 mx1
"""

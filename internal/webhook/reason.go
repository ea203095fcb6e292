package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/synchook/synchook/internal/netguard"
)

// These are texts of errors that net/http exports no types for.
const (
	tlsTimeout     = "TLS handshake timeout"
	headersTooMany = "response headers exceeded"
	headersTooLong = "header list larger than"
	malformed      = "malformed"
)

// networkReason says why no answer came. The order matters: many of these errors are wrapped in one
// another, and some time out as well.
func networkReason(err error) string {
	var refused *netguard.RefusedError
	var proxy *netguard.ProxyError
	var dns *net.DNSError
	switch {
	case err == nil:
		return "did not answer"
	case errors.As(err, &refused):
		return "is at an address that we do not call: " + refused.Error()
	case errors.As(err, &proxy):
		return "was not reached through the egress proxy, which answered CONNECT with " + statusText(proxy.Status)
	case opOf(err) == "socks connect":
		return "was not reached through the egress proxy: " + brief(err)
	case errors.Is(err, errURL):
		return "has a URL that cannot be used: correct it"
	case errors.As(err, &dns):
		return lookupReason(dns)
	case isTLS(err):
		return tlsReason(err)
	case isTimeout(err):
		return timeoutReason(err)
	}
	return connectionReason(err)
}

// bodyReason says how an answer that had begun did not end.
func bodyReason(err error) string {
	if isTimeout(err) {
		return "did not finish its answer before the timeout: answer first and do slow work afterwards"
	}
	return networkReason(err)
}

func lookupReason(err *net.DNSError) string {
	switch {
	case err.IsNotFound:
		return "has a host name that does not exist: check its URL and its DNS"
	case err.IsTimeout:
		return "has a host name whose name servers did not answer before the timeout: check its DNS"
	}
	return "has a host name that could not be looked up: check its DNS: " + brief(err)
}

// timeoutReason names the phase, where the error tells it.
func timeoutReason(err error) string {
	switch {
	case opOf(err) == "dial", errors.Is(err, syscall.ETIMEDOUT):
		return "did not take the connection before the timeout: check that it runs, and its firewall"
	case strings.Contains(err.Error(), tlsTimeout):
		return "did not finish the TLS handshake before the timeout: check that its port speaks TLS"
	}
	return "did not answer before the timeout: answer first and do slow work afterwards"
}

func connectionReason(err error) string {
	text := err.Error()
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused the connection: nothing listens at its address and port"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "is at an address that cannot be reached: check its network and firewall"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset the connection: it, or a proxy before it, crashed or closed it"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut its answer short: it, or a proxy before it, closed the connection"
	case errors.Is(err, io.EOF):
		return "closed the connection without an answer: it, or a proxy before it, crashed or closed it"
	case strings.Contains(text, headersTooMany), strings.Contains(text, headersTooLong):
		return "answered with more than 64 KiB of headers: let it send fewer"
	case strings.Contains(text, malformed):
		return "answered something that is not HTTP: check the port of its URL: " + brief(err)
	}
	return "could not be called: " + brief(err)
}

// isFault reports whether a request failed on our side of the network.
func isFault(err error) bool {
	var proxy *netguard.ProxyError
	if errors.As(err, &proxy) {
		return proxy.Status == http.StatusProxyAuthRequired
	}
	return opOf(err) == "proxyconnect" || isShortage(err)
}

// isShortage reports whether this machine has run out of what a connection needs.
func isShortage(err error) bool {
	for _, number := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, number) {
			return true
		}
	}
	return false
}

func faultReason(err error) string {
	if isShortage(err) {
		return "was not called, because this machine has run out of files, ports or memory: raise its limits: " + brief(err)
	}
	return "was not called, because the egress proxy could not be used: check --egress-proxy and the proxy: " + brief(err)
}

// opOf names the step at which a connection failed: dial, read, remote error, and for an egress proxy
// proxyconnect or socks connect.
func opOf(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op
	}
	return ""
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func isTLS(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
		authority   x509.UnknownAuthorityError
		host        x509.HostnameError
		invalid     x509.CertificateInvalidError
	)
	return errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid) ||
		// An alert from the other side has no exported type of its own.
		opOf(err) == "remote error"
}

func tlsReason(err error) string {
	var (
		record    tls.RecordHeaderError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		unproved  *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/":
		return "speaks HTTP where its URL says https: check its URL"
	case errors.As(err, &record):
		return "speaks no TLS where its URL says https: check the port of its URL"
	case errors.As(err, &host):
		return "has a TLS certificate for another host name: check its URL and its certificate: " + brief(err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has a TLS certificate that has expired or is not valid yet: renew it: " + brief(err)
	case errors.As(err, &authority):
		return "has a TLS certificate of an unknown authority: let it send the whole chain of a public one: " + brief(err)
	case errors.As(err, &invalid), errors.As(err, &unproved):
		return "could not prove who it is: check its TLS certificate: " + brief(err)
	}
	return "could not agree with us on TLS: see that it offers TLS 1.2 or later: " + brief(err)
}

func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// brief bounds a text that the other side may have had a hand in.
func brief(err error) string {
	const limit = 300
	text := err.Error()
	if len(text) > limit {
		text = text[:limit] + "..."
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

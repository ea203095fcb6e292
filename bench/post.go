package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
)

const ceilingPost = "signed POST"

// poster posts 500 bytes over kept connections, with as little around it as net/http allows.
type poster struct {
	url       string
	transport *http.Transport
	body      []byte
}

func newPoster(url string) *poster {
	return &poster{
		url: url, transport: &http.Transport{MaxIdleConnsPerHost: poolSize, DisableCompression: true},
		body: bytes.Repeat([]byte("0123456789"), 50),
	}
}

func (p *poster) stop() { p.transport.CloseIdleConnections() }

// bare posts the body as it is.
func (p *poster) bare() error { return p.post(p.body, http.Header{}) }

// signed posts the body with one HMAC of it.
func (p *poster) signed() error {
	mac := hmac.New(sha256.New, []byte("a secret of thirty-two bytes in it"))
	mac.Write(p.body)
	return p.post(p.body, http.Header{"Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))}})
}

// post posts a body; an answer other than 2xx is an error.
func (p *poster) post(body []byte, header http.Header) error {
	request, err := http.NewRequest(http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = header
	answer, err := p.transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("the answer was %s: %s", answer.Status, text)
	}
	return err
}

func signedPosts(ctx context.Context, b *bench) ([]sample, error) {
	r, err := newReceiver(func([]byte) {})
	if err != nil {
		return nil, err
	}
	defer r.stop()
	p, n := newPoster(r.url), b.scale(40_000)
	defer p.stop()
	m := startMeter(nil)
	if err := parallel(ctx, 50, n, func(int) error { return p.signed() }); err != nil {
		return nil, err
	}
	return []sample{m.rate(n)}, nil
}

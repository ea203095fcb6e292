package provider

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	oracle "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The vector of the Standard Webhooks libraries' own tests.
const (
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorBody      = `{"test": 2432232314}`
	vectorSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

var vectorTime = time.Unix(1614265330, 0)

// signed is the vector's request with headers of a family.
func signed(family, signature string) Request {
	header := http.Header{}
	header.Set(family+"-Id", vectorID)
	header.Set(family+"-Timestamp", fmt.Sprint(vectorTime.Unix()))
	header.Set(family+"-Signature", signature)
	return Request{Header: header, Body: []byte(vectorBody), Received: vectorTime}
}

func TestStandardWebhooksVerifies(t *testing.T) {
	t.Parallel()
	request := func(change func(*Request)) Request {
		request := signed("Webhook", vectorSignature)
		change(&request)
		return request
	}
	set := func(name, value string) Request {
		return request(func(r *Request) { r.Header.Set(name, value) })
	}
	at := func(shift time.Duration) Request {
		return request(func(r *Request) { r.Received = vectorTime.Add(shift) })
	}
	bare := strings.TrimPrefix(vectorSecret, "whsec_")
	tests := map[string]struct {
		request Request
		secrets []string
		want    error
	}{
		"the vector":                  {signed("Webhook", vectorSignature), []string{vectorSecret}, nil},
		"Svix's headers":              {signed("Svix", vectorSignature), []string{vectorSecret}, nil},
		"a secret without its prefix": {signed("Webhook", vectorSignature), []string{bare}, nil},
		"the old secret too":          {signed("Webhook", vectorSignature), []string{"whsec_AAAA", vectorSecret}, nil},
		"the second signature":        {set("Webhook-Signature", "v1,AAAA "+vectorSignature), []string{vectorSecret}, nil},
		"an unknown version first":    {set("Webhook-Signature", "v1a,AAAA v9 "+vectorSignature), []string{vectorSecret}, nil},
		"five minutes old":            {at(5 * time.Minute), []string{vectorSecret}, nil},
		"five minutes early":          {at(-5 * time.Minute), []string{vectorSecret}, nil},
		"too old":                     {at(5*time.Minute + time.Second), []string{vectorSecret}, ErrStale},
		"too early":                   {at(-5*time.Minute - time.Second), []string{vectorSecret}, ErrStale},
		"another secret":              {signed("Webhook", vectorSignature), []string{"whsec_AAAA"}, ErrWrongSignature},
		"another version":             {set("Webhook-Signature", "v2"+vectorSignature[2:]), []string{vectorSecret}, ErrWrongSignature},
		"no version":                  {set("Webhook-Signature", vectorSignature[3:]), []string{vectorSecret}, ErrWrongSignature},
		"not base64":                  {set("Webhook-Signature", "v1,!"), []string{vectorSecret}, ErrWrongSignature},
		"an empty signature":          {set("Webhook-Signature", "v1,"), []string{vectorSecret}, ErrWrongSignature},
		"another ID":                  {set("Webhook-Id", "msg_2"), []string{vectorSecret}, ErrWrongSignature},
		"another time":                {set("Webhook-Timestamp", "1614265331"), []string{vectorSecret}, ErrWrongSignature},
		"a time that is none":         {set("Webhook-Timestamp", "now"), []string{vectorSecret}, ErrWrongSignature},
		"another body":                {request(func(r *Request) { r.Body = []byte("{}") }), []string{vectorSecret}, ErrWrongSignature},
		"no ID":                       {set("Webhook-Id", ""), []string{vectorSecret}, ErrMissingSignature},
		"no time":                     {set("Webhook-Timestamp", ""), []string{vectorSecret}, ErrMissingSignature},
		"no signature":                {set("Webhook-Signature", ""), []string{vectorSecret}, ErrMissingSignature},
		"no secret":                   {signed("Webhook", vectorSignature), nil, ErrNoSecret},
		"only secrets that are none":  {signed("Webhook", vectorSignature), []string{"whsec_", "whsec_!", "?"}, ErrNoSecret},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, standardWebhooks{}.Verify(test.request, Config{Secrets: test.secrets}), test.want)
		})
	}
}

func TestStandardWebhooksTakesNoHeadersFromTwoFamilies(t *testing.T) {
	t.Parallel()
	request := signed("Svix", vectorSignature)
	request.Header.Set("Webhook-Id", vectorID)
	wantError(t, standardWebhooks{}.Verify(request, Config{Secrets: []string{vectorSecret}}), ErrMissingSignature)
}

func TestWhatTheStandardLibrarySignsIsAccepted(t *testing.T) {
	t.Parallel()
	for size := 24; size <= 64; size++ {
		secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", size)))
		library, err := oracle.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		request := signed("Webhook", "")
		signature, err := library.Sign(vectorID, vectorTime, request.Body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Webhook-Signature", signature)
		for _, form := range []string{secret, secret[len("whsec_"):], strings.TrimRight(secret, "=")} {
			wantError(t, standardWebhooks{}.Verify(request, Config{Secrets: []string{form}}), nil)
		}
		request.Body = append(request.Body, ' ')
		wantError(t, standardWebhooks{}.Verify(request, Config{Secrets: []string{secret}}), ErrWrongSignature)
	}
}

func TestStandardWebhooksParses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body, wantType string
		want           error
	}{
		"a type":              {`{"type":"user.created","data":{"type":"inner"}}`, "user.created", nil},
		"no type":             {`{"data":{"type":"inner"}}`, "", nil},
		"a type that is none": {`{"type":7}`, "", nil},
		"an array":            {`[{"type":"x"}]`, "", nil},
		"not JSON":            {`type=user.created`, "", ErrBody},
		"no body":             {``, "", ErrBody},
	}
	for name, test := range tests {
		for _, family := range []string{"Webhook", "Svix"} {
			request := signed(family, vectorSignature)
			request.Body = []byte(test.body)
			event, err := standardWebhooks{}.Parse(request)
			if wantError(t, err, test.want); err == nil {
				wantSingle(t, event, vectorID, test.wantType, test.body)
			}
		}
		if _, ok := (standardWebhooks{}).Handshake(Request{Body: []byte(test.body)}); ok {
			t.Errorf("%s: it is a handshake", name)
		}
	}
}

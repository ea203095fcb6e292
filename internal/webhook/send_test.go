package webhook

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/synchook/synchook/internal/netguard"
)

// loopback is a sender that reaches the servers of these tests.
func loopback(t testing.TB, options Options) *Sender {
	t.Helper()
	transport := netguard.New(netguard.Options{Allow: netguard.Loopback()}).Transport()
	t.Cleanup(transport.CloseIdleConnections)
	options.Transport = transport
	return NewSender(options)
}

// serve starts a receiver. What still runs is cut off at the end.
func serve(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

func TestSendPostsTheSignedBytes(t *testing.T) {
	t.Parallel()
	secret := mustMake(t)
	oracle, err := standardwebhooks.NewWebhook(secret.Text())
	if err != nil {
		t.Fatal(err)
	}
	received := make(chan *http.Request, 1)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := oracle.Verify(body, r.Header); err != nil {
			t.Errorf("the library refuses: %v", err)
		}
		if !bytes.Equal(body, issues.Bytes()) {
			t.Errorf("received %s", body)
		}
		received <- r
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "thanks")
	})
	attempt := loopback(t, Options{UserAgent: "synchook/1.2.3"}).Send(t.Context(), Message{
		ID: "dlv_1", URL: url + "/hook?a=b", Body: issues.Bytes(), Secrets: []Secret{secret},
		Header: map[string]string{"x-tenant": "7", "User-Agent": "other", "webhook-id": "other"},
	})
	if attempt.Status != 200 || attempt.Verdict.Outcome != Delivered || attempt.Error != "" {
		t.Fatalf("the attempt is %+v", attempt)
	}
	if string(attempt.Response) != "thanks" || attempt.ResponseHeaders["Content-Type"] != "text/plain" {
		t.Errorf("the attempt is %+v", attempt)
	}
	request := <-received
	want := map[string]string{
		"Content-Type": "application/json", "User-Agent": "synchook/1.2.3", "X-Tenant": "7",
		"Webhook-Id": "dlv_1", "Accept-Encoding": "identity", "Idempotency-Key": "",
	}
	for name, value := range want {
		if got := request.Header.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	if request.Method != http.MethodPost || request.RequestURI != "/hook?a=b" || request.ContentLength != int64(len(issues.Bytes())) {
		t.Errorf("the request is %s %s with %d bytes", request.Method, request.RequestURI, request.ContentLength)
	}
}

func TestSendTakesItsTimesFromTheClock(t *testing.T) {
	t.Parallel()
	timestamps := make(chan string, 1)
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { timestamps <- r.Header.Get(HeaderTimestamp) })
	var readings atomic.Int64
	clock := func() time.Time { return noon.Add(time.Duration(readings.Add(1)) * time.Second) }
	attempt := loopback(t, Options{Now: clock}).Send(t.Context(), Message{URL: url})
	if !attempt.StartedAt.Equal(noon.Add(time.Second)) || attempt.Duration != time.Second {
		t.Errorf("started at %v, took %v", attempt.StartedAt, attempt.Duration)
	}
	if got := <-timestamps; got != fmt.Sprint(noon.Unix()+1) {
		t.Errorf("the timestamp is %s", got)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/" {
					t.Errorf("%s %s was requested", r.Method, r.URL)
				}
				w.Header().Set("Location", "/elsewhere?token=secret")
				w.WriteHeader(status)
			})
			attempt := loopback(t, Options{}).Send(t.Context(), Message{URL: url})
			if attempt.Status != status || attempt.Verdict.Outcome != Retry {
				t.Errorf("the attempt is %+v", attempt)
			}
			if got := attempt.ResponseHeaders["Location"]; got != "/elsewhere" {
				t.Errorf("Location is kept as %q", got)
			}
		})
	}
}

func TestAnswersAreReadAndKeptWithinBounds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		size  int
		kept  int
		reuse bool
	}{
		"empty":             {0, 0, true},
		"small":             {10, 10, true},
		"just kept whole":   {4096, 4096, true},
		"just cut":          {4097, 4096, true},
		"just read whole":   {64<<10 - 1, 4096, true},
		"more than we read": {1 << 20, 4096, false},
	}
	for name, test := range tests {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/chunked=%v", name, chunked), func(t *testing.T) {
				t.Parallel()
				peers := make(chan string, 2)
				url := serve(t, func(w http.ResponseWriter, r *http.Request) {
					peers <- r.RemoteAddr
					if chunked {
						w.(http.Flusher).Flush()
					} else {
						w.Header().Set("Content-Length", fmt.Sprint(test.size))
					}
					_, _ = w.Write(bytes.Repeat([]byte("x"), test.size))
				})
				sender := loopback(t, Options{})
				for range 2 {
					attempt := sender.Send(t.Context(), Message{URL: url})
					if attempt.Verdict.Outcome != Delivered || len(attempt.Response) != test.kept {
						t.Errorf("kept %d bytes, want %d: %v", len(attempt.Response), test.kept, attempt.Verdict)
					}
				}
				first, second := <-peers, <-peers
				if reused := first == second; reused != test.reuse {
					t.Errorf("the connection was used again: %v, want %v", reused, test.reuse)
				}
			})
		}
	}
}

func TestCompressedAnswersAreNeverExpanded(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	writer := gzip.NewWriter(&bomb)
	_, _ = writer.Write(make([]byte, 10<<20))
	_ = writer.Close()
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	attempt := loopback(t, Options{}).Send(t.Context(), Message{URL: url})
	if attempt.Verdict.Outcome != Delivered || !bytes.Equal(attempt.Response, bomb.Bytes()[:4096]) {
		t.Errorf("%v, kept %d bytes that begin %x", attempt.Verdict, len(attempt.Response), attempt.Response[:4])
	}
}

func TestTimeoutCoversTheBody(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(http.ResponseWriter){
		"silence":      func(http.ResponseWriter) {},
		"headers only": func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"half a body": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "half")
			w.(http.Flusher).Flush()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				begin(w)
				<-r.Context().Done()
			})
			attempt := loopback(t, Options{Timeout: 100 * time.Millisecond}).Send(t.Context(), Message{URL: url})
			if attempt.Verdict.Outcome != Retry || !strings.Contains(attempt.Verdict.Reason, "before the timeout") {
				t.Errorf("the attempt is %+v", attempt)
			}
			if attempt.Error == "" {
				t.Error("the attempt has no error")
			}
		})
	}
}

func TestInterruptionIsNotHeldAgainstTheEndpoint(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	attempt := loopback(t, Options{}).Send(ctx, Message{URL: url, Body: []byte("{}")})
	if attempt.Verdict.Outcome != Interrupted {
		t.Errorf("the attempt is %+v", attempt)
	}
}

// rawServer answers each connection's first bytes with a text and closes it.
func rawServer(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

func TestBrokenAnswersAreRetried(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	tests := map[string]struct{ url, reason string }{
		"refused":        {"http://" + closed.Addr().String(), "refused the connection"},
		"closed at once": {"http://" + rawServer(t, ""), "closed the connection without an answer"},
		"body cut":       {"http://" + rawServer(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), "answered 200, but then cut its answer short"},
		"not HTTP":       {"http://" + rawServer(t, "SSH-2.0-OpenSSH\r\n"), "answered something that is not HTTP"},
		"odd status":     {"http://" + rawServer(t, "HTTP/1.1 abc\r\n\r\n"), "answered something that is not HTTP"},
		"odd header":     {"http://" + rawServer(t, "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), "answered something that is not HTTP"},
		"large headers":  {"http://" + rawServer(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 70<<10)+"\r\n\r\n"), "answered with more than 64 KiB of headers"},
		"not TLS":        {"https://" + rawServer(t, "SSH-2.0-OpenSSH\r\n"), "speaks no TLS where its URL says https"},
		"no TLS":         {"https://" + rawServer(t, "HTTP/1.0 400 Bad Request\r\n\r\n"), "speaks HTTP where its URL says https"},
		"wrong protocol": {"ftp://app.example/", "could not be called"},
		"no host":        {"https:///hook", "has a URL that cannot be used"},
		"no such host":   {"http://nowhere.invalid/", "has a host name that"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attempt := loopback(t, Options{}).Send(t.Context(), Message{URL: test.url, Body: []byte("{}")})
			if attempt.Verdict.Outcome != Retry || !strings.HasPrefix(attempt.Verdict.Reason, test.reason) || attempt.Error == "" {
				t.Errorf("got %+v, want retry %q", attempt, test.reason)
			}
		})
	}
}

func TestUntrustedCertificateIsRetriedWithAReason(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = discardLog
	server.StartTLS()
	t.Cleanup(server.Close)
	attempt := loopback(t, Options{}).Send(t.Context(), Message{URL: server.URL})
	if attempt.Verdict.Outcome != Retry || !strings.HasPrefix(attempt.Verdict.Reason, "has a TLS certificate of an unknown authority") {
		t.Errorf("the attempt is %+v", attempt)
	}
}

func TestPrivateAddressesAreRefusedByDefault(t *testing.T) {
	t.Parallel()
	url := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the webhook arrived") })
	attempt := NewSender(Options{}).Send(t.Context(), Message{URL: url})
	if attempt.Verdict.Outcome != Retry || !strings.Contains(attempt.Verdict.Reason, "a loopback address") {
		t.Errorf("the attempt is %+v", attempt)
	}
}

func TestUserInfoIsSentAndNeverShown(t *testing.T) {
	t.Parallel()
	received := make(chan string, 1)
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		received <- user + " " + password
	})
	sender := loopback(t, Options{})
	sender.Send(t.Context(), Message{URL: strings.Replace(url, "://", "://me:hunter2@", 1)})
	if got := <-received; got != "me hunter2" {
		t.Errorf("the receiver got %q", got)
	}
	for _, url := range []string{
		"http://me:hunter2@127.0.0.1:1/?hunter2",
		"http://me:hunter2@127.0.0.1:x/?hunter2",
		"http://me:hunter2@nowhere.invalid/?hunter2",
		"http://me:hunter2@10.0.0.1/?hunter2",
		"https://me:hunter2@" + rawServer(t, "nonsense") + "/?hunter2",
		"http://me:hunter2@" + rawServer(t, "nonsense") + "/?hunter2",
		"gopher://me:hunter2@app.example/?hunter2",
		"http://me:hunter2\x7f@app.example/?hunter2",
	} {
		attempt := sender.Send(t.Context(), Message{URL: url})
		if attempt.Error == "" || strings.Contains(fmt.Sprintf("%+v", attempt), "hunter2") {
			t.Errorf("%s: the attempt is %+v", url, attempt)
		}
	}
}

// A kept connection that the receiver closes just as it is used again costs no attempt.
func TestStaleConnectionIsReplacedWithinTheAttempt(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 2 {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.Close()
		}
	})
	sender := loopback(t, Options{})
	for range 2 {
		attempt := sender.Send(t.Context(), Message{ID: "dlv_1", URL: url, Body: []byte("{}")})
		if attempt.Verdict.Outcome != Delivered {
			t.Errorf("the attempt is %+v", attempt)
		}
	}
	if got := requests.Load(); got != 3 {
		t.Errorf("the receiver saw %d requests, want 3", got)
	}
}

func TestSameMessageIsSentTheSameEveryTime(t *testing.T) {
	t.Parallel()
	type arrival struct{ id, body string }
	arrivals := make(chan arrival, 4)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrivals <- arrival{r.Header.Get(HeaderID), string(body)}
		w.WriteHeader(http.StatusInternalServerError)
	})
	sender := loopback(t, Options{})
	message := Message{ID: "dlv_1", URL: url, Body: issues.Bytes(), Secrets: []Secret{mustMake(t)}}
	for range cap(arrivals) {
		if attempt := sender.Send(t.Context(), message); attempt.Verdict.Outcome != Retry {
			t.Errorf("the attempt is %+v", attempt)
		}
	}
	for range cap(arrivals) {
		if got := <-arrivals; got != (arrival{"dlv_1", issuesBytes}) {
			t.Errorf("received %+v", got)
		}
	}
}

func TestBriefBoundsWhatOthersWrote(t *testing.T) {
	t.Parallel()
	if got := brief(errors.New(strings.Repeat("é", 1000))); len(got) > 310 || !strings.HasSuffix(got, "é...") {
		t.Errorf("got %d bytes: %s", len(got), got)
	}
}

func TestWhatTheEndpointSendsBackIsKeptWithoutTheSecretsOfTheMessage(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		w.Header().Set("X-Request-Id", "for "+r.Header.Get("X-App-Key"))
		w.Header().Set("Server", "keeps "+r.URL.Query().Get("token"))
		_, _ = io.WriteString(w, strings.Join([]string{user, password, r.Header.Get("X-App-Key"), r.URL.Query().Get("token"), "and a reason"}, " "))
	})
	attempt := loopback(t, Options{}).Send(t.Context(), Message{
		ID: "dlv_1", URL: strings.Replace(url, "://", "://somebody:a-password@", 1) + "/?token=in-the-query", Body: issues.Bytes(),
		Header: map[string]string{"X-App-Key": "of-a-header"},
	})
	if got, want := string(attempt.Response), "somebody [redacted] [redacted] [redacted] and a reason"; got != want {
		t.Errorf("the answer is kept as %q, want %q", got, want)
	}
	if h := attempt.ResponseHeaders; h["X-Request-Id"] != "for [redacted]" || h["Server"] != "keeps [redacted]" {
		t.Errorf("its headers are kept as %q", h)
	}
}

package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// answer is an error as Redis sends one.
type answer string

func (a answer) Error() string { return string(a) }
func (answer) RedisError()     {}

func dialed(err error) error {
	return fmt.Errorf("failed to dial after 5 attempts: %w", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)})
}

func TestAnOutageIsToldFromAFaultOfOurs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want string // the message; empty: it is a fault of ours
	}{
		{dialed(syscall.ECONNREFUSED), "Redis is down: nobody listens at its address"},
		{dialed(syscall.ENOENT), "Redis is down: nobody listens at its address"},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, "Redis does not answer in time"},
		{context.DeadlineExceeded, "Redis does not answer in time"},
		{redis.ErrPoolTimeout, "Redis does not answer in time"},
		{io.EOF, "the connection to Redis broke"},
		{&net.OpError{Op: "write", Err: syscall.EPIPE}, "the connection to Redis broke"},
		{&net.DNSError{Err: "no such host", IsNotFound: true}, "the connection to Redis broke"},
		{redis.ErrClosed, "the connection to Redis broke"},
		{errors.New("redis: cluster has no nodes"), "the connection to Redis broke"},
		{errors.New("redis: all sentinels specified in configuration are unreachable: EOF"), "no Sentinel knows where the primary Redis is"},
		{answer("LOADING Redis is loading the dataset in memory"), "Redis is loading its data"},
		{answer("OOM command not allowed when used memory > 'maxmemory'. script: 1, on @user_script:1."), "Redis is out of memory"},
		{answer("ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed"), "Redis is out of memory"},
		{answer("READONLY You can't write against a read only replica."), "Redis is a read-only replica"},
		{answer("MISCONF Errors writing to the AOF file: No space left on device"), "Redis cannot write to its disk"},
		{answer("CLUSTERDOWN The cluster is down"), "the Redis Cluster is down"},
		{answer("MASTERDOWN Link with MASTER is down"), "Redis is a replica that has lost its primary"},
		{answer("NOREPLICAS Not enough good replicas to write."), "Redis has fewer replicas than min-replicas-to-write wants"},
		{answer("TRYAGAIN Multiple keys request during rehashing of slot"), "Redis is moving the data to another node"},
		{answer("MOVED 3999 127.0.0.1:6381"), "the nodes of Redis do not agree on who has the data"},
		{answer("ASK 3999 127.0.0.1:6381"), "Redis is moving the data to another node"},
		{answer("BUSY Redis is busy running a script."), "Redis is busy with a script"},
		{answer("EXECABORT Transaction discarded because of previous errors."), "Redis refused a transaction"},
		{answer("NOAUTH Authentication required."), "Redis wants a password"},
		{answer("WRONGPASS invalid username-password pair"), "Redis refuses the user or the password"},
		{answer("NOPERM this user has no permissions"), "Redis does not let this user do what is needed"},
		{answer("ERR max number of clients reached"), "Redis takes no more clients"},
		{answer("WRONGTYPE Operation against a key holding the wrong kind of value"), ""},
		{answer("ERR user_script:5: attempt to compare nil with number script: 1, on @user_script:5."), ""},
		{answer("ERR unknown command 'HSETX'"), ""},
		{redis.ErrCrossSlot, ""},
		{redis.Nil, ""},
		{redis.TxFailedErr, ""},
		{errors.New("redis: unexpected type=int64 for Slice"), ""},
	} {
		if got := outageOf(tt.err); got.message != tt.want {
			t.Errorf("%v: %q, want %q", tt.err, got.message, tt.want)
		}
	}
}

func TestEveryOutageSaysWhatToDo(t *testing.T) {
	t.Parallel()
	all := []outage{frozen, down, broken, sentinels}
	for _, a := range answers {
		all = append(all, a.outage)
	}
	for _, o := range all {
		if o.reason == "" || o.message == "" || o.help == "" {
			t.Errorf("%+v is incomplete", o)
		}
	}
}

func TestAFaultOfOursIsNotCalledUnavailable(t *testing.T) {
	t.Parallel()
	err := failed("storing the event", answer("WRONGTYPE Operation against a key"))
	var fault *synchook.Fault
	if errors.As(err, &fault) || err.Error() != "storing the event: WRONGTYPE Operation against a key" {
		t.Errorf("a fault of ours: %v", err)
	}
	for _, cause := range []error{io.EOF, answer("OOM command not allowed")} {
		if err := failed("storing the event", cause); !synchook.IsKind(err, synchook.KindUnavailable) || !errors.Is(err, cause) {
			t.Errorf("an outage: %v", err)
		}
	}
	if failed("storing the event", nil) != nil || !errors.Is(failed("x", context.Canceled), context.Canceled) {
		t.Error("success and the caller's own end are not left as they are")
	}
}
